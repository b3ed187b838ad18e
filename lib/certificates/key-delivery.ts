import { ArnFormat, Stack, Token, type RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { invalid } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

/** Without `aws` and `ssm` at the beginning. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html */
const PARAMETER_NAME: TextRule = {
  pattern: /^(?!\/?(?:aws|ssm))(?:[\w.-]+|(?:\/[\w.-]+){1,14})$/i,
  characters: "letters, digits and _.-, in up to 14 levels that begin with '/', and not begin with 'aws' or 'ssm'",
  // A suffix is added while a key is held.
  maxLength: 900,
};

/** Options for a key that is delivered to AWS Secrets Manager: a secret, or what it is made with. */
export interface SecretDeliveryOptions {
  /**
   * The key that encrypts the secret.
   *
   * Who reads the secret needs permission to decrypt with it, so that the key policy is a second lock.
   *
   * @default - the key of AWS Secrets Manager in this account
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * A secret to put the key into, in place of what is in it.
   *
   * @default - a secret of its own, with the removal policy of the certificate
   */
  readonly secret?: secretsmanager.ISecret;
}

/** Options for a key that is delivered to AWS Systems Manager. */
export interface SecureStringDeliveryOptions {
  /**
   * The name of the parameter, which must not exist yet. Another name makes another key and certificate.
   *
   * A second parameter beside it, whose name begins with this one, holds the key for the case that a deployment is rolled
   * back.
   */
  readonly parameterName: string;

  /** The key that encrypts the parameter. */
  readonly encryptionKey: kms.IKey;
}

/** Where the handler that makes a key delivers it, and what that takes. */
export interface DeliveryTarget {
  /** For the handler. */
  readonly destination: { readonly [name: string]: string };
  /** What the handler may do. `isCrowded` says that the policies of its role have no room for many names. */
  readonly permissions: (isCrowded: boolean) => iam.PolicyStatement[];
  readonly secret?: secretsmanager.ISecret;
}

/**
 * Where a private key that AWS makes is delivered to.
 *
 * Whoever may read the destination can pass for the device. It holds JSON with `privateKey` and `certificatePem`, both as
 * PEM, and `certificateId`.
 */
export abstract class KeyDelivery {
  /** To a secret of AWS Secrets Manager. */
  public static toSecret(options: SecretDeliveryOptions = {}): KeyDelivery {
    return new ToSecret(options);
  }

  /** To a parameter of AWS Systems Manager, encrypted: a SecureString, which CloudFormation cannot create. */
  public static toSecureString(options: SecureStringDeliveryOptions): KeyDelivery {
    return new ToSecureString(options);
  }

  /**
   * What the handler is told, for the certificate that is the scope.
   *
   * @internal
   */
  public abstract _bind(scope: Construct, removalPolicy: RemovalPolicy): DeliveryTarget;
}

class ToSecret extends KeyDelivery {
  constructor(private readonly options: SecretDeliveryOptions) {
    super();
  }

  public _bind(scope: Construct, removalPolicy: RemovalPolicy): DeliveryTarget {
    const { secret: given, encryptionKey } = this.options;
    if (given && encryptionKey) {
      throw invalid(scope, "'encryptionKey' cannot be chosen for a 'secret' that exists; choose it where the secret is defined");
    }
    if (given) {
      requireUnused(scope, 'secret', given.secretArn);
    }
    const secret = given ?? define(scope, removalPolicy, encryptionKey);
    const key = given ? given.encryptionKey : encryptionKey;
    return {
      destination: { kind: 'secret', secretId: secret.secretArn },
      secret,
      permissions: (isCrowded) => [
        new iam.PolicyStatement({
          actions: ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map((action) => `secretsmanager:${action}`),
          ...isCrowded && !given ? allOwnSecrets(scope) : { resources: [fullArn(secret)] },
        }),
        ...key ? [useOf(scope, key, 'secretsmanager', ['kms:Decrypt', 'kms:GenerateDataKey'])] : [],
      ],
    };
  }
}

/** The ARN of an imported secret may lack the characters that AWS adds to its name. */
function fullArn(secret: secretsmanager.ISecret): string {
  return secret.secretFullArn ?? `${secret.secretArn}-??????`;
}

/** Marks the secrets that `define` makes, with the name of their stack. */
const STACK_TAG = 'cdk-iot-warden:stack';

function allOwnSecrets(scope: Construct): Pick<iam.PolicyStatementProps, 'resources' | 'conditions'> {
  const stack = Stack.of(scope);
  return {
    resources: [stack.formatArn({ service: 'secretsmanager', resource: 'secret', resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME })],
    conditions: { StringEquals: { [`aws:ResourceTag/${STACK_TAG}`]: stack.stackName } },
  };
}

/** An empty secret: the handler puts in the first value, where `Secret` of the CDK would make up one. */
function define(scope: Construct, removalPolicy: RemovalPolicy, encryptionKey: kms.IKey | undefined): secretsmanager.ISecret {
  const resource = new secretsmanager.CfnSecret(scope, 'Secret', {
    description: `The private key of the device certificate ${scope.node.path}`,
    ...encryptionKey && { kmsKeyId: encryptionKey.keyArn },
    tags: [{ key: STACK_TAG, value: Stack.of(scope).stackName }],
  });
  resource.applyRemovalPolicy(removalPolicy);
  resource.addMetadata('cdk_nag', {
    rules_to_suppress: [{ id: 'AwsSolutions-SMG4', reason: "The key is rotated with its certificate, by another 'generation': a device must fetch both." }],
  });
  return secretsmanager.Secret.fromSecretAttributes(scope, 'KeySecret', { secretCompleteArn: resource.ref, ...encryptionKey && { encryptionKey } });
}

class ToSecureString extends KeyDelivery {
  constructor(private readonly options: SecureStringDeliveryOptions) {
    super();
  }

  public _bind(scope: Construct): DeliveryTarget {
    const { parameterName, encryptionKey } = this.options;
    requireText(scope, 'parameterName', parameterName, PARAMETER_NAME);
    requireUnused(scope, 'parameterName', parameterName);
    const arn = parameterArn(scope, parameterName);
    return {
      destination: { kind: 'secure-string', parameterName, keyId: encryptionKey.keyArn },
      permissions: (isCrowded) => [
        new iam.PolicyStatement({
          actions: ['ssm:DeleteParameter', 'ssm:GetParameter', 'ssm:PutParameter'],
          resources: isCrowded ? [folderOf(scope, parameterName) ?? `${arn}*`] : [arn, `${arn}.*`],
        }),
        useOf(scope, encryptionKey, 'ssm', ['kms:Decrypt', 'kms:Encrypt']),
      ],
    };
  }
}

/** The destinations of each stack, and the certificate that each is for. */
const DESTINATIONS = new WeakMap<Stack, Map<string, string>>();

/** Fails where the key of another certificate goes to the same place, and would be replaced. */
function requireUnused(scope: Construct, prop: string, destination: string): void {
  const stack = Stack.of(scope);
  const destinations = DESTINATIONS.get(stack) ?? new Map<string, string>();
  DESTINATIONS.set(stack, destinations);
  const other = destinations.get(destination);
  if (other !== undefined && other !== scope.node.path) {
    throw invalid(scope, `'${prop}' is also used for ${other}; choose another for each certificate`);
  }
  destinations.set(destination, scope.node.path);
}

/** The use of a key through one service, in its own Region. */
function useOf(scope: Construct, key: kms.IKey, service: string, actions: string[]): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions,
    resources: [key.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(scope).region}.amazonaws.com` } },
  });
}

function parameterArn(scope: Construct, parameterName: string): string {
  const resourceName = Token.isUnresolved(parameterName) ? parameterName : parameterName.replace(/^\//, '');
  return Stack.of(scope).formatArn({ service: 'ssm', resource: 'parameter', resourceName });
}

/** All parameters on the same level, where the name has several. */
function folderOf(scope: Construct, parameterName: string): string | undefined {
  const [, folder] = Token.isUnresolved(parameterName) ? [] : /^(\/.+)\/[^/]+$/.exec(parameterName) ?? [];
  return folder === undefined ? undefined : parameterArn(scope, `${folder}/*`);
}

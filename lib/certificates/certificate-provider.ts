import { Duration, Names, RemovalPolicy, Resource, Stack, Token, type IResource } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { CertificateAuthority } from './certificate-authority';
import { renderCsrPolicy, type CsrPolicy } from './csr-policy';
import type { SigningKey } from './signing-key';
import { requireValidity } from './validity';
import { iotArn, nameFromArn } from '../private/arns';
import { invalid } from '../private/errors';
import { handlerCode } from '../private/handler-code';
import { requireOnlyOne } from '../private/only-one';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateCertificateProvider.html */
const PROVIDER_NAME: TextRule = { pattern: /^[\w=,@-]+$/, characters: 'letters, digits and _=,@-', maxLength: 128 };

/** All that AWS IoT waits for. https://docs.aws.amazon.com/iot/latest/developerguide/provisioning-cert-provider.html */
const TIMEOUT = Duration.seconds(5);

/** Of the 4 KB of an environment, without the other settings. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_SETTINGS_BYTES = 3800;

/** For what is only known later: a CA of RSA 4096, and the id of a certificate. */
const CA_CHARS = 2000;
const ID_CHARS = 64;

/** Represents a certificate provider, owned by this app or not. */
export interface ICertificateProvider extends IResource, iot.ICertificateProviderRef {
  /**
   * The name of this certificate provider.
   *
   * @attribute
   */
  readonly certificateProviderName: string;

  /**
   * The ARN of this certificate provider.
   *
   * @attribute
   */
  readonly certificateProviderArn: string;
}

/** Properties for defining a certificate provider. */
export interface CertificateProviderProps {
  /** The CA that signs. Its key must be in AWS KMS: AWS IoT does not wait for another one. */
  readonly certificateAuthority: CertificateAuthority;

  /** Which requests are answered with a certificate. */
  readonly csrPolicy: CsrPolicy;

  /**
   * How long the certificates are valid, though never longer than that of the CA. A device has to get another one before
   * that, or it is locked out.
   */
  readonly validity: Duration;

  /**
   * The name of the provider: 1 to 128 letters, digits and `_=,@-`. Another name replaces it.
   *
   * @default - a name that follows from the path of the construct
   */
  readonly certificateProviderName?: string;
}

abstract class CertificateProviderBase extends Resource implements ICertificateProvider {
  public abstract readonly certificateProviderName: string;
  public abstract readonly certificateProviderArn: string;

  public get certificateProviderRef(): iot.CertificateProviderReference {
    return { certificateProviderName: this.certificateProviderName, certificateProviderArn: this.certificateProviderArn };
  }
}

/**
 * Lets an own CA sign what devices ask for with `CreateCertificateFromCsr`, in place of Amazon's.
 *
 * An account has one in each Region, and it is for all that is asked there: every fleet that provisions itself with a
 * signing request gets certificates of this CA, and those that the policy does not allow get none. It takes minutes until
 * AWS IoT uses it.
 *
 * @resource AWS::IoT::CertificateProvider
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/provisioning-cert-provider.html
 */
export class CertificateProvider extends CertificateProviderBase {
  /** Refers to a certificate provider that exists outside this app, in the account and Region of the stack. */
  public static fromCertificateProviderName(scope: Construct, id: string, certificateProviderName: string): ICertificateProvider {
    requireText(scope, 'certificateProviderName', certificateProviderName, PROVIDER_NAME);
    class Import extends CertificateProviderBase {
      public readonly certificateProviderName = certificateProviderName;
      public readonly certificateProviderArn = iotArn(this, 'certificateprovider', certificateProviderName);
    }
    return new Import(scope, id);
  }

  /** Refers to a certificate provider that exists outside this app, in the account and Region that the ARN names. */
  public static fromCertificateProviderArn(scope: Construct, id: string, certificateProviderArn: string): ICertificateProvider {
    const certificateProviderName = nameFromArn(scope, 'certificateProviderArn', certificateProviderArn, 'certificateprovider');
    class Import extends CertificateProviderBase {
      public readonly certificateProviderName = certificateProviderName;
      public readonly certificateProviderArn = certificateProviderArn;
    }
    return new Import(scope, id, { environmentFromArn: certificateProviderArn });
  }

  public readonly certificateProviderName: string;
  public readonly certificateProviderArn: string;

  constructor(scope: Construct, id: string, props: CertificateProviderProps) {
    super(scope, id);

    requireOnlyOne(this, (other) => other instanceof CertificateProvider);
    requireText(this, 'certificateProviderName', props.certificateProviderName, PROVIDER_NAME);
    const { certificatePem, signingKey } = props.certificateAuthority;
    if (signingKey?._kind !== 'kms') {
      throw invalid(this, "'certificateAuthority' must have its 'signingKey' in AWS KMS, which signs within the 5 seconds that AWS IoT waits");
    }
    const policy = renderCsrPolicy(this, props.csrPolicy);
    requireValidity(this, 'validity', props.validity);
    this.requireSpace(certificatePem, policy);

    const name = props.certificateProviderName ?? Names.uniqueResourceName(this, { maxLength: PROVIDER_NAME.maxLength, separator: '-', allowedSpecialCharacters: '_-' });
    const signer = this.defineFunction(signingKey, {
      CA_CERTIFICATE: certificatePem,
      KEY_ID: signingKey._id,
      VALIDITY_SECONDS: String(props.validity.toSeconds()),
      CSR_POLICY: Stack.of(this).toJsonString(policy),
    });
    const permission = new lambda.CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: signer.functionArn,
      principal: 'iot.amazonaws.com',
      sourceAccount: Stack.of(this).account,
      // From the name: the provider itself needs the function, and the function this permission.
      sourceArn: iotArn(this, 'certificateprovider', name),
    });
    const resource = new iot.CfnCertificateProvider(this, 'Resource', {
      certificateProviderName: name,
      lambdaFunctionArn: signer.functionArn,
      accountDefaultForOperations: ['CreateCertificateFromCsr'],
    });
    resource.node.addDependency(permission);
    this.certificateProviderName = this.getResourceNameAttribute(resource.ref);
    this.certificateProviderArn = this.getResourceArnAttribute(resource.attrArn, { service: 'iot', resource: 'certificateprovider', resourceName: this.physicalName });
  }

  private defineFunction(signingKey: SigningKey, environment: { [name: string]: string }): lambda.Function {
    const logGroup = new logs.LogGroup(this, 'Logs', { retention: logs.RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.DESTROY });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    signingKey._permit(role);
    signingKey._statements().forEach((statement) => role.addToPolicy(statement));
    return new lambda.Function(this, 'Function', {
      description: 'Signs what devices ask AWS IoT for (cdk-iot-warden)',
      code: handlerCode(this, 'sign-device-request'),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      // More memory is more of a processor, for a start that is fast enough.
      memorySize: 512,
      timeout: TIMEOUT,
      environment,
      role,
      logGroup,
    });
  }

  private requireSpace(certificatePem: string, policy: object): void {
    const certificate = Token.isUnresolved(certificatePem) ? CA_CHARS : certificatePem.length;
    const json = JSON.stringify(policy, (_, value: unknown) => (Token.isUnresolved(value) ? ' '.repeat(ID_CHARS) : value));
    const size = certificate + Buffer.byteLength(json);
    if (size > MAX_SETTINGS_BYTES) {
      throw invalid(this, `'csrPolicy' and the certificate of the CA must take at most ${MAX_SETTINGS_BYTES} bytes, got ${size}; allow fewer patterns and claims`);
    }
  }
}

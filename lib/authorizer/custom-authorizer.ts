import { Names, PhysicalName, Stack } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { AuthorizerBase, type IAuthorizer } from './authorizer-base';
import type { TokenSigning } from './token-signing';
import { iotArn, nameFromArn } from '../private/arns';
import { requireSameEnvironment } from '../private/same-environment';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateAuthorizer.html */
const AUTHORIZER_NAME: TextRule = { pattern: /^[\w=,@-]+$/, characters: 'letters, digits and _=,@-', maxLength: 128 };

/** At the end of the generated name of an authorizer whose signing is off. */
const UNSIGNED = '-unsigned';

/** Whether clients can use an authorizer. */
export enum AuthorizerStatus {
  /** They can. */
  ACTIVE = 'ACTIVE',
  /** They cannot; those that are connected stay so until the authorizer is asked again. */
  INACTIVE = 'INACTIVE',
}

/** Options that all authorizers have. */
export interface AuthorizerOptions {
  /** Whether AWS IoT checks the signature of a token first. Another choice replaces the authorizer. */
  readonly tokenSigning: TokenSigning;

  /**
   * The name of the authorizer: 1 to 128 letters, digits and `_=,@-`.
   *
   * Clients pass it when they connect, unless the authorizer is the default. Another name replaces the authorizer; with
   * the name given, so does another kind of signing, which CloudFormation then refuses.
   *
   * @default - a name made of the construct's path, which is another with and without signing
   */
  readonly authorizerName?: string;

  /**
   * Whether clients can use it.
   *
   * @default AuthorizerStatus.ACTIVE
   */
  readonly status?: AuthorizerStatus;

  /**
   * Whether AWS IoT remembers the answer for all requests over one HTTPS connection, for as long as the answer says.
   *
   * @default false - each request over HTTPS runs the function
   */
  readonly enableCachingForHttp?: boolean;
}

/** Properties for defining a custom authorizer. */
export interface CustomAuthorizerProps extends AuthorizerOptions {
  /** The function that decides, in the same account and Region. AWS IoT waits 5 seconds for it. */
  readonly handler: lambda.IFunction;
}

/**
 * Defines a custom authorizer: a Lambda function that decides who may connect, and what they may do then.
 *
 * `cdk-iot-warden/authorizer` helps with writing the function. An account has at most 100 authorizers in a Region, 32 of
 * them active. One that is the default of the account or of a domain cannot be deleted; `DefaultAuthorizer`, and a domain
 * of the same app, is deleted before it.
 *
 * @resource AWS::IoT::Authorizer
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-authentication.html
 */
export class CustomAuthorizer extends AuthorizerBase {
  /** Refers to an authorizer that exists outside this app, in the account and Region of the stack. */
  public static fromAuthorizerName(scope: Construct, id: string, authorizerName: string): IAuthorizer {
    requireText(scope, 'authorizerName', authorizerName, AUTHORIZER_NAME);
    class Import extends AuthorizerBase {
      public readonly authorizerName = authorizerName;
      public readonly authorizerArn = iotArn(this, 'authorizer', authorizerName);
    }
    return new Import(scope, id);
  }

  /** Refers to an authorizer that exists outside this app, in the account and Region that the ARN names. */
  public static fromAuthorizerArn(scope: Construct, id: string, authorizerArn: string): IAuthorizer {
    const authorizerName = nameFromArn(scope, 'authorizerArn', authorizerArn, 'authorizer');
    class Import extends AuthorizerBase {
      public readonly authorizerName = authorizerName;
      public readonly authorizerArn = authorizerArn;
    }
    return new Import(scope, id, { environmentFromArn: authorizerArn });
  }

  public readonly authorizerName: string;
  public readonly authorizerArn: string;

  private readonly isSigned: boolean;

  constructor(scope: Construct, id: string, props: CustomAuthorizerProps) {
    super(scope, id, { physicalName: props.authorizerName ?? PhysicalName.GENERATE_IF_NEEDED });

    const { _publicKeys: publicKeys, _tokenKeyName: tokenKeyName } = props.tokenSigning;
    this.isSigned = publicKeys !== undefined;
    requireText(this, 'authorizerName', props.authorizerName, AUTHORIZER_NAME);
    props.tokenSigning._validate(this);
    requireSameEnvironment(this, 'handler', props.handler);

    // Known before deployment: the permission names the authorizer, and the authorizer must not be there without it.
    const given = props.authorizerName === PhysicalName.GENERATE_IF_NEEDED ? undefined : props.authorizerName;
    const name = given ?? this.generatePhysicalName();
    const permission = new lambda.CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: props.handler.functionArn,
      principal: 'iot.amazonaws.com',
      // Otherwise an authorizer of another account could run the function.
      sourceAccount: Stack.of(this).account,
      sourceArn: iotArn(this, 'authorizer', name),
    });
    const resource = new iot.CfnAuthorizer(this, 'Resource', {
      authorizerName: name,
      authorizerFunctionArn: props.handler.functionArn,
      status: props.status ?? AuthorizerStatus.ACTIVE,
      signingDisabled: !this.isSigned,
      tokenKeyName,
      tokenSigningPublicKeys: publicKeys,
      enableCachingForHttp: props.enableCachingForHttp ?? false,
    });
    // Deleted in the other order, so that nothing is left that AWS IoT may not run.
    resource.node.addDependency(permission);

    this.authorizerName = this.getResourceNameAttribute(resource.ref);
    this.authorizerArn = this.getResourceArnAttribute(resource.attrArn, { service: 'iot', resource: 'authorizer', resourceName: this.physicalName });
  }

  /** Makes the name of an authorizer that is given none. One that replaces another must not have the same. */
  protected override generatePhysicalName(): string {
    const name = Names.uniqueResourceName(this, { maxLength: AUTHORIZER_NAME.maxLength - UNSIGNED.length, separator: '-', allowedSpecialCharacters: '_-' });
    return this.isSigned ? name : `${name}${UNSIGNED}`;
  }
}

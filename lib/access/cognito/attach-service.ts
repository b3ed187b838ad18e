import { Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { AttachmentRecords } from './attachment-records';
import type { CognitoAccess } from './cognito-access';
import { IDENTITIES_HAVE_NO_ARN, attachmentStatements } from './identity-policies';
import { IdentitySweep, type SweepOptions } from './identity-sweep';
import { NO_RESOURCE } from '../../private/custom-resource';
import { invalid } from '../../private/errors';
import { PackageFunction } from '../../private/package-function';
import { requireSameEnvironment } from '../../private/same-environment';

/** AWS IoT attaches 15 policies in a second, in an account and Region. */
const DEFAULT_RATE = 10;
const DEFAULT_BURST = 20;

/** API Gateway waits for 30 seconds; an app should not wait as long. */
const TIMEOUT = Duration.seconds(15);

const PATH = '/attachment';
const METHODS = [apigateway.HttpMethod.POST, apigateway.HttpMethod.DELETE];

/** What is written down of each call. @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html */
const LOGGED = ['requestId', 'requestTime', 'identity.sourceIp', 'identity.cognitoIdentityId', 'routeKey', 'status', 'integrationErrorMessage'];

/** What a browser sends with a signed request. */
const SIGNED_HEADERS = ['authorization', 'content-type', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'];

/** Properties for attaching IoT policies to the identities of users. */
export interface AttachServiceProps extends SweepOptions {
  /** Whose users; in the same account and Region. */
  readonly access: CognitoAccess;

  /**
   * The origins of web apps that may call from a browser, such as `https://app.example.com`.
   *
   * @default - none: only apps that are no web pages
   */
  readonly allowedOrigins?: string[];

  /**
   * How many calls in a second are answered, of all users together; the others get status 429.
   *
   * @default 10
   */
  readonly rateLimit?: number;

  /**
   * How many calls are answered at once: a whole number.
   *
   * @default 20
   */
  readonly burstLimit?: number;

  /**
   * How many calls run at once; as many are kept from the other functions of the account.
   *
   * @default - as many as the account has left
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * The key that encrypts the records of who has which identity.
   *
   * @default - a key of DynamoDB's that AWS manages
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What becomes of the records when they leave the stack.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Attaches the IoT policies of a `CognitoAccess` to the identities of its users, which cannot be done before they have
 * signed in for the first time, and must not be done by them.
 *
 * An app calls `POST /attachment` with the credentials of its user before it connects, and `DELETE /attachment` to take
 * the policies off. Whose identity it is says the signature of the request, and nothing else in it counts: a caller
 * chooses neither identity nor policy. Calling again does no harm.
 *
 * Once a day, policies are taken off identities whose users are gone or disabled, or that are gone themselves.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/cog-iot-policies.html
 */
export class AttachService extends Construct {
  /** Where apps call, without a path. */
  public readonly url: string;

  private readonly sweep: IdentitySweep;

  constructor(scope: Construct, id: string, props: AttachServiceProps) {
    super(scope, id);

    this.requireOrigins(props.allowedOrigins ?? []);
    this.requireLimits(props);
    const { access } = props;
    requireSameEnvironment(this, 'access', access);
    const records = new AttachmentRecords(this, 'Records', props);
    const attaching = new PackageFunction(this, 'Attaching', {
      handler: 'attach-identity-policy',
      description: 'Attaches policies of AWS IoT to identities of Amazon Cognito',
      timeout: TIMEOUT,
      wildcards: `${IDENTITIES_HAVE_NO_ARN}. Amazon Cognito knows no resource for describing identities`,
      ...props.reservedConcurrentExecutions !== undefined && { reservedConcurrentExecutions: props.reservedConcurrentExecutions },
      environment: {
        IDENTITY_POOL_ID: () => access.identityPoolId,
        POLICY_NAMES: () => access._policies.names(),
        TABLE_NAME: () => records.tableName,
      },
    });
    records.grant(attaching.role, 'dynamodb:PutItem', 'dynamodb:DeleteItem');
    attachmentStatements(this, ['iot:AttachPolicy', 'iot:DetachPolicy']).forEach((statement) => attaching.role.addToPolicy(statement));
    attaching.role.addToPolicy(new iam.PolicyStatement({ actions: ['cognito-identity:DescribeIdentity'], resources: [NO_RESOURCE] }));
    this.sweep = new IdentitySweep(this, 'Sweep', { ...props, records });
    // What attaches goes first when the stack does, then everything is detached, and then the policies go.
    [attaching, this.sweep].forEach((part) => part.node.addDependency(access._policies));
    this.url = this.defineApi(attaching.function, props).apiEndpoint;
  }

  /** Lets an administrator take the policies off the identities of a user at once: the sweep, invoked with `{ userSub }` or `{ identityId }`. */
  public grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return this.sweep.function.grantInvoke(grantee);
  }

  /** The function that looks for identities whose users are gone, and detaches those that it is told. */
  public get sweepFunction(): lambda.IFunction {
    return this.sweep.function;
  }

  private requireOrigins(origins: readonly string[]): void {
    if (Token.isUnresolved(origins)) {
      return;
    }
    const bad = origins.find((origin) => !Token.isUnresolved(origin) && !/^https:\/\/[^*/]+$|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(origin));
    if (bad !== undefined) {
      throw invalid(this, `'allowedOrigins' must be like "https://app.example.com", without wildcard or path, got ${JSON.stringify(bad)}`);
    }
  }

  /** With 0, API Gateway would answer nobody. */
  private requireLimits({ rateLimit = DEFAULT_RATE, burstLimit = DEFAULT_BURST }: AttachServiceProps): void {
    if (!Token.isUnresolved(rateLimit) && !(rateLimit > 0)) {
      throw invalid(this, `'rateLimit' must be more than 0, got ${rateLimit}`);
    }
    if (!Token.isUnresolved(burstLimit) && !(Number.isInteger(burstLimit) && burstLimit > 0)) {
      throw invalid(this, `'burstLimit' must be a whole number and more than 0, got ${burstLimit}`);
    }
  }

  private defineApi(handler: lambda.IFunction, props: AttachServiceProps): apigateway.HttpApi {
    const { allowedOrigins: allowOrigins = [] } = props;
    const api = new apigateway.HttpApi(this, 'Api', {
      description: 'Attaches policies of AWS IoT to identities of Amazon Cognito (cdk-iot-warden)',
      createDefaultStage: false,
      ...allowOrigins.length > 0 && {
        corsPreflight: { allowOrigins, allowMethods: [apigateway.CorsHttpMethod.POST, apigateway.CorsHttpMethod.DELETE], allowHeaders: SIGNED_HEADERS, maxAge: Duration.hours(1) },
      },
    });
    api.addRoutes({
      path: PATH,
      methods: METHODS,
      integration: new HttpLambdaIntegration('Attaching', handler, { payloadFormatVersion: apigateway.PayloadFormatVersion.VERSION_2_0 }),
      authorizer: new HttpIamAuthorizer(),
    });
    new apigateway.HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: props.rateLimit ?? DEFAULT_RATE, burstLimit: props.burstLimit ?? DEFAULT_BURST },
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(new logs.LogGroup(this, 'AccessLog', { retention: logs.RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.RETAIN })),
        format: AccessLogFormat.custom(JSON.stringify(Object.fromEntries(LOGGED.map((name) => [name.split('.').at(-1)!, `$context.${name}`])))),
      },
    });
    // Guests have another role. The policy is here, as the users' stack must not depend on this one, which depends on it.
    new iam.Policy(this, 'Calls', {
      roles: [props.access.authenticatedRole],
      statements: [new iam.PolicyStatement({
        actions: ['execute-api:Invoke'],
        resources: METHODS.map((method) => Stack.of(this).formatArn({ service: 'execute-api', resource: api.apiId, resourceName: `$default/${method}${PATH}` })),
      })],
    });
    return api;
  }
}

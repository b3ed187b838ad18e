import { Lazy, RemovalPolicy, Stack, type Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeRoleWildcards } from './acknowledge';
import { handlerCode } from './handler-code';

/** Properties for a function of this package. */
export interface PackageFunctionProps {
  /** The folder in `lambda/`. */
  readonly handler: string;
  readonly description: string;
  readonly timeout: Duration;

  /**
   * Why its permissions name resources with a wildcard, for whoever audits the template.
   *
   * @default - they name none
   */
  readonly wildcards?: string;

  /**
   * How many of it may run at once; as many are kept from the other functions of the account.
   *
   * @default - as many as the account has left
   */
  readonly reservedConcurrentExecutions?: number;

  /** What the handler is told, read when the app is synthesized; objects and lists as JSON. No secrets. */
  readonly environment: { readonly [name: string]: () => unknown };
}

/** A Lambda function of this package with its own role and log. */
export class PackageFunction extends Construct {
  public readonly role: iam.Role;
  public readonly function: lambda.Function;

  constructor(scope: Construct, id: string, { handler, description, timeout, wildcards, reservedConcurrentExecutions, environment }: PackageFunctionProps) {
    super(scope, id);

    const logGroup = new logs.LogGroup(this, 'Logs', { retention: logs.RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.RETAIN });
    // No conditions: AWS Lambda sends none of the source keys when it assumes the role of a function.
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    // Not AWSLambdaBasicExecutionRole, which may write to every log group of the account.
    logGroup.grantWrite(this.role);
    if (wildcards !== undefined) {
      acknowledgeRoleWildcards(this.role, wildcards);
    }
    const variable = (value: unknown): string => (typeof value === 'string' ? value : Stack.of(this).toJsonString(value));
    this.function = new lambda.Function(this, 'Function', {
      description: `${description} (cdk-iot-warden)`,
      code: handlerCode(this, handler),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      // More memory is more of a processor, for a start that is fast enough.
      memorySize: 512,
      timeout,
      reservedConcurrentExecutions,
      role: this.role,
      logGroup,
      environment: Object.fromEntries(Object.entries(environment).map(([name, produce]) => [name, Lazy.string({ produce: () => variable(produce()) })])),
    });
  }
}

import { createHash } from 'node:crypto';
import { CustomResource, Duration, Lazy, RemovalPolicy, Stack, type IResolvable } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeWildcards } from './acknowledge';
import { handlerCode } from './handler-code';

/** A handler in `lambda/` and what it does, for whoever finds its function in the console. */
export interface HandlerKind {
  /** The name of the folder. */
  readonly name: string;
  readonly description: string;
}

/** Where IAM asks for the resource of an action, and AWS IoT has none for it. */
export const NO_RESOURCE = '*';

/** Says so in the template. */
export const HAS_NO_RESOURCE = 'AWS IoT defines no resource for these actions, so that IAM takes nothing but a wildcard';

/** The longest that AWS Lambda allows: AWS IoT takes minutes to notice that something was detached. */
const TIMEOUT = Duration.minutes(15);

/** CloudFormation waits an hour by default, even if the function cannot run at all. AWS Lambda tries it again once or twice. */
const SERVICE_TIMEOUT = Duration.minutes(30);

/** The Lambda function of a stack that handles all custom resources of one kind. */
export class HandlerFunction extends Construct {
  /** The function of the stack around `scope`, created when it is first asked for. */
  public static of(scope: Construct, kind: HandlerKind): HandlerFunction {
    const stack = Stack.of(scope);
    const id = `CdkIotWarden-${kind.name}`;
    return stack.node.tryFindChild(id) as HandlerFunction | undefined ?? new HandlerFunction(stack, id, kind);
  }

  public readonly role: iam.Role;
  public readonly functionArn: string;

  private constructor(scope: Construct, id: string, { name, description }: HandlerKind) {
    super(scope, id);

    const logGroup = new logs.LogGroup(this, 'Logs', { retention: logs.RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    // No conditions: AWS Lambda sends none of the source keys when it assumes the role of a function.
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    // Not AWSLambdaBasicExecutionRole, which may write to every log group of the account.
    logGroup.grantWrite(this.role);
    const { functionArn } = new lambda.Function(this, 'Function', {
      description: `${description} (cdk-iot-warden)`,
      code: handlerCode(this, name),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 256,
      timeout: TIMEOUT,
      role: this.role,
      logGroup,
    });
    this.functionArn = functionArn;
  }
}

/** Properties for a custom resource. */
export interface HandlerResourceProps {
  readonly kind: HandlerKind;

  /** What CloudFormation shows, to follow `Custom::`. */
  readonly resourceType: string;

  /** What the handler is told: text, and lists and objects of it; CloudFormation makes text of the rest. No secrets. */
  readonly properties: { readonly [name: string]: string | readonly string[] | IResolvable };

  /** What the function may do for this resource; read when the app is synthesized. */
  readonly permissions: () => iam.PolicyStatement[];

  /**
   * Why the permissions name resources with a wildcard, for whoever audits the template.
   *
   * @default - they name none
   */
  readonly wildcards?: string;
}

/** A custom resource that a handler of this package manages. */
export class HandlerResource extends Construct {
  private readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: HandlerResourceProps) {
    super(scope, id);

    const handler = HandlerFunction.of(this, props.kind);
    const permissions = this.permit(handler.role, props.permissions);
    if (props.wildcards !== undefined) {
      acknowledgeWildcards(permissions, props.wildcards);
    }
    this.resource = new CustomResource(this, 'Resource', {
      serviceToken: handler.functionArn,
      serviceTimeout: SERVICE_TIMEOUT,
      resourceType: `Custom::${props.resourceType}`,
      properties: props.properties,
    });
    this.resource.node.addDependency(permissions);
  }

  /** The physical id of the resource. */
  public get ref(): string {
    return this.resource.ref;
  }

  public attribute(name: string): string {
    return this.resource.getAttString(name);
  }

  /**
   * A policy that is replaced, not changed, when its content does: while CloudFormation updates the resource, the old
   * one still permits to take back what the new one does not name any more.
   */
  private permit(role: iam.IRole, permissions: () => iam.PolicyStatement[]): iam.CfnPolicy {
    const document = Lazy.any({ produce: () => new iam.PolicyDocument({ statements: permissions(), minimize: true }) });
    const policy = new iam.CfnPolicy(this, 'Permissions', {
      policyName: Lazy.string({ produce: () => logicalId() }),
      policyDocument: document,
      roles: [role.roleName],
    });
    const stack = Stack.of(this);
    const prefix = stack.getLogicalId(policy);
    const logicalId = (): string => `${prefix}${createHash('sha256').update(JSON.stringify(stack.resolve(document))).digest('hex').slice(0, 8)}`;
    policy.overrideLogicalId(Lazy.uncachedString({ produce: () => logicalId() }));
    return policy;
  }
}

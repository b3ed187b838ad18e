import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { AccountSetting, AccountSettingRemoval } from './account-setting';
import { NO_RESOURCE } from '../private/custom-resource';
import { requireOnlyOne } from '../private/only-one';

const KIND = { name: 'configure-logging', description: 'Configures the logging of AWS IoT' };

/** How much AWS IoT logs; each level includes those before it. */
export enum IotLogLevel {
  /** Nothing. */
  DISABLED = 'DISABLED',
  /** What failed, refused connections and requests included. */
  ERROR = 'ERROR',
  /** What may become a failure. */
  WARN = 'WARN',
  /** Every connection and message. */
  INFO = 'INFO',
  /** Everything AWS IoT has to say: for a short time only. */
  DEBUG = 'DEBUG',
}

/** Properties for configuring the logging of AWS IoT. */
export interface IotLoggingProps {
  /**
   * How much is logged, where neither an event nor a resource has a level of its own. Logs contain topics and client ids.
   *
   * @default IotLogLevel.WARN
   */
  readonly logLevel?: IotLogLevel;

  /**
   * The role that AWS IoT writes the log with.
   *
   * @default - a role that may write to the log group AWSIotLogsV2 and nothing else
   */
  readonly role?: iam.IRoleRef;

  /**
   * What becomes of the logging when this construct leaves the stack. Logging that nobody had configured is switched off
   * by `RESTORE`.
   *
   * With `RETAIN`, the role stays as well. With `RESTORE`, the function that puts the former role back may pass any role
   * of the account to AWS IoT.
   *
   * @default AccountSettingRemoval.RETAIN
   */
  readonly onRemoval?: AccountSettingRemoval;
}

/**
 * Configures what AWS IoT logs, for the whole account in this Region.
 *
 * Takes over what is configured already, where `AWS::IoT::Logging` fails, and does not switch logging off when the stack
 * is deleted. The log group is called AWSIotLogsV2; AWS IoT creates it, without an end to what it keeps.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/configure-logging.html
 */
export class IotLogging extends Construct {
  /** The role that AWS IoT writes the log with. */
  public readonly role: iam.IRoleRef;

  constructor(scope: Construct, id: string, props: IotLoggingProps = {}) {
    super(scope, id);

    requireOnlyOne(this, (other) => other instanceof IotLogging);
    const onRemoval = props.onRemoval ?? AccountSettingRemoval.RETAIN;
    this.role = props.role ?? this.createRole(onRemoval);
    const policy = this.node.tryFindChild('WriteLog');

    const { roleArn } = this.role.roleRef;
    const setting = new AccountSetting(this, 'Setting', {
      kind: KIND,
      resourceType: 'IotLogging',
      wanted: { roleArn, defaultLogLevel: props.logLevel ?? IotLogLevel.WARN, disableAllLogs: false },
      onRemoval,
      readPermissions: () => [new iam.PolicyStatement({ actions: ['iot:GetV2LoggingOptions'], resources: [NO_RESOURCE] })],
      writePermissions: () => [
        new iam.PolicyStatement({ actions: ['iot:SetV2LoggingOptions'], resources: [NO_RESOURCE] }),
        new iam.PolicyStatement({
          actions: ['iam:PassRole'],
          resources: [
            roleArn,
            ...onRemoval === AccountSettingRemoval.RESTORE ? [Stack.of(this).formatArn({ service: 'iam', region: '', resource: 'role', resourceName: '*' })] : [],
          ],
          conditions: { StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } },
        }),
      ],
    });
    // AWS IoT tries the role at once.
    setting.node.addDependency(this.role, ...policy ? [policy] : []);
  }

  private createRole(onRemoval: AccountSettingRemoval): iam.Role {
    const stack = Stack.of(this);
    const role = new iam.Role(this, 'Role', {
      description: 'AWS IoT writes its log with this role',
      assumedBy: new iam.ServicePrincipal('iot.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': stack.account } } }),
    });
    // https://docs.aws.amazon.com/iot/latest/developerguide/configure-logging.html
    const policy = new iam.Policy(this, 'WriteLog', {
      roles: [role],
      statements: [new iam.PolicyStatement({
        actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:PutMetricFilter', 'logs:PutRetentionPolicy'],
        resources: [stack.formatArn({ service: 'logs', resource: 'log-group', resourceName: 'AWSIotLogsV2:*', arnFormat: ArnFormat.COLON_RESOURCE_NAME })],
      })],
    });
    if (onRemoval === AccountSettingRemoval.RETAIN) {
      role.applyRemovalPolicy(RemovalPolicy.RETAIN);
      policy.applyRemovalPolicy(RemovalPolicy.RETAIN);
    }
    return role;
  }
}

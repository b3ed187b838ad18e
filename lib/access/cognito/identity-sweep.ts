import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { AttachmentRecords } from './attachment-records';
import type { CognitoAccess } from './cognito-access';
import { IDENTITIES_HAVE_NO_ARN, attachmentStatements } from './identity-policies';
import { NO_RESOURCE } from '../../private/custom-resource';
import { invalid } from '../../private/errors';
import { PackageFunction } from '../../private/package-function';

/** The longest that AWS Lambda allows; what is not done by then is done the next time. */
const TIMEOUT = Duration.minutes(15);

/** When to look for identities whose users are gone, and whom to tell when that fails. */
export interface SweepOptions {
  /**
   * How often to look for identities whose users are gone. At least an hour.
   *
   * A run checks some thousands of identities and leaves the rest to the next.
   *
   * @default Duration.days(1)
   */
  readonly sweepInterval?: Duration;

  /**
   * What to do when a run fails.
   *
   * @default - no alarm
   */
  readonly sweepAlarmActions?: cloudwatch.IAlarmAction[];
}

/** Properties for the sweep of a service. */
export interface IdentitySweepProps extends SweepOptions {
  readonly access: CognitoAccess;
  readonly records: AttachmentRecords;
}

/** Takes policies off identities that nobody uses any more. */
export class IdentitySweep extends Construct {
  public readonly function: lambda.IFunction;

  constructor(scope: Construct, id: string, { access, records, sweepInterval, sweepAlarmActions }: IdentitySweepProps) {
    super(scope, id);

    const interval = sweepInterval ?? Duration.days(1);
    if (!interval.isUnresolved() && interval.toMinutes({ integral: false }) < 60) {
      throw invalid(this, `'sweepInterval' must be at least 1 hour, got ${interval.toHumanString()}`);
    }
    const sweeping = new PackageFunction(this, 'Sweeping', {
      handler: 'sweep-identities',
      description: 'Takes policies of AWS IoT off identities of Amazon Cognito whose users are gone',
      timeout: TIMEOUT,
      wildcards: `${IDENTITIES_HAVE_NO_ARN}. Amazon Cognito knows no resource for describing and deleting identities`,
      environment: {
        POLICY_NAMES: () => access._policies.names(),
        TABLE_NAME: () => records.tableName,
        USER_POOLS: () => access._userPools.map(({ userPoolProviderName: name, userPoolId: id }) => ({ name, id })),
      },
    });
    const { role } = sweeping;
    records.grant(role, 'dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Scan');
    records.grantLookup(role);
    [
      ...attachmentStatements(this, ['iot:DetachPolicy']),
      new iam.PolicyStatement({ actions: ['cognito-identity:DescribeIdentity', 'cognito-identity:DeleteIdentities'], resources: [NO_RESOURCE] }),
    ].forEach((statement) => role.addToPolicy(statement));
    role.addToPolicy(new iam.PolicyStatement({ actions: ['iot:ListTargetsForPolicy'], resources: access._policies.arns }));
    if (access._userPools.length > 0) {
      role.addToPolicy(new iam.PolicyStatement({ actions: ['cognito-idp:ListUsers'], resources: access._userPools.map(({ userPoolArn }) => userPoolArn) }));
    }
    this.function = sweeping.function;
    new events.Rule(this, 'Schedule', {
      description: 'Looks for identities whose users are gone (cdk-iot-warden)',
      schedule: events.Schedule.rate(interval),
      targets: [new LambdaFunction(this.function, { event: events.RuleTargetInput.fromObject({ sweep: true }) })],
    });
    if (sweepAlarmActions !== undefined) {
      new cloudwatch.Alarm(this, 'Failure', {
        alarmDescription: 'The search for identities whose users are gone has failed',
        metric: this.function.metricErrors({ period: Duration.hours(1), statistic: 'Sum' }),
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(...sweepAlarmActions);
    }
  }
}

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** The longest that Amazon SQS keeps a message. */
const RETENTION = Duration.days(14);

/**
 * Where messages go whose actions failed for good, with the reason and the payload, and an alarm that says so.
 *
 * Failures of the statement itself are only in the log of AWS IoT.
 */
export class DeadLetters extends Construct {
  public readonly queue: sqs.IQueue;
  public readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, queue: sqs.IQueue | undefined, alarmActions: readonly cloudwatch.IAlarmAction[]) {
    super(scope, id);

    this.queue = queue ?? this.defineQueue();
    this.alarm = new cloudwatch.Alarm(this, 'Alarm', {
      alarmDescription: 'Actions of an AWS IoT rule failed; the messages are in its dead-letter queue',
      // The rate at which they come does not tell: one lost message is too many.
      metric: this.queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    if (alarmActions.length > 0) {
      this.alarm.addAlarmAction(...alarmActions);
    }
  }

  private defineQueue(): sqs.Queue {
    const queue = new sqs.Queue(this, 'Queue', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
    });
    acknowledge(queue.node.defaultChild as sqs.CfnQueue, 'AwsSolutions-SQS3', 'It is the dead-letter queue of a rule');
    return queue;
  }
}

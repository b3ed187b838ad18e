import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** The longest that Amazon SQS keeps a message. */
const RETENTION = Duration.days(14);

const ALARM = 'DeadLetterAlarm';

/**
 * Defines a queue for messages whose actions failed for good, with the reason and the payload.
 *
 * Failures of the statement itself are only in the log of AWS IoT.
 */
export function defineDeadLetterQueue(scope: Construct): sqs.Queue {
  const queue = new sqs.Queue(scope, 'DeadLetters', {
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: RETENTION,
  });
  acknowledge(queue.node.defaultChild as sqs.CfnQueue, 'AwsSolutions-SQS3', 'It is the dead-letter queue of a rule');
  return queue;
}

/** The alarm that says that there is a message in a queue: one for all rules that share it. */
export function alarmOn(queue: sqs.IQueue, actions: readonly cloudwatch.IAlarmAction[]): cloudwatch.Alarm {
  const alarm = queue.node.tryFindChild(ALARM) as cloudwatch.Alarm | undefined ?? new cloudwatch.Alarm(queue, ALARM, {
    alarmDescription: 'Actions of AWS IoT rules failed; the messages are in the dead-letter queue',
    metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(5) }),
    threshold: 1,
    evaluationPeriods: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  alarm.addAlarmAction(...actions);
  return alarm;
}

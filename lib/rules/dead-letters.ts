import { Duration, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { invalid } from '../private/errors';

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

/**
 * The alarm that says that there is a message in a queue: one for all rules of a stack that share it.
 *
 * It is in the stack of the rule, which what it tells may belong to: in that of the queue, each stack would need the other.
 * The account of the rule does not count the messages in a queue of another one, and the alarm would say that all is well.
 */
export function alarmOn(rule: Construct, queue: sqs.IQueue, actions: readonly cloudwatch.IAlarmAction[] | undefined): cloudwatch.Alarm | undefined {
  const stack = Stack.of(rule);
  if (Token.compareStrings(queue.env.account, stack.account) === TokenComparison.DIFFERENT) {
    if (actions !== undefined) {
      throw invalid(rule, `'alarmActions' must be left out for a queue of another account, ${queue.env.account}, which has the alarm on it`);
    }
    return undefined;
  }
  const [scope, id] = Stack.of(queue) === stack ? [queue, ALARM] : [stack, `${ALARM}${queue.node.addr}`];
  const alarm = scope.node.tryFindChild(id) as cloudwatch.Alarm | undefined ?? new DeadLetterAlarm(scope, id, {
    alarmDescription: 'Actions of AWS IoT rules failed; the messages are in the dead-letter queue',
    metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(5) }),
    threshold: 1,
    evaluationPeriods: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  alarm.addAlarmAction(...actions ?? []);
  return alarm;
}

/** Tells everybody once, however many rules say so. */
class DeadLetterAlarm extends cloudwatch.Alarm {
  private readonly told = new Set<string>();

  public override addAlarmAction(...actions: cloudwatch.IAlarmAction[]): void {
    for (const action of actions) {
      const bound = action.bind(this, this);
      if (!this.told.has(bound.alarmActionArn)) {
        this.told.add(bound.alarmActionArn);
        super.addAlarmAction({ bind: () => bound });
      }
    }
  }
}

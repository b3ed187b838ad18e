import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { RuleAction } from './rule-action';
import type { TopicSpace } from '../topics';

/** What all rules have in common. */
export interface TopicRuleOptions {
  /**
   * The name of the rule: 1 to 128 letters, digits and underscores. A change replaces it.
   *
   * @default - a name made of the construct's path, the same in each deployment
   */
  readonly ruleName?: string;

  /**
   * What the rule is for.
   *
   * @default - none
   */
  readonly description?: string;

  /**
   * Whether the rule runs.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * What becomes of a message when an action failed for good, in place of a dead-letter queue. It must not gather messages.
   *
   * @default - it is sent to a dead-letter queue, with an alarm
   */
  readonly errorAction?: RuleAction;

  /**
   * The queue for messages whose actions failed for good, for example one for all rules. It has what devices sent, so it
   * should be encrypted. On a queue of another account, that account has the alarm.
   *
   * @default - an encrypted one of its own, which keeps messages for 14 days
   */
  readonly deadLetterQueue?: sqs.IQueue;

  /**
   * What happens when a message is in the dead-letter queue.
   *
   * @default - the alarm shows it, nothing else
   */
  readonly alarmActions?: cloudwatch.IAlarmAction[];

  /**
   * Whether messages whose actions fail are lost without a trace.
   *
   * @default false
   */
  readonly loseFailedMessages?: boolean;

  /**
   * Roles that the statement names, in functions such as `get_thing_shadow`. AWS IoT tries them when the rule is created.
   *
   * @default - none
   */
  readonly sqlRoles?: iam.IRole[];

  /**
   * Functions that the statement calls with `aws_lambda`. They may be invoked by this rule.
   *
   * @default - none
   */
  readonly sqlFunctions?: lambda.IFunction[];
}

/** Properties for defining a topic rule. */
export interface TopicRuleProps extends TopicRuleOptions {
  /**
   * The statement, in version 2016-03-23 of the language, for example `SELECT * FROM 'dt/+/telemetry' WHERE celsius > 30`.
   * Without FROM, the rule runs for basic ingest alone.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
   */
  readonly sql: string;

  /**
   * What the rule does with each message, at most 10 actions, in no order.
   *
   * @default - none; add at least one
   */
  readonly actions?: RuleAction[];

  /**
   * What can be published: the rule must listen to a topic of one of its channels, or to one of AWS.
   *
   * @default - the rule may listen to any topic
   */
  readonly topicSpace?: TopicSpace;
}

/** What a rule of a channel selects, besides what all rules have in common. */
export interface ChannelRuleOptions extends TopicRuleOptions {
  /**
   * What follows SELECT, for example `*, topic(3) AS thing`.
   *
   * @default '*'
   */
  readonly select?: string;

  /**
   * What follows WHERE.
   *
   * @default - all messages
   */
  readonly where?: string;

  /**
   * What follows SET: variables for `select` and `where`.
   *
   * @default - none
   */
  readonly set?: string;

  /**
   * More actions, at most 10 in all.
   *
   * @default - none
   */
  readonly moreActions?: RuleAction[];
}

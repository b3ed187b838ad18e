import { Duration, Resource, Token, type IResource } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iot from 'aws-cdk-lib/aws-iot';
import { invalid } from '../private/errors';
import { requireSameEnvironment } from '../private/same-environment';
import { requireText, type TextRule } from '../private/text';

/** Represents a topic rule, owned by this app or not. */
export interface ITopicRule extends IResource, iot.ITopicRuleRef {
  /**
   * The name of this rule.
   *
   * @attribute
   */
  readonly topicRuleName: string;

  /**
   * The ARN of this rule.
   *
   * @attribute
   */
  readonly topicRuleArn: string;

  /**
   * Returns the topic on which a device reaches this rule alone, past the message broker and without its cost.
   *
   * @param topic What the rule sees as the topic.
   */
  basicIngestTopic(topic: string): string;

  /**
   * Returns a metric of this rule.
   *
   * @default - the sum over 5 minutes
   */
  metric(metric: TopicRuleMetric, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Returns how many messages were on topics that this rule listens to. */
  metricTopicMatches(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Returns how many messages were no JSON where the statement needs it. */
  metricParseErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Returns how many messages were dropped because there were too many, or because the rule runs in a loop. */
  metricThrottledMessages(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Returns how many messages came for this rule by basic ingest while it was not there or disabled. */
  metricNotFound(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Returns how often actions of this rule, of whatever type, failed for good. For dashboards: no alarm takes a search; for
   * one there is `alarmOnFailures`.
   */
  metricFailures(options?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;

  /** Returns how often actions of this rule, of whatever type, succeeded. For dashboards: no alarm takes a search. */
  metricSuccesses(options?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;

  /** Returns how often the error action of this rule failed, so that messages are lost. For dashboards. */
  metricErrorActionFailures(options?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;

  /** Returns how often the error action of this rule succeeded. For dashboards. */
  metricErrorActionSuccesses(options?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;

  /**
   * Defines an alarm that says when actions of this rule, of whatever type, fail for good. By default it is for one failure in 5
   * minutes.
   *
   * A rule with a dead-letter queue has an alarm on that already; this one is for rules without, and for other thresholds. Of
   * such alarms, which ask a query, an account has 200 in a Region.
   */
  alarmOnFailures(id: string, options?: RuleAlarmOptions): cloudwatch.Alarm;

  /**
   * Defines an alarm that says when the error action of this rule fails, so that messages are lost. By default it is for one
   * failure in 5 minutes.
   */
  alarmOnErrorActionFailures(id: string, options?: RuleAlarmOptions): cloudwatch.Alarm;
}

/** Options for an alarm of a rule. */
export interface RuleAlarmOptions {
  /**
   * From how many failures on there is an alarm.
   *
   * @default 1
   */
  readonly threshold?: number;

  /**
   * In which time they are counted: whole minutes, 3 hours at most with all `evaluationPeriods`.
   *
   * @default Duration.minutes(5)
   */
  readonly period?: Duration;

  /**
   * In how many such times in a row.
   *
   * @default 1
   */
  readonly evaluationPeriods?: number;

  /**
   * What happens then.
   *
   * @default - the alarm shows it, nothing else
   */
  readonly alarmActions?: cloudwatch.IAlarmAction[];
}

/**
 * What AWS IoT counts for a rule.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html#rulemetrics
 */
export enum TopicRuleMetric {
  /** Messages on topics that the rule listens to. */
  TOPIC_MATCH = 'TopicMatch',
  /** Of these, those that are no JSON where the statement needs it. */
  PARSE_ERROR = 'ParseError',
  /** Messages that were dropped because there were too many, or because the rule runs in a loop. */
  MESSAGE_THROTTLED = 'RuleMessageThrottled',
  /** Messages for this rule by basic ingest, while it was not there or disabled. */
  NOT_FOUND = 'RuleNotFound',
}

const NAMESPACE = 'AWS/IoT';

/** What a device can publish on. */
const INGESTED: TextRule = { pattern: /^[^+#]+$/, characters: 'a topic without wildcards', maxLength: 256 };

/** How far back a query of an alarm looks. */
const MAX_QUERIED = Duration.hours(3);

/**
 * What follows from the name and the ARN of a rule.
 *
 * @internal
 */
export abstract class TopicRuleBase extends Resource implements ITopicRule {
  public abstract readonly topicRuleName: string;
  public abstract readonly topicRuleArn: string;

  public get topicRuleRef(): iot.TopicRuleReference {
    return { ruleName: this.topicRuleName, topicRuleArn: this.topicRuleArn };
  }

  public basicIngestTopic(topic: string): string {
    requireText(this, 'topic', topic, INGESTED);
    return `$aws/rules/${this.topicRuleName}/${topic}`;
  }

  public metric(metric: TopicRuleMetric, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: NAMESPACE,
      metricName: metric,
      dimensionsMap: { RuleName: this.topicRuleName },
      statistic: 'Sum',
      ...options,
    }).attachTo(this);
  }

  public metricTopicMatches(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(TopicRuleMetric.TOPIC_MATCH, options);
  }

  public metricParseErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(TopicRuleMetric.PARSE_ERROR, options);
  }

  public metricThrottledMessages(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(TopicRuleMetric.MESSAGE_THROTTLED, options);
  }

  public metricNotFound(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(TopicRuleMetric.NOT_FOUND, options);
  }

  public metricFailures(options: cloudwatch.MathExpressionOptions = {}): cloudwatch.MathExpression {
    return this.overActions('Failure', options);
  }

  public metricSuccesses(options: cloudwatch.MathExpressionOptions = {}): cloudwatch.MathExpression {
    return this.overActions('Success', options);
  }

  public metricErrorActionFailures(options: cloudwatch.MathExpressionOptions = {}): cloudwatch.MathExpression {
    return this.overActions('ErrorActionFailure', options);
  }

  public metricErrorActionSuccesses(options: cloudwatch.MathExpressionOptions = {}): cloudwatch.MathExpression {
    return this.overActions('ErrorActionSuccess', options);
  }

  public alarmOnFailures(id: string, options?: RuleAlarmOptions): cloudwatch.Alarm {
    return this.alarmOn(id, 'Failure', `Actions of the AWS IoT rule ${this.topicRuleName} fail`, options);
  }

  public alarmOnErrorActionFailures(id: string, options?: RuleAlarmOptions): cloudwatch.Alarm {
    return this.alarmOn(id, 'ErrorActionFailure', `The error action of the AWS IoT rule ${this.topicRuleName} fails, and messages are lost`, options);
  }

  /**
   * Unlike a search, a query of Metrics Insights may be for an alarm.
   *
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Metrics_Insights_Alarm.html
   */
  private alarmOn(id: string, metricName: string, alarmDescription: string, options: RuleAlarmOptions = {}): cloudwatch.Alarm {
    const { threshold = 1, period = Duration.minutes(5), evaluationPeriods = 1, alarmActions = [] } = options;
    requireSameEnvironment(this, 'rule', this);
    if (!Token.isUnresolved(threshold) && !(threshold > 0)) {
      throw invalid(this, `'threshold' must be more than 0, got ${threshold}`);
    }
    if (!Token.isUnresolved(evaluationPeriods) && !(Number.isInteger(evaluationPeriods) && evaluationPeriods > 0)) {
      throw invalid(this, `'evaluationPeriods' must be a whole number from 1 on, got ${evaluationPeriods}`);
    }
    if (!period.isUnresolved() && (period.toSeconds() % 60 !== 0 || period.toSeconds() === 0)) {
      throw invalid(this, `'period' must be whole minutes, got ${period.toHumanString()}`);
    }
    if (!period.isUnresolved() && period.toSeconds() * evaluationPeriods > MAX_QUERIED.toSeconds()) {
      throw invalid(this, `'period' must be 3 hours at most with all 'evaluationPeriods', got ${evaluationPeriods} of ${period.toHumanString()}`);
    }
    const alarm = new cloudwatch.Alarm(this, id, {
      alarmDescription,
      metric: new cloudwatch.MathExpression({
        expression: `SELECT SUM(${metricName}) FROM SCHEMA("${NAMESPACE}", ActionType,RuleName) WHERE RuleName = '${this.topicRuleName}'`,
        usingMetrics: {},
        label: metricName,
        period,
      }),
      threshold,
      evaluationPeriods,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(...alarmActions);
    return alarm;
  }

  /** AWS IoT counts each type of action apart, and its guide does not say what it calls them. */
  private overActions(metricName: string, options: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return new cloudwatch.MathExpression({
      expression: `SUM(SEARCH('{${NAMESPACE},ActionType,RuleName} MetricName="${metricName}" RuleName="${this.topicRuleName}"', 'Sum'))`,
      usingMetrics: {},
      label: metricName,
      ...options,
    });
  }
}

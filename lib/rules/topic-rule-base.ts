import { Resource, type IResource } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iot from 'aws-cdk-lib/aws-iot';

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

  /**
   * Returns how often actions of this rule, of whatever type, failed for good. For dashboards: no alarm takes a search;
   * those are for the dead letters.
   */
  metricFailures(options?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;

  /** Returns how often actions of this rule, of whatever type, succeeded. For dashboards: no alarm takes a search. */
  metricSuccesses(options?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;
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

  public metricFailures(options: cloudwatch.MathExpressionOptions = {}): cloudwatch.MathExpression {
    return this.overActions('Failure', options);
  }

  public metricSuccesses(options: cloudwatch.MathExpressionOptions = {}): cloudwatch.MathExpression {
    return this.overActions('Success', options);
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

import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { naming, templated, type ActionDefinition } from './definition';
import { NO_RESOURCE } from '../../private/custom-resource';
import { asPattern, hasTemplate } from '../templates';

/** Options for capturing a metric. Substitution templates are replaced in all but the unit. */
export interface CloudWatchMetricActionOptions {
  /** The namespace of the metric; the role of the action may write to no other. */
  readonly metricNamespace: string;

  /** The name of the metric. */
  readonly metricName: string;

  /** The value, for example `${celsius}`. */
  readonly value: string;

  /**
   * The unit of the value.
   *
   * @default Unit.NONE
   */
  readonly unit?: cloudwatch.Unit;

  /**
   * When it was measured, in seconds since the epoch.
   *
   * @default - when the rule runs
   */
  readonly timestamp?: string;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/cloudwatch-metrics-rule-action.html */
export function cloudWatchMetricAction({ metricNamespace, metricName, value, unit, timestamp }: CloudWatchMetricActionOptions): ActionDefinition {
  return {
    kind: 'CloudWatchMetric',
    fields: [
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
      naming('metricNamespace', metricNamespace, { pattern: /^(?!AWS\/)[\w.\-/#:]+$/, characters: 'letters, digits and .-_/#: and not begin with AWS/', maxLength: 255 }),
      templated('metricName', metricName, { pattern: /^[\x20-\x7e]+$/, characters: 'printable ASCII characters', maxLength: 255 }),
      templated('value', value, { pattern: /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/, characters: 'a number or a template', maxLength: 256 }),
      templated('timestamp', timestamp, { pattern: /^\d{1,10}$/, characters: 'a template or seconds in at most 10 digits', maxLength: 256 }),
    ],
    permissions: () => [{
      actions: ['cloudwatch:PutMetricData'],
      resources: [NO_RESOURCE],
      conditions: { [hasTemplate(metricNamespace) ? 'StringLike' : 'StringEquals']: { 'cloudwatch:namespace': asPattern(metricNamespace) } },
    }],
    wildcards: 'Amazon CloudWatch defines no resource for PutMetricData; a condition names the namespace',
    render: (roleArn) => ({
      cloudwatchMetric: { roleArn, metricNamespace, metricName, metricValue: value, metricUnit: unit ?? 'None', metricTimestamp: timestamp },
    }),
  };
}

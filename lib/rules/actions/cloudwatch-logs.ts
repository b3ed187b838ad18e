import type * as logs from 'aws-cdk-lib/aws-logs';
import type { ActionDefinition } from './definition';

/** Options for writing messages into a log group. */
export interface CloudWatchLogsActionOptions {
  /**
   * Whether the message is an array of records, each with a `timestamp` and a `message`.
   *
   * @default false
   */
  readonly batch?: boolean;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/cloudwatch-logs-rule-action.html */
export function cloudWatchLogsAction(logGroup: logs.ILogGroup, { batch }: CloudWatchLogsActionOptions): ActionDefinition {
  return {
    kind: 'CloudWatchLogs',
    env: logGroup.env,
    takesArray: batch,
    permissions: () => [{ actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }],
    wildcards: 'AWS IoT names the log streams of the group',
    render: (roleArn) => ({ cloudwatchLogs: { roleArn, logGroupName: logGroup.logGroupName, batchMode: batch } }),
  };
}

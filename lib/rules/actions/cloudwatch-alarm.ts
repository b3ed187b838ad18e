import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { plain, templated, type ActionDefinition } from './definition';

/** Options for changing the state of an alarm. */
export interface CloudWatchAlarmActionOptions {
  /** The state that a message brings the alarm into, until CloudWatch evaluates it the next time. */
  readonly state: cloudwatch.AlarmState;

  /**
   * Why, for who reads the history of the alarm. Substitution templates are replaced.
   *
   * @default 'Set by an AWS IoT rule for ${topic()}'
   */
  readonly reason?: string;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/cloudwatch-alarms-rule-action.html */
export function cloudWatchAlarmAction(alarm: cloudwatch.IAlarm, { state, reason = 'Set by an AWS IoT rule for ${topic()}' }: CloudWatchAlarmActionOptions): ActionDefinition {
  return {
    kind: 'CloudWatchAlarm',
    env: alarm.env,
    fields: [templated('reason', reason, { pattern: /^[^]+$/, characters: 'some text', maxLength: 1023 }), plain('state', state)],
    permissions: () => [{ actions: ['cloudwatch:SetAlarmState'], resources: [alarm.alarmArn] }],
    render: (roleArn) => ({ cloudwatchAlarm: { roleArn, alarmName: alarm.alarmName, stateValue: state, stateReason: reason } }),
  };
}

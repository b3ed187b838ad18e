import type * as sns from 'aws-cdk-lib/aws-sns';
import type { ActionDefinition } from './definition';

/** How Amazon SNS reads a message. */
export enum SnsMessageFormat {
  /** As a text for all protocols. */
  RAW = 'RAW',
  /** As JSON with a text for each protocol, and `default`. */
  JSON = 'JSON',
}

/** Options for publishing messages to an Amazon SNS topic. */
export interface SnsActionOptions {
  /**
   * How Amazon SNS reads the message.
   *
   * @default SnsMessageFormat.RAW
   */
  readonly messageFormat?: SnsMessageFormat;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/sns-rule-action.html */
export function snsAction(topic: sns.ITopic, { messageFormat }: SnsActionOptions): ActionDefinition {
  return {
    kind: 'Sns',
    env: topic.env,
    crossesAccounts: true,
    problem: () => (topic.fifo ? `'topic' must be a standard topic, AWS IoT cannot publish to FIFO topics, got ${topic.node.path}` : undefined),
    permissions: () => [{ actions: ['sns:Publish'], resources: [topic.topicArn] }],
    encryption: { keys: [topic.masterKey], actions: ['kms:GenerateDataKey', 'kms:Decrypt'] },
    render: (roleArn) => ({ sns: { roleArn, targetArn: topic.topicArn, messageFormat } }),
  };
}

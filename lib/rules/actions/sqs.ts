import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { ActionDefinition } from './definition';

/** Options for sending messages to a queue. */
export interface SqsActionOptions {
  /**
   * Whether the message is sent as base64, which binary payloads need.
   *
   * @default false
   */
  readonly base64?: boolean;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/sqs-rule-action.html */
export function sqsAction(queue: sqs.IQueue, { base64 }: SqsActionOptions): ActionDefinition {
  return {
    kind: 'Sqs',
    env: queue.env,
    crossesAccounts: true,
    problem: () => (queue.fifo ? `'queue' must be a standard queue, AWS IoT cannot send to FIFO queues, got ${queue.node.path}` : undefined),
    permissions: () => [{ actions: ['sqs:SendMessage'], resources: [queue.queueArn] }],
    encryption: { keys: [queue.encryptionMasterKey], actions: ['kms:GenerateDataKey', 'kms:Decrypt'] },
    render: (roleArn) => ({ sqs: { roleArn, queueUrl: queue.queueUrl, useBase64: base64 } }),
  };
}

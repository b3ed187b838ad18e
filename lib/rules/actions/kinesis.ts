import type * as kinesis from 'aws-cdk-lib/aws-kinesis';
import { templated, type ActionDefinition } from './definition';

/** Options for putting messages into a Kinesis data stream. */
export interface KinesisActionOptions {
  /**
   * Which shard a message goes to: those with the same key stay in order. Substitution templates are replaced.
   *
   * @default '${newuuid()}', which spreads them over all shards
   */
  readonly partitionKey?: string;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/kinesis-rule-action.html */
export function kinesisAction(stream: kinesis.IStream, { partitionKey = '${newuuid()}' }: KinesisActionOptions): ActionDefinition {
  return {
    kind: 'Kinesis',
    env: stream.env,
    fields: [templated('partitionKey', partitionKey)],
    permissions: () => [{ actions: ['kinesis:PutRecord'], resources: [stream.streamArn] }],
    encryption: { keys: [stream.encryptionKey], actions: ['kms:GenerateDataKey'] },
    render: (roleArn) => ({ kinesis: { roleArn, streamName: stream.streamName, partitionKey } }),
  };
}

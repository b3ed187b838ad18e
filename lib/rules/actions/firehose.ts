import type * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import type { ActionDefinition } from './definition';

/** What Firehose puts after each message. */
export enum FirehoseSeparator {
  /** A new line. */
  NEWLINE = '\n',
  /** A tabulator. */
  TAB = '\t',
  /** A new line as Windows has it. */
  WINDOWS_NEWLINE = '\r\n',
  /** A comma. */
  COMMA = ',',
}

/** Options for putting messages into a Firehose stream. */
export interface FirehoseActionOptions {
  /**
   * What follows each message.
   *
   * @default - nothing; what is delivered cannot be told apart then, unless the messages say where they end
   */
  readonly separator?: FirehoseSeparator;

  /**
   * Whether each element of the array that the statement selects is a record of its own, at most 500 of them.
   *
   * @default false
   */
  readonly batch?: boolean;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/kinesis-firehose-rule-action.html */
export function firehoseAction(stream: firehose.IDeliveryStream, { separator, batch }: FirehoseActionOptions): ActionDefinition {
  return {
    kind: 'Firehose',
    env: stream.env,
    takesArray: batch,
    permissions: () => [{ actions: [batch ? 'firehose:PutRecordBatch' : 'firehose:PutRecord'], resources: [stream.deliveryStreamArn] }],
    render: (roleArn) => ({ firehose: { roleArn, deliveryStreamName: stream.deliveryStreamName, separator, batchMode: batch } }),
  };
}

import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as timestream from 'aws-cdk-lib/aws-timestream';
import { templated, type ActionDefinition } from './definition';
import { NO_RESOURCE } from '../../private/custom-resource';

/** Units of a time. */
export enum RuleTimeUnit {
  SECONDS = 'SECONDS',
  MILLISECONDS = 'MILLISECONDS',
  MICROSECONDS = 'MICROSECONDS',
  NANOSECONDS = 'NANOSECONDS',
}

/** A time since the epoch. */
export interface RuleTimestamp {
  /** The number. Substitution templates are replaced, for example `${time}`. */
  readonly value: string;

  /** Its unit. */
  readonly unit: RuleTimeUnit;
}

/** Options for writing messages into an Amazon Timestream table. */
export interface TimestreamActionOptions {
  /**
   * What the measures are about, 1 to 128 names and values. Substitution templates are replaced in both.
   *
   * Each attribute of the message is a measure.
   */
  readonly dimensions: { readonly [name: string]: string };

  /**
   * The time of the measures.
   *
   * @default - when the rule runs
   */
  readonly timestamp?: RuleTimestamp;

  /**
   * The customer's key that encrypts the database.
   *
   * @default - a key of AWS
   */
  readonly encryptionKey?: kms.IKey;
}

const MAX_DIMENSIONS = 128;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/timestream-rule-action.html */
export function timestreamAction(table: timestream.ITableRef, { dimensions, timestamp, encryptionKey }: TimestreamActionOptions): ActionDefinition {
  const { databaseName, tableName, tableArn } = table.tableRef;
  const entries = Object.entries(dimensions);
  return {
    kind: 'Timestream',
    env: table.env,
    problem: () => (entries.length === 0 || entries.length > MAX_DIMENSIONS ? `'dimensions' must have 1 to ${MAX_DIMENSIONS} entries, got ${entries.length}` : undefined),
    fields: [
      ...entries.flatMap(([name, value]) => [templated('dimensions', name), templated(`dimensions.${name}`, value)]),
      templated('timestamp.value', timestamp?.value),
    ],
    permissions: () => [
      { actions: ['timestream:WriteRecords'], resources: [tableArn] },
      { actions: ['timestream:DescribeEndpoints'], resources: [NO_RESOURCE] },
    ],
    encryption: { keys: [encryptionKey], actions: ['kms:GenerateDataKey', 'kms:Decrypt'] },
    wildcards: 'Amazon Timestream defines no resource for DescribeEndpoints',
    render: (roleArn) => ({
      timestream: { roleArn, databaseName, tableName, dimensions: entries.map(([name, value]) => ({ name, value })), timestamp },
    }),
  };
}

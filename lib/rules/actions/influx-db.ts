import { batchingProblem, renderBatching, type RuleBatching } from './batching';
import { naming, templated, type ActionDefinition } from './definition';
import type { IInfluxDbRuleDestination } from '../destinations';

/** How precise the time of a point is. */
export enum InfluxDbTimeUnit {
  SECONDS = 's',
  MILLISECONDS = 'ms',
  MICROSECONDS = 'us',
  NANOSECONDS = 'ns',
}

/** Options for writing messages into an InfluxDB database. Substitution templates are replaced in all texts. */
export interface InfluxDbActionOptions {
  /** The database, which InfluxDB 2 calls a bucket. */
  readonly databaseName: string;

  /** The table, which InfluxDB 2 calls a measurement. */
  readonly tableName: string;

  /**
   * The organization that owns the database, which InfluxDB 2 needs.
   *
   * @default - none
   */
  readonly organization?: string;

  /**
   * Tags of each point.
   *
   * @default - none
   */
  readonly tags?: { readonly [name: string]: string };

  /**
   * How precise the time of a point is.
   *
   * @default - as AWS IoT has it
   */
  readonly timestampUnit?: InfluxDbTimeUnit;

  /**
   * How messages are gathered into one request; as an error action it cannot.
   *
   * @default - each message is a request
   */
  readonly batching?: RuleBatching;
}

/**
 * AWS IoT reads the token with the role of the action, and needs nothing else of it.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/influxdb-rule-action.html
 */
export function influxDbAction(destination: IInfluxDbRuleDestination, options: InfluxDbActionOptions): ActionDefinition {
  const { databaseName, tableName, organization, tags = {}, timestampUnit, batching } = options;
  const entries = Object.entries(tags);
  return {
    kind: 'InfluxDb',
    env: destination.env,
    problem: () => batchingProblem(batching),
    fields: [
      naming('databaseName', databaseName),
      naming('tableName', tableName),
      templated('organization', organization),
      ...entries.flatMap(([name, value]) => [templated('tags', name), templated(`tags.${name}`, value)]),
    ],
    permissions: () => [{ actions: ['secretsmanager:GetSecretValue'], resources: [destination.secret.secretArn] }],
    encryption: { keys: [destination.secret.encryptionKey], actions: ['kms:Decrypt'] },
    wildcards: 'Secrets Manager puts characters of its own at the end of the ARN',
    isBatch: batching !== undefined,
    dependsOn: [destination],
    render: (roleArn) => ({
      influxDb: {
        roleArn,
        destinationArn: destination.topicRuleDestinationArn,
        databaseName,
        tableName,
        organization,
        tags: entries.length === 0 ? undefined : tags,
        timestampUnit,
        batchConfig: batching && renderBatching(batching),
      },
    }),
  };
}

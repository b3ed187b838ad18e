import type { KafkaAuthentication } from './kafka-authentication';
import { plain, naming, templated, type ActionDefinition } from './definition';
import type { ITopicRuleDestination } from '../destinations';

/** When a Kafka broker answers. */
export enum KafkaAcknowledgement {
  /** It does not; messages may be lost. */
  NONE = '0',
  /** When the leader of the partition has the message. */
  LEADER = '1',
}

/** Options for sending messages to an Apache Kafka cluster. Substitution templates are replaced in topic, key, partition and headers. */
export interface KafkaActionOptions {
  /** The topic. */
  readonly topic: string;

  /** The brokers to begin with, each `host:port`. */
  readonly bootstrapServers: string[];

  /** How AWS IoT shows who it is. */
  readonly authentication: KafkaAuthentication;

  /**
   * What decides about the partition: messages with the same key stay in order.
   *
   * @default - none
   */
  readonly key?: string;

  /**
   * The partition.
   *
   * @default - the broker chooses
   */
  readonly partition?: string;

  /**
   * Headers of each record.
   *
   * @default - none
   */
  readonly headers?: { readonly [name: string]: string };

  /**
   * When the broker answers.
   *
   * @default KafkaAcknowledgement.LEADER
   */
  readonly acknowledgement?: KafkaAcknowledgement;

  /**
   * More properties of the client, for example `compression.type`.
   *
   * They are in the template and in the rule for all who may read it, so that no secret belongs there.
   *
   * @default - none
   */
  readonly clientProperties?: { readonly [name: string]: string };
}

const PROTOCOL = 'security.protocol';

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/apache-kafka-rule-action.html */
export function kafkaAction(destination: ITopicRuleDestination, options: KafkaActionOptions): ActionDefinition {
  const { topic, bootstrapServers, authentication, key, partition, headers = {}, clientProperties = {} } = options;
  const entries = Object.entries(headers);
  return {
    kind: 'Kafka',
    env: destination.env,
    problem: () => problemOf(options),
    fields: [
      naming('topic', topic, { pattern: /^[\w.-]+$/, characters: 'letters, digits and ._-', maxLength: 249 }),
      templated('key', key),
      templated('partition', partition, { pattern: /^\d+$/, characters: 'digits', maxLength: 10 }),
      ...entries.flatMap(([name, value]) => [templated('headers', name), templated(`headers.${name}`, value)]),
      ...bootstrapServers.map((server) => plain('bootstrapServers', server, { pattern: /^[^\s,:/]+:\d{1,5}$/, characters: 'host:port', maxLength: 1000 })),
      ...Object.entries(clientProperties).map(([name, value]) => templated(`clientProperties.${name}`, value)),
    ],
    permissions: () => [{
      actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
      resources: [...new Set(authentication._secrets.map(({ secretArn }) => secretArn))],
    }],
    encryption: { keys: authentication._secrets.map(({ encryptionKey }) => encryptionKey), actions: ['kms:Decrypt'] },
    // Of a secret that is imported by its name, nobody knows the characters at the end of its ARN.
    wildcards: 'Secrets Manager puts characters of its own at the end of the ARN',
    dependsOn: [destination],
    render: (roleArn) => ({
      kafka: {
        destinationArn: destination.topicRuleDestinationArn,
        topic,
        key,
        partition,
        headers: entries.length === 0 ? undefined : entries.map(([name, value]) => ({ key: name, value })),
        clientProperties: {
          'acks': options.acknowledgement ?? KafkaAcknowledgement.LEADER,
          'bootstrap.servers': bootstrapServers.join(','),
          'key.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
          'value.serializer': 'org.apache.kafka.common.serialization.ByteBufferSerializer',
          ...authentication._properties(roleArn),
          ...clientProperties,
        },
      },
    }),
  };
}

function problemOf({ bootstrapServers, key, clientProperties = {} }: KafkaActionOptions): string | undefined {
  if (bootstrapServers.length === 0) {
    return "'bootstrapServers' must name at least one broker";
  }
  if (clientProperties[PROTOCOL] !== undefined && !/^(SASL_)?SSL$/.test(clientProperties[PROTOCOL])) {
    return `'clientProperties.${PROTOCOL}' must be SSL or SASL_SSL, got ${JSON.stringify(clientProperties[PROTOCOL])}`;
  }
  return key === '' ? "'key' must have characters; leave it out for none" : undefined;
}

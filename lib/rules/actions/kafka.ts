import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { plain, naming, templated, type ActionDefinition } from './definition';
import type { ITopicRuleDestination } from '../destinations';

/** How AWS IoT shows a Kafka cluster who it is; all is encrypted with TLS. */
export class KafkaAuthentication {
  /** Not at all: only the network tells who may write. */
  public static none(): KafkaAuthentication {
    return new KafkaAuthentication();
  }

  /**
   * With user name and password, as SASL/SCRAM-SHA-512.
   *
   * @param secret A JSON secret with the keys `username` and `password`, which only the role of the action may read.
   */
  public static scram(secret: secretsmanager.ISecret): KafkaAuthentication {
    return new KafkaAuthentication(secret);
  }

  private constructor(
    /** @internal */
    public readonly _secret?: secretsmanager.ISecret,
  ) {}
}

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
  const { topic, bootstrapServers, authentication: { _secret: secret }, key, partition, headers = {}, clientProperties = {} } = options;
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
    ...secret && {
      permissions: () => [{ actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], resources: [secret.secretArn] }],
      encryption: { key: secret.encryptionKey, actions: ['kms:Decrypt'] },
      // Of a secret that is imported by its name, nobody knows the characters at the end of its ARN.
      wildcards: 'Secrets Manager puts characters of its own at the end of the ARN',
    },
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
          [PROTOCOL]: secret ? 'SASL_SSL' : 'SSL',
          ...secret && {
            'sasl.mechanism': 'SCRAM-SHA-512',
            'sasl.scram.username': fromSecret(secret, 'username', roleArn),
            'sasl.scram.password': fromSecret(secret, 'password', roleArn),
          },
          ...clientProperties,
        },
      },
    }),
  };
}

/** AWS IoT reads the secret when it connects: its value is in no template. */
function fromSecret(secret: secretsmanager.ISecret, key: string, roleArn: string): string {
  return `\${get_secret('${secret.secretArn}', 'SecretString', '${key}', '${roleArn}')}`;
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

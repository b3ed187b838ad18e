import type { Value } from './value';

/** A message that a rule looks at. The rules of one message share what is read of its payload. */
export interface RuleMessage {
  /** The topic it was published to, with the prefix of Basic Ingest if there is one. */
  readonly topic: string;
  readonly payload: Buffer;

  /** The account that the rule is in. */
  readonly accountId: string;

  /** Absent when the message did not come over MQTT. */
  readonly clientId?: string;

  /** Certificate id, user id, or role id and session name. */
  readonly principal?: string;
  readonly sourceIp?: string;

  /** A UUID; absent when the message did not come over MQTT. */
  readonly traceId?: string;

  /** What MQTT 5 carries beside the payload. */
  readonly properties?: MessageProperties;
}

export interface MessageProperties {
  readonly contentType?: string;

  /** Whether the publisher says that the payload is UTF-8. */
  readonly payloadIsText?: boolean;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
  readonly userProperties?: readonly UserProperty[];
}

export interface UserProperty {
  readonly key: string;
  readonly value: string;
}

/** JSON that a provider answers; undefined is Undefined. */
export type Answer = unknown;

/**
 * What functions that need AWS ask.
 *
 * A function without its provider is Undefined, as is one whose provider throws; the outcome says why.
 */
export interface RuleProviders {
  readonly getThingShadow?: (request: { readonly thingName: string; readonly shadowName?: string; readonly roleArn: string }) => Answer;
  readonly invokeLambda?: (request: { readonly functionArn: string; readonly input: Value }) => Answer;
  readonly getDynamoDb?: (request: {
    readonly tableName: string; readonly partitionKey: KeyValue; readonly sortKey?: KeyValue; readonly roleArn: string;
  }) => Answer;
  readonly getSecret?: (request: {
    readonly secretId: string; readonly secretType: 'SecretString' | 'SecretBinary'; readonly key?: string; readonly roleArn: string;
  }) => Answer;
  readonly getRegistryData?: (request: {
    readonly api: 'DescribeThing' | 'ListThingGroupsForThing'; readonly thingName: string; readonly roleArn: string;
  }) => Answer;
  readonly predict?: (request: { readonly modelId: string; readonly roleArn: string; readonly record: Value }) => Answer;
  readonly decodeProtobuf?: (request: {
    readonly data: Buffer; readonly bucket: string; readonly key: string; readonly protoFile: string; readonly messageType: string;
  }) => Answer;
}

export interface KeyValue {
  readonly name: string;
  readonly value: Value;
}

/** Where a rule runs: time and chance are passed in, so that a test gets the same every time. */
export interface RuleEnvironment {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newUuid: () => string;

  /** A number from 0 to below 1. */
  readonly random: () => number;

  /** @default - functions that need AWS are Undefined */
  readonly providers?: RuleProviders;
}

const BASIC_INGEST = /^\$aws\/rules\/[^/]+(?:\/|$)/;

/** The topic as rules see it: without the prefix of Basic Ingest, which may be all there is. */
export function visibleTopic(topic: string): string {
  return topic.replace(BASIC_INGEST, '');
}

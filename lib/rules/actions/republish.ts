import type { Duration } from 'aws-cdk-lib';
import { NAMED_BY_MESSAGE, naming, templated, type ActionDefinition } from './definition';
import { iotArn } from '../../private/arns';
import { omitEmpty } from '../../private/omit-empty';
import { asPattern, asTopic } from '../templates';

/** How often a message is delivered. */
export enum RepublishQos {
  /** At most once. */
  AT_MOST_ONCE = 0,
  /** At least once. */
  AT_LEAST_ONCE = 1,
}

/** What is in a payload, for MQTT 5. */
export enum RepublishPayloadFormat {
  /** Bytes. */
  UNSPECIFIED_BYTES = 'UNSPECIFIED_BYTES',
  /** Text. */
  UTF8_DATA = 'UTF8_DATA',
}

/** The properties of MQTT 5 that a message is republished with. Substitution templates are replaced in all texts. */
export interface RepublishHeaders {
  /**
   * What the payload is, for example `application/json`.
   *
   * @default - not said
   */
  readonly contentType?: string;

  /**
   * What tells the one who asked which question this answers, as base64.
   *
   * @default - none
   */
  readonly correlationData?: string;

  /**
   * How long the broker keeps the message for who is not there.
   *
   * @default - as long as it keeps any
   */
  readonly messageExpiry?: Duration;

  /**
   * Whether the payload is text.
   *
   * @default - not said
   */
  readonly payloadFormat?: RepublishPayloadFormat;

  /**
   * Where an answer is to be sent.
   *
   * @default - none
   */
  readonly responseTopic?: string;

  /**
   * Properties with names of your own.
   *
   * @default - none
   */
  readonly userProperties?: { readonly [name: string]: string };
}

/** Options for publishing messages to another topic. */
export interface RepublishActionOptions {
  /**
   * How often subscribers get a message.
   *
   * @default RepublishQos.AT_MOST_ONCE
   */
  readonly qos?: RepublishQos;

  /**
   * The properties of MQTT 5.
   *
   * @default - none
   */
  readonly headers?: RepublishHeaders;
}

/** https://docs.aws.amazon.com/iot/latest/apireference/API_MqttHeaders.html */
const HEADER = { pattern: /^[^]*$/, characters: 'text', maxLength: 1024 };
const MAX_USER_PROPERTIES = 100;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/republish-rule-action.html */
export function republishAction(topic: string, { qos, headers = {} }: RepublishActionOptions): ActionDefinition {
  const { contentType, correlationData, messageExpiry, payloadFormat, responseTopic, userProperties = {} } = headers;
  const properties = Object.entries(userProperties);
  return {
    kind: 'Republish',
    publishesTo: topic,
    problem: () => problemOf(topic)
      ?? (properties.length > MAX_USER_PROPERTIES ? `'userProperties' must have at most ${MAX_USER_PROPERTIES} entries, got ${properties.length}` : undefined),
    fields: [
      naming('topic', topic, { pattern: /^[^#+*?]+$/, characters: 'a topic without wildcards', maxLength: 256 }),
      templated('contentType', contentType, HEADER),
      templated('correlationData', correlationData, { pattern: /^[A-Za-z0-9+/]*={0,2}$/, characters: 'base64', maxLength: 1024 }),
      templated('responseTopic', responseTopic, HEADER),
      ...properties.flatMap(([name, value]) => [templated('userProperties', name, HEADER), templated(`userProperties.${name}`, value, HEADER)]),
    ],
    permissions: (stack) => [{ actions: ['iot:Publish'], resources: [iotArn(stack, 'topic', asPattern(asTopic(topic)))] }],
    wildcards: NAMED_BY_MESSAGE,
    render: (roleArn) => {
      const rendered = omitEmpty({
        contentType,
        correlationData,
        messageExpiry: messageExpiry?.toSeconds().toString(),
        payloadFormatIndicator: payloadFormat,
        responseTopic,
        userProperties: properties.length === 0 ? undefined : properties.map(([key, value]) => ({ key, value })),
      });
      return { republish: { roleArn, topic, qos, ...rendered && { headers: rendered } } };
    },
  };
}

/** AWS IoT reads one `$` at the start as its own, and takes two for one of a reserved topic. */
function problemOf(topic: string): string | undefined {
  if (/^\$(?![${])/.test(topic)) {
    return `'topic' must begin with "$$" for a reserved topic, got ${JSON.stringify(topic)}; write "$${topic}"`;
  }
  return /^\$\$aws\/things\/[^/]+\/jobs\//.test(topic) ? `'topic' must not be of jobs, to which AWS IoT republishes nothing, got ${JSON.stringify(topic)}` : undefined;
}

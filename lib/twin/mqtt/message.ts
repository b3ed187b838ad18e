import { generate } from 'mqtt-packet';
import type { IPublishPacket, UserProperties } from 'mqtt-packet';

export type QoS = 0 | 1;
export type ProtocolVersion = 3 | 4 | 5;

/** The MQTT 5 properties that travel from publisher to subscriber. */
export interface MessageProperties {
  readonly payloadFormatIndicator?: boolean;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
  readonly userProperties?: UserProperties;
}

/** An application message on its way. */
export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties?: MessageProperties;

  /** Milliseconds since the epoch after which nobody is told any more. */
  readonly expiresAt?: number;

  /** Whose message it is, for subscribers that want none of their own. */
  readonly publisher?: string;
}

/** How a message goes to one subscriber. */
export interface Delivery {
  readonly message: Message;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** Keep of a packet's properties what a subscriber may see. */
export function messageProperties(properties: IPublishPacket['properties'] & object): MessageProperties {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = properties;
  return {
    ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData }),
    ...(userProperties === undefined ? {} : { userProperties }),
  };
}

/** Encoded QoS 0 packets by message: the same bytes go to every subscriber of one protocol version. */
const encoded = new WeakMap<Message, Map<string, Buffer>>();

/** The bytes of a PUBLISH to a client of that protocol version. */
export function encodePublish(
  { message, qos, retain }: Delivery, version: ProtocolVersion, now: number, messageId?: number, dup = false,
): Buffer {
  const shareable = qos === 0 && message.expiresAt === undefined;
  const key = `${version === 5 ? 5 : 4}${retain}`;
  const known = shareable ? encoded.get(message)?.get(key) : undefined;
  if (known !== undefined) {
    return known;
  }
  const packet: IPublishPacket = {
    cmd: 'publish',
    topic: message.topic,
    payload: message.payload,
    qos,
    retain,
    dup,
    ...(messageId === undefined ? {} : { messageId }),
    ...(version === 5 ? { properties: outgoingProperties(message, now) } : {}),
  };
  const bytes = generate(packet, { protocolVersion: version });
  if (shareable) {
    const versions = encoded.get(message) ?? new Map<string, Buffer>();
    encoded.set(message, versions.set(key, bytes));
  }
  return bytes;
}

function outgoingProperties({ properties, expiresAt }: Message, now: number): IPublishPacket['properties'] & object {
  // [MQTT-3.3.2-6] The interval sent on is what is left of it.
  return expiresAt === undefined
    ? { ...properties }
    : { ...properties, messageExpiryInterval: Math.max(1, Math.ceil((expiresAt - now) / 1000)) };
}

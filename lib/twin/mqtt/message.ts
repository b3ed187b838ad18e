import { generate } from 'mqtt-packet';
import type { IPublishPacket, UserProperties } from 'mqtt-packet';
import type { Clock } from '../clock';
import { PacketSeries } from './packet-series';

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

/** Who sent messages: one object for all that came over a connection. */
export interface Sender {
  /** What rules call it: a certificate id, or the id of a role and the name of a session. */
  readonly principal?: string;
  readonly sourceIp?: string;
}

/** How a message came of another one by way of rules. */
export interface Lineage {
  /** Those that have republished it, one after the other. */
  readonly rules: readonly string[];

  /** How often rules have passed on what came of the first message; all that did shares the count. */
  readonly passedOn: { count: number };
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

  /** It is the last will of its publisher. */
  readonly isWill?: true;

  /** Present for what rules have made of another message. */
  readonly lineage?: Lineage;

  /** Whose message it is, for subscribers that want none of their own. */
  readonly publisher?: string;

  /** Who sent it; nobody for what the twin itself publishes. */
  readonly sender?: Sender;
}

/** Roughly what one of the user properties takes besides its characters. */
const PROPERTY_BYTES = 64;

/** How much of a message a client chose, properties too: a packet may consist of little else. */
export function bytesOf({ topic, payload, properties }: Message): number {
  const bytes = topic.length + payload.length;
  if (properties === undefined) {
    return bytes;
  }
  const { contentType = '', responseTopic = '', correlationData = '', userProperties = {} } = properties;
  return Object.entries(userProperties).reduce(
    (sum, [name, values]) => [values].flat().reduce((all, value) => all + value.length + PROPERTY_BYTES, sum + name.length),
    bytes + contentType.length + responseTopic.length + correlationData.length,
  );
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

/**
 * The last message of each kind of packet. A message goes to all of its subscribers at once, so that remembering the last
 * spares encoding it for each of them: half the time of a fan-out.
 */
const last: ({ readonly message: Message; readonly packets: PacketSeries } | undefined)[] = [];

/** The bytes of a PUBLISH to a client of that protocol version; they may be shared, so nobody may change them. */
export function encodePublish(delivery: Delivery, version: ProtocolVersion, clock: Clock, messageId = 0, dup = false): Buffer {
  const { message, qos, retain } = delivery;
  if (dup || message.expiresAt !== undefined) {
    return encodeFresh(delivery, version, clock, messageId, dup);
  }
  const kind = (version === 5 ? 4 : 0) + 2 * qos + (retain ? 1 : 0);
  if (last[kind]?.message !== message) {
    last[kind] = { message, packets: new PacketSeries((id) => encodeFresh(delivery, version, clock, id, false)) };
  }
  const { packets } = last[kind];
  return qos === 0 ? packets.only : packets.packet(messageId);
}

function encodeFresh({ message, qos, retain }: Delivery, version: ProtocolVersion, clock: Clock, messageId: number, dup: boolean): Buffer {
  const { topic, payload } = message;
  return generate({
    cmd: 'publish',
    topic,
    payload,
    qos,
    retain,
    dup,
    messageId,
    ...(version === 5 ? { properties: outgoingProperties(message, clock) } : {}),
  }, { protocolVersion: version });
}

function outgoingProperties({ properties, expiresAt }: Message, clock: Clock): IPublishPacket['properties'] & object {
  // [MQTT-3.3.2-6] The interval sent on is what is left of it.
  return expiresAt === undefined
    ? { ...properties }
    : { ...properties, messageExpiryInterval: Math.max(1, Math.ceil((expiresAt - clock.now()) / 1000)) };
}

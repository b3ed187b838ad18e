import type { Packet } from 'mqtt-packet';

/** Properties of a packet, as the parser reads them. */
type Properties = { readonly [name: string]: unknown };

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const binary: Check = (value) => Buffer.isBuffer(value);
const flag: Check = (value) => typeof value === 'boolean';
const number: Check = (value) => typeof value === 'number' && value >= 0;
const positive: Check = (value) => typeof value === 'number' && value > 0;
const topicName: Check = (value) => typeof value === 'string' && !/[+#\0]/.test(value);
const pairs: Check = (value) => Object.values(value ?? {}).flat().every(text);

const MESSAGE = {
  payloadFormatIndicator: flag,
  messageExpiryInterval: number,
  contentType: text,
  // [MQTT-3.3.2-14]
  responseTopic: topicName,
  correlationData: binary,
  userProperties: pairs,
} as const;

const ACKNOWLEDGEMENT = { reasonString: text, userProperties: pairs } as const;

/**
 * The properties that each packet of a client may carry, each once except for user properties. The parser takes any
 * property in any packet, gives those that come twice as a list, and those cut short as null, -1 or undefined.
 *
 * @see https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901029
 */
const PROPERTIES: { readonly [cmd: string]: { readonly [name: string]: Check } | undefined } = {
  connect: {
    sessionExpiryInterval: number,
    // [MQTT-3.1.2-24] 0 is a protocol error, here and for the next.
    receiveMaximum: positive,
    maximumPacketSize: positive,
    topicAliasMaximum: number,
    requestResponseInformation: flag,
    requestProblemInformation: flag,
    authenticationMethod: text,
    authenticationData: binary,
    userProperties: pairs,
  },
  publish: { ...MESSAGE, topicAlias: number },
  subscribe: { subscriptionIdentifier: positive, userProperties: pairs },
  unsubscribe: { userProperties: pairs },
  puback: ACKNOWLEDGEMENT,
  disconnect: { ...ACKNOWLEDGEMENT, sessionExpiryInterval: number, serverReference: text },
};

const WILL_PROPERTIES = { ...MESSAGE, willDelayInterval: number } as const;

/**
 * What is wrong with a packet that the parser let pass; undefined when nothing is.
 *
 * @param end where the parser stopped reading; it may read on into the bytes of the next packet
 */
export function objectToPacket(packet: Packet, end: number): string | undefined {
  const length = packet.length ?? 0;
  // The rest of a PUBLISH is its payload.
  if (packet.cmd === 'publish' ? end > length : end !== length) {
    return `its content takes ${end} bytes where its length says ${length}`;
  }
  if (needsIdentifier(packet) && !((packet.messageId ?? 0) > 0)) {
    // [MQTT-2.2.1-3]
    return 'it lacks a packet identifier';
  }
  switch (packet.cmd) {
    case 'connect':
      return objectToProperties(packet.properties, PROPERTIES.connect)
        ?? objectToProperties(packet.will?.properties, WILL_PROPERTIES);
    case 'subscribe':
      // [MQTT-3.8.3-3]
      return packet.subscriptions.length === 0 ? 'it names no topic filter' : objectToProperties(packet.properties, PROPERTIES.subscribe);
    case 'unsubscribe':
      // [MQTT-3.10.3-2]
      return packet.unsubscriptions.length === 0 ? 'it names no topic filter' : objectToProperties(packet.properties, PROPERTIES.unsubscribe);
    default:
      return 'properties' in packet ? objectToProperties(packet.properties, PROPERTIES[packet.cmd]) : undefined;
  }
}

function needsIdentifier(packet: Packet): packet is Packet & { readonly messageId?: number } {
  const { cmd } = packet;
  return cmd === 'subscribe' || cmd === 'unsubscribe' || cmd === 'puback' || (cmd === 'publish' && packet.qos > 0);
}

function objectToProperties(properties: Properties | undefined, checks: { readonly [name: string]: Check } = {}): string | undefined {
  for (const name in properties) {
    if (!Object.hasOwn(checks, name)) {
      return `the property ${name} does not belong there`;
    }
    if (!checks[name]!(properties[name])) {
      return `the property ${name} is cut short, out of range or there twice`;
    }
  }
  return undefined;
}

import type { IPublishPacket } from 'mqtt-packet';
import { LIMITS } from '../../limits';
import type { Connection } from '../connection';
import { messageProperties } from '../message';
import type { Message } from '../message';
import { ReasonCode } from '../reason-codes';
import { objectToReservedTopic } from '../reserved-topics';
import { objectToTopicName } from '../topic-syntax';

/** PUBLISH: checked for `iot:Publish`, and `iot:RetainPublish` where RETAIN is set; a refusal ends the connection. */
export function handlePublish(connection: Connection, packet: IPublishPacket): void {
  const topic = resolveAlias(connection, packet);
  if (topic === undefined) {
    return;
  }
  const refusal = objectToMessage(topic, packet);
  if (refusal !== undefined) {
    connection.refuse(refusal.reasonCode, `publish to '${topic}': ${refusal.reason}`);
    return;
  }
  const allowed = connection.may({ action: 'iot:Publish', resource: topic })
    && (!packet.retain || connection.may({ action: 'iot:RetainPublish', resource: topic }));
  if (!allowed) {
    connection.close(ReasonCode.NOT_AUTHORIZED, `not authorized to publish to '${topic}'`);
    return;
  }
  if (topic[0] !== '$' || connection.around.service?.receive(topic, packet.payload as Buffer, connection) !== true) {
    connection.around.broker.publish(messageOf(connection, packet, topic));
  }
  if (packet.qos === 1) {
    connection.acknowledge(packet.messageId!);
  }
}

function messageOf(connection: Connection, packet: IPublishPacket, topic: string): Message {
  const { qos, retain, payload, properties } = packet;
  const expiry = properties?.messageExpiryInterval;
  return {
    topic,
    // The parser hands out views of what it read; a message that waits or is retained must not keep all of that.
    payload: qos === 0 && !retain ? payload as Buffer : Buffer.from(payload as Buffer),
    qos: qos === 1 ? 1 : 0,
    retain,
    publisher: connection.clientId,
    sender: connection.sender,
    ...(properties === undefined ? {} : { properties: messageProperties(properties) }),
    ...(expiry === undefined ? {} : { expiresAt: connection.around.clock.now() + expiry * 1000 }),
  };
}

/** The topic of a packet, which may be given by a number agreed on before; undefined when the connection was refused. */
function resolveAlias(connection: Connection, { topic, properties }: IPublishPacket): string | undefined {
  const alias = properties?.topicAlias;
  if (alias === undefined) {
    return topic;
  }
  if (alias === 0 || alias > LIMITS.topicAliases) {
    connection.refuse(ReasonCode.TOPIC_ALIAS_INVALID, `topic alias ${alias} is not between 1 and ${LIMITS.topicAliases}`);
    return undefined;
  }
  if (topic !== '') {
    connection.aliases.set(alias, topic);
    return topic;
  }
  const known = connection.aliases.get(alias);
  if (known === undefined) {
    connection.refuse(ReasonCode.PROTOCOL_ERROR, `topic alias ${alias} was never set`);
  }
  return known;
}

/** What AWS IoT takes from nobody, published or left as a last will. */
export function objectToMessage(
  topic: string, { qos, retain, payload }: Pick<IPublishPacket, 'qos' | 'retain' | 'payload'>,
): { reasonCode: ReasonCode; reason: string } | undefined {
  const objection = objectToTopicName(topic);
  if (objection !== undefined) {
    return { reasonCode: ReasonCode.TOPIC_NAME_INVALID, reason: objection };
  }
  if (qos === 2) {
    return { reasonCode: ReasonCode.QOS_NOT_SUPPORTED, reason: 'AWS IoT has no QoS 2' };
  }
  if (payload.length > LIMITS.payloadBytes) {
    return { reasonCode: ReasonCode.PACKET_TOO_LARGE, reason: `the payload is larger than ${LIMITS.payloadBytes} bytes` };
  }
  const reserved = objectToReservedTopic(topic);
  if (reserved !== undefined) {
    return { reasonCode: ReasonCode.NOT_AUTHORIZED, reason: reserved };
  }
  // https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-retain
  return retain && topic.startsWith('$')
    ? { reasonCode: ReasonCode.NOT_AUTHORIZED, reason: 'messages to reserved topics cannot be retained' }
    : undefined;
}

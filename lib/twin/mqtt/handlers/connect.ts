import type { IConnectPacket } from 'mqtt-packet';
import type { AuthorizationRequest } from '../../../policy';
import { LIMITS } from '../../limits';
import type { Connection, Will } from '../connection';
import { messageProperties } from '../message';
import { ReasonCode, ReturnCode } from '../reason-codes';
import { objectToTopicName } from '../topic-syntax';

const MAX_UINT16 = 0xffff;
const MAX_UINT32 = 0xffff_ffff;

/** CONNECT: the client id, the last will and the policies decide. */
export function handleConnect(connection: Connection, packet: IConnectPacket): void {
  const { broker, guard, journal, newClientId } = connection.around;
  connection.speak(packet);
  const assigned = packet.clientId === '' ? newClientId() : undefined;
  if (assigned !== undefined) {
    connection.asker.clientId = assigned;
  }

  const objection = objectToClientId(connection.clientId) ?? objectToWill(packet);
  if (objection !== undefined) {
    journal.note(connection.asker, 'refused', objection);
    reject(connection, ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, ReturnCode.IDENTIFIER_REJECTED, objection);
    return;
  }

  const { authorizer, thingName } = connection.caller.identify(connection.clientId);
  if (thingName !== undefined) {
    connection.asker.thingName = thingName;
  }
  if (!guard.allowsOperation(connection.asker, authorizer, connectRequest(connection.clientId, packet))) {
    reject(connection, ReasonCode.NOT_AUTHORIZED, ReturnCode.NOT_AUTHORIZED, 'not authorized');
    return;
  }

  const { session, present } = broker.open(connection.clientId, connection, packet.clean === true);
  session.expirySec = sessionExpiry(connection, packet);
  const keepAliveSec = keepAlive(packet.keepalive ?? 0);
  const { receiveMaximum, maximumPacketSize } = packet.properties ?? {};
  connection.establish({
    session,
    authorizer,
    keepAliveSec,
    receiveMaximum: receiveMaximum ?? MAX_UINT16,
    maximumPacketSize: maximumPacketSize ?? MAX_UINT32,
  });
  connection.will = willOf(connection, packet);
  connection.send({
    cmd: 'connack',
    sessionPresent: present,
    returnCode: ReturnCode.ACCEPTED,
    reasonCode: ReasonCode.SUCCESS,
    ...(connection.isMqtt5 ? { properties: connackProperties(session.expirySec, keepAliveSec, assigned) } : {}),
  });
  journal.note(connection.asker, 'connected', `MQTT ${connection.isMqtt5 ? '5' : '3.1.1'}`);
  session.attach(connection);
}

/** What the policies are asked. The attributes in use count even where a policy does not mention them. */
function connectRequest(clientId: string, { clean, will, properties, protocolVersion }: IConnectPacket): AuthorizationRequest {
  const persistent = protocolVersion === 5 ? (properties?.sessionExpiryInterval ?? 0) > 0 : clean !== true;
  return {
    action: 'iot:Connect',
    resource: clientId,
    connectAttributes: [...(persistent ? ['PersistentConnect'] : []), ...(will === undefined ? [] : ['LastWill'])],
    ...(will === undefined ? {} : { lastWill: { topic: will.topic, retain: will.retain === true } }),
  };
}

function objectToClientId(clientId: string): string | undefined {
  if (Buffer.byteLength(clientId) > LIMITS.clientIdBytes) {
    return `the client id is longer than ${LIMITS.clientIdBytes} bytes`;
  }
  return clientId.startsWith('$') ? "a client id must not start with '$'" : undefined;
}

function objectToWill({ will }: IConnectPacket): string | undefined {
  if (will === undefined) {
    return undefined;
  }
  const objection = objectToTopicName(will.topic);
  if (objection !== undefined) {
    return `last will topic: ${objection}`;
  }
  if ((will.qos ?? 0) > 1) {
    return 'AWS IoT has no QoS 2, not for a last will either';
  }
  return will.payload.length > LIMITS.payloadBytes ? `the last will is larger than ${LIMITS.payloadBytes} bytes` : undefined;
}

function reject(connection: Connection, reasonCode: number, returnCode: number, reason: string): void {
  connection.send({
    cmd: 'connack',
    sessionPresent: false,
    ...(connection.isMqtt5 ? { reasonCode, properties: { reasonString: reason } } : { returnCode }),
  });
  connection.end(reason);
}

function sessionExpiry({ isMqtt5 }: Connection, { clean, properties }: IConnectPacket): number {
  return isMqtt5
    ? Math.min(properties?.sessionExpiryInterval ?? 0, LIMITS.sessionExpiryMaxSec)
    : clean === true ? 0 : LIMITS.sessionExpirySec;
}

/** 0 or too long: the longest; too short: the shortest. */
function keepAlive(requestedSec: number): number {
  return requestedSec === 0 || requestedSec > LIMITS.keepAliveMaxSec
    ? LIMITS.keepAliveMaxSec
    : Math.max(requestedSec, LIMITS.keepAliveMinSec);
}

function willOf(connection: Connection, { will }: IConnectPacket): Will | undefined {
  if (will === undefined) {
    return undefined;
  }
  const { willDelayInterval, messageExpiryInterval, ...properties } = will.properties ?? {};
  return {
    delaySec: willDelayInterval ?? 0,
    message: {
      topic: will.topic,
      payload: Buffer.from(will.payload),
      qos: will.qos === 1 ? 1 : 0,
      retain: will.retain === true,
      properties: messageProperties(properties),
      publisher: connection.clientId,
      ...(messageExpiryInterval === undefined ? {} : {
        expiresAt: connection.around.clock.now() + ((willDelayInterval ?? 0) + messageExpiryInterval) * 1000,
      }),
    },
  };
}

/** What AWS IoT announces to MQTT 5 clients. */
function connackProperties(sessionExpiryInterval: number, serverKeepAlive: number, assigned: string | undefined): object {
  return {
    sessionExpiryInterval,
    serverKeepAlive,
    receiveMaximum: LIMITS.inflight,
    maximumQoS: 1,
    retainAvailable: true,
    maximumPacketSize: LIMITS.packetBytes,
    topicAliasMaximum: LIMITS.topicAliases,
    wildcardSubscriptionAvailable: true,
    subscriptionIdentifiersAvailable: false,
    sharedSubscriptionAvailable: true,
    ...(assigned === undefined ? {} : { assignedClientIdentifier: assigned }),
  };
}

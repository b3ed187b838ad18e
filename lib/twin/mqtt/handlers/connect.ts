import type { IConnectPacket } from 'mqtt-packet';
import type { AuthorizationRequest } from '../../../policy';
import { LIMITS } from '../../limits';
import type { ClientIdentity, Refused } from '../caller';
import type { Connection, Will } from '../connection';
import { messageProperties } from '../message';
import { ReasonCode, ReturnCode, reasonString } from '../reason-codes';
import { objectToMessage } from './publish';

const MAX_UINT16 = 0xffff;
const MAX_UINT32 = 0xffff_ffff;

/** CONNECT: the client id, the last will and the policies decide. */
export function handleConnect(connection: Connection, packet: IConnectPacket): void {
  const { journal, newClientId } = connection.around;
  connection.speak(packet);
  const assigned = packet.clientId === '' ? newClientId() : undefined;
  if (assigned !== undefined) {
    connection.asker.clientId = assigned;
  }

  const refusal = objectToProtocol(packet) ?? objectToClientId(packet) ?? objectToWill(packet);
  if (refusal !== undefined) {
    journal.note(connection.asker, 'refused', refusal.reason);
    reject(connection, refusal);
    return;
  }

  const { username, password } = packet;
  const found = connection.caller.identify({
    clientId: connection.clientId,
    assigned: assigned !== undefined,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
  });
  if (!(found instanceof Promise)) {
    admit(connection, packet, found, assigned);
    return;
  }
  void connection.pause(found)
    // A fault of the twin: refused, as nothing is more closed.
    .catch((error: unknown): Refused => ({ refused: `the twin failed: ${error instanceof Error ? error.message : String(error)}` }))
    .then((identity) => {
      if (!connection.isClosed) {
        admit(connection, packet, identity, assigned);
        connection.resume();
      }
    })
    .catch((error: unknown) => connection.refuse(ReasonCode.UNSPECIFIED_ERROR, `the twin could not handle a packet: ${(error as Error).message}`));
}

/** Let the client in, if the policies do. */
function admit(connection: Connection, packet: IConnectPacket, identity: ClientIdentity | Refused, assigned: string | undefined): void {
  const { broker, guard, journal, watcher } = connection.around;
  if ('refused' in identity) {
    journal.note(connection.asker, 'refused', identity.refused);
    reject(connection, NOT_AUTHORIZED);
    watcher?.connectFailed(connection);
    return;
  }
  const { thingName, principal, principalId } = identity;
  connection.principalId = principalId;
  Object.assign(connection.asker, { ...(thingName && { thingName }), ...(principal && { principal }) });
  if (!guard.allowsOperation(connection.asker, identity.authorizer, connectRequest(connection.clientId, packet))) {
    reject(connection, NOT_AUTHORIZED);
    watcher?.connectFailed(connection);
    return;
  }

  if (!broker.hasRoomFor(connection.clientId)) {
    const reason = 'the twin keeps no more sessions';
    journal.note(connection.asker, 'refused', reason);
    reject(connection, { reasonCode: ReasonCode.QUOTA_EXCEEDED, returnCode: ReturnCode.SERVER_UNAVAILABLE, reason });
    return;
  }
  const { session, present } = broker.open(connection.clientId, connection, packet.clean === true);
  session.expirySec = sessionExpiry(connection, packet);
  const keepAliveSec = keepAlive(packet.keepalive ?? 0);
  const { receiveMaximum, maximumPacketSize } = packet.properties ?? {};
  connection.establish({
    session,
    identity,
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
  watcher?.connected(connection);
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

/** Why a CONNECT is refused. */
interface Refusal {
  readonly reason: string;

  /** For MQTT 5. */
  readonly reasonCode: ReasonCode;

  /** For MQTT 3.1.1; absent where it has none, and the connection is closed without an answer. */
  readonly returnCode?: number;
}

/** The client is not told why: what the policies say is not for strangers. */
const NOT_AUTHORIZED: Refusal = { reasonCode: ReasonCode.NOT_AUTHORIZED, returnCode: ReturnCode.NOT_AUTHORIZED, reason: 'not authorized' };

function objectToProtocol({ protocolId, protocolVersion, bridgeMode, properties }: IConnectPacket & { bridgeMode?: boolean }): Refusal | undefined {
  if (protocolId !== 'MQTT' || protocolVersion === 3 || bridgeMode === true) {
    return {
      reason: 'AWS IoT speaks MQTT 3.1.1 and 5, not MQTT 3.1 or a bridge\'s variant',
      reasonCode: ReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
      returnCode: ReturnCode.UNACCEPTABLE_PROTOCOL_VERSION,
    };
  }
  return properties?.authenticationMethod === undefined
    ? undefined
    : { reason: 'AWS IoT has no enhanced authentication', reasonCode: ReasonCode.BAD_AUTHENTICATION_METHOD };
}

function objectToClientId({ clientId, clean, protocolVersion }: IConnectPacket): Refusal | undefined {
  const invalid = { reasonCode: ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, returnCode: ReturnCode.IDENTIFIER_REJECTED };
  // [MQTT-3.1.3-8] of MQTT 3.1.1
  if (clientId === '' && protocolVersion === 4 && clean !== true) {
    return { ...invalid, reason: 'a persistent session needs a client id' };
  }
  if (Buffer.byteLength(clientId) > LIMITS.clientIdBytes) {
    return { ...invalid, reason: `the client id is longer than ${LIMITS.clientIdBytes} bytes` };
  }
  return clientId.startsWith('$') ? { ...invalid, reason: "a client id must not start with '$'" } : undefined;
}

function objectToWill({ will }: IConnectPacket): Refusal | undefined {
  if (will === undefined) {
    return undefined;
  }
  const refusal = objectToMessage(will.topic, { qos: will.qos ?? 0, retain: will.retain === true, payload: will.payload });
  return refusal === undefined ? undefined : { ...refusal, reason: `last will to '${will.topic}': ${refusal.reason}` };
}

function reject(connection: Connection, { reasonCode, returnCode, reason }: Refusal): void {
  if (connection.isMqtt5) {
    connection.send({ cmd: 'connack', sessionPresent: false, reasonCode, properties: { reasonString: reasonString(reason) } });
  } else if (returnCode !== undefined) {
    connection.send({ cmd: 'connack', sessionPresent: false, returnCode });
  }
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
      isWill: true,
      properties: messageProperties(properties),
      publisher: connection.clientId,
      sender: connection.sender,
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

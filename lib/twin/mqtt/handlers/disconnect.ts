import type { IDisconnectPacket } from 'mqtt-packet';
import { LIMITS } from '../../limits';
import type { Connection } from '../connection';
import { ReasonCode } from '../reason-codes';

/** DISCONNECT: the client goes, and takes its last will with it unless it says otherwise. */
export function handleDisconnect(connection: Connection, { reasonCode, properties }: IDisconnectPacket): void {
  if (reasonCode !== ReasonCode.DISCONNECT_WITH_WILL) {
    connection.will = undefined;
  }
  const { session } = connection.established!;
  const expiry = properties?.sessionExpiryInterval;
  // [MQTT-3.1.2-23] A session that was to end with the connection cannot be prolonged now.
  if (expiry !== undefined && session.expirySec > 0) {
    session.expirySec = Math.min(expiry, LIMITS.sessionExpiryMaxSec);
  }
  connection.end('the client disconnected');
}

import type { IDisconnectPacket } from 'mqtt-packet';
import { LIMITS } from '../../limits';
import type { Connection } from '../connection';
import { ReasonCode } from '../reason-codes';

/** DISCONNECT: the client goes, and takes its last will with it unless its reason code says otherwise. */
export function handleDisconnect(connection: Connection, { reasonCode, properties }: IDisconnectPacket): void {
  const { session } = connection.established!;
  const expiry = properties?.sessionExpiryInterval ?? session.expirySec;
  // https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901211
  if (session.expirySec === 0 && expiry > 0) {
    connection.refuse(ReasonCode.PROTOCOL_ERROR, 'DISCONNECT: a session that was to end with the connection cannot be prolonged');
    return;
  }
  session.expirySec = Math.min(expiry, LIMITS.sessionExpiryMaxSec);
  // [MQTT-3.14.4-3] Only a normal disconnection takes the last will back.
  if ((reasonCode ?? ReasonCode.SUCCESS) === ReasonCode.SUCCESS) {
    connection.will = undefined;
  }
  connection.end('the client disconnected', ReasonCode.SUCCESS);
}

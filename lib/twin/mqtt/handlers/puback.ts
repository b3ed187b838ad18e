import type { IPubackPacket } from 'mqtt-packet';
import type { Connection } from '../connection';

/** PUBACK: the client has the message; whatever its reason code says, it is not sent again. */
export function handlePuback(connection: Connection, { messageId }: IPubackPacket): void {
  connection.established!.session.acknowledge(messageId!);
}

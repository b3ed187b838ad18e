import type { Connection } from '../connection';

/** PINGREQ: the client is there. */
export function handlePingreq(connection: Connection): void {
  connection.send({ cmd: 'pingresp' });
}

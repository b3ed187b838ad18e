import { once } from 'node:events';
import { connect } from 'node:tls';
import { generate } from 'mqtt-packet';
import type { Packet } from 'mqtt-packet';
import { filters } from './fleet';
import type { KeyPair } from '../lib/twin/pki/authority';

const FLOOD_CHUNK = Buffer.alloc(100 * 1024);
const FLOOD_BYTES = 40 * 1024 * 1024;
const PAUSE_MS = 20;
const PATIENCE_MS = 20_000;

/** Subscribe, stop reading while others go on sending, and tell whether the broker cut the connection. */
export async function isStalledSubscriberCut(
  name: string, port: number, { certificatePem, privateKeyPem }: KeyPair, ca: string, flood: (payload: Buffer) => void,
): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, cert: certificatePem, key: privateKeyPem });
  socket.on('error', () => {});
  const ask = async (packet: Packet): Promise<void> => {
    socket.write(generate(packet));
    await once(socket, 'data');
  };
  await once(socket, 'secureConnect');
  await ask({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: name, clean: true, keepalive: 1200 });
  await ask({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filters.commands(name), qos: 0 }] });
  socket.pause();
  for (let sent = 0; sent < FLOOD_BYTES; sent += FLOOD_CHUNK.length) {
    flood(FLOOD_CHUNK);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  let received = 0;
  socket.on('data', (chunk: Buffer) => { received += chunk.length; }).resume();
  const cut = once(socket, 'close').then(() => true);
  const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), PATIENCE_MS).unref());
  const wasCut = await Promise.race([cut, late]);
  socket.destroy();
  return wasCut && received < FLOOD_BYTES;
}

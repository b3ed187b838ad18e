import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { generate, parser as createParser } from 'mqtt-packet';
import type { IConnectPacket, Packet } from 'mqtt-packet';
import type { ConnectionKit } from '../../../lib/twin';
import { Inbox, within } from './inbox';

export type Identity = Pick<ConnectionKit, 'endpoint' | 'mqttPort' | 'rootCaPem'> & Partial<Pick<ConnectionKit, 'privateKeyPem' | 'certificatePem'>>;

/** A TLS socket on which a test sends bytes as it likes. */
export class RawClient {
  public readonly packets = new Inbox<Packet>();
  public readonly closed: Promise<void>;
  private readonly parser;

  private constructor(public readonly socket: TLSSocket, private readonly version: 4 | 5) {
    this.parser = createParser({ protocolVersion: version });
    this.parser.on('packet', (packet: Packet) => this.packets.push(packet));
    socket.on('data', (chunk: Buffer) => this.parser.parse(chunk));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** Fails with the reason of a handshake that fails. */
  public static async open(identity: Identity, version: 4 | 5 = 4, options: ConnectionOptions = {}): Promise<RawClient> {
    const socket = connect({
      host: identity.endpoint,
      servername: identity.endpoint,
      port: identity.mqttPort,
      ca: identity.rootCaPem,
      ...(identity.privateKeyPem === undefined ? {} : { key: identity.privateKeyPem, cert: identity.certificatePem }),
      ...options,
    });
    const client = new RawClient(socket, version);
    await within('TLS handshake', new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    }));
    return client;
  }

  /** Open and CONNECT. */
  public static async connect(kit: ConnectionKit, version: 4 | 5 = 4, connect: Partial<IConnectPacket> = {}): Promise<RawClient> {
    const client = await RawClient.open(kit, version);
    client.send(connectPacket(kit.clientId, version, connect));
    await client.packet('connack');
    return client;
  }

  public send(packet: Packet): void {
    this.write(generate(packet, { protocolVersion: this.version }));
  }

  public write(bytes: Buffer | readonly number[]): void {
    this.socket.write(Buffer.from(bytes as Buffer));
  }

  public packet(cmd: Packet['cmd']): Promise<Packet> {
    return this.packets.next(cmd.toUpperCase(), (packet) => packet.cmd === cmd);
  }

  /** Fails when the connection stays open. */
  public async end(): Promise<void> {
    await within('the end of the connection', this.closed);
  }

  /** Go without a word. */
  public async vanish(): Promise<void> {
    this.socket.destroy();
    await this.end();
  }
}

export function connectPacket(clientId: string, version: 4 | 5 = 4, more: Partial<IConnectPacket> = {}): IConnectPacket {
  return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: version, clean: true, keepalive: 60, clientId, ...more };
}

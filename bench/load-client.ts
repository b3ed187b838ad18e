import { once } from 'node:events';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { generate, parser as createParser } from 'mqtt-packet';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { KeyPair } from '../lib/twin/pki/authority';

export type QoS = 0 | 1;

/** Bytes of a PUBACK in MQTT 3.1.1. */
const ACK_BYTES = 4;

/** Every PUBACK there is, by its identifier, so that runs of identifiers are acknowledged with one slice. */
const ACKS = Buffer.concat(Array.from({ length: 0x10000 }, (_, messageId) => generate({ cmd: 'puback', messageId: messageId || 1 })));

/** Packets of one size: how large, and where the identifier stands. */
export interface Shape {
  readonly size: number;
  readonly idAt: number;
}

export function encode(topic: string, payload: Buffer, qos: QoS, messageId: number): Buffer {
  const packet: IPublishPacket = { cmd: 'publish', topic, payload, qos, retain: false, dup: false, ...(qos === 1 ? { messageId } : {}) };
  return generate(packet);
}

/** The shape of a message's packets, found by comparing two of them. */
export function shapeOf(topic: string, payload: Buffer, qos: QoS): Shape {
  const one = encode(topic, payload, qos, 0x0101);
  const other = encode(topic, payload, qos, 0x0202);
  return { size: one.length, idAt: one.findIndex((byte, index) => byte !== other[index]) };
}

/**
 * A client so cheap that brokers are the bottleneck: it sends slices of packets made beforehand, and counts what it
 * receives by size instead of parsing it.
 */
export class LoadClient {
  /** Messages counted since `count` was called. */
  public received = 0;

  /** Published with QoS 1 and not acknowledged yet. */
  public unacknowledged = 0;

  private readonly parser = createParser();
  private counting: { readonly shape: Shape; readonly qos: QoS; readonly onMessages: (count: number) => void } | undefined;
  private rest: Buffer = Buffer.alloc(0);
  private acksRest = 0;
  private publishing: { readonly ring: Buffer; readonly size: number; readonly qos: QoS; readonly onAcks: () => void } | undefined;
  private next = 0;
  private readonly acks: Buffer[] = [];

  private constructor(public readonly name: string, private readonly socket: TLSSocket) {
    this.parser.on('error', (error: Error) => this.fail(error.message));
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('close', () => this.fail('the broker closed the connection'));
    socket.on('error', (error: Error) => this.fail(error.message));
  }

  public static async open(name: string, port: number, { certificatePem, privateKeyPem }: KeyPair, ca: string): Promise<LoadClient> {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, cert: certificatePem, key: privateKeyPem });
    const client = new LoadClient(name, socket);
    await once(socket, 'secureConnect');
    socket.setNoDelay(true);
    await client.ask({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: name, clean: true, keepalive: 1200 }, 'connack');
    return client;
  }

  public async subscribe(topic: string, qos: QoS): Promise<void> {
    const answer = await this.ask({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] }, 'suback');
    if (answer.cmd !== 'suback' || answer.granted[0] !== qos) {
      this.fail(`was not granted ${topic}`);
    }
  }

  public async unsubscribe(topic: string): Promise<void> {
    await this.ask({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [topic] }, 'unsuback');
  }

  /** From now on everything that arrives is messages of this shape. */
  public count(shape: Shape, qos: QoS, onMessages: (count: number) => void): void {
    this.received = 0;
    this.counting = { shape, qos, onMessages };
  }

  /** From now on everything that arrives is acknowledgements of what `publish` sends: a window of messages, over and over. */
  public prepare(topic: string, payload: Buffer, qos: QoS, window: number, onAcks: () => void): void {
    const packets = Array.from({ length: window }, (_, index) => encode(topic, payload, qos, index + 1));
    this.publishing = { ring: Buffer.concat(packets), size: packets[0]!.length, qos, onAcks };
    this.next = 0;
  }

  public publish(count: number): void {
    const { ring, size, qos } = this.publishing!;
    let left = count;
    while (left > 0) {
      const taken = Math.min(left, ring.length / size - this.next);
      this.socket.write(ring.subarray(this.next * size, (this.next + taken) * size));
      this.next = (this.next + taken) % (ring.length / size);
      left -= taken;
    }
    this.unacknowledged += qos === 1 ? count : 0;
  }

  /** Hang up. */
  public close(): void {
    this.socket.removeAllListeners('close').destroy();
  }

  /** Parse what arrives again. */
  public parse(): void {
    this.counting = undefined;
    this.publishing = undefined;
  }

  private receive(chunk: Buffer): void {
    if (this.counting !== undefined) {
      this.countMessages(chunk);
    } else if (this.publishing !== undefined) {
      const acks = Math.floor((chunk.length + this.acksRest) / ACK_BYTES);
      this.acksRest = (chunk.length + this.acksRest) % ACK_BYTES;
      this.unacknowledged -= acks;
      this.publishing.onAcks();
    } else {
      this.parser.parse(chunk);
    }
  }

  private countMessages(chunk: Buffer): void {
    const { shape: { size, idAt }, qos, onMessages } = this.counting!;
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const count = Math.floor(bytes.length / size);
    if (qos === 1) {
      for (let at = idAt; at < count * size; at += size) {
        this.acknowledge(bytes.readUInt16BE(at));
      }
    }
    this.rest = bytes.subarray(count * size);
    this.received += count;
    onMessages(count);
  }

  private acknowledge(messageId: number): void {
    const ack = ACKS.subarray(messageId * ACK_BYTES, (messageId + 1) * ACK_BYTES);
    if (this.acks.push(ack) === 1) {
      setImmediate(() => this.socket.write(Buffer.concat(this.acks.splice(0))));
    }
  }

  private ask(packet: Packet, answer: Packet['cmd']): Promise<Packet> {
    return new Promise((resolve) => {
      this.parser.once('packet', (received: Packet) => {
        if (received.cmd !== answer) {
          this.fail(`expected ${answer}, got ${received.cmd}`);
        }
        resolve(received);
      });
      this.socket.write(generate(packet));
    });
  }

  private fail(reason: string): never {
    throw new Error(`${this.name}: ${reason}`);
  }
}

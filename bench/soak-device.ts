import { connect } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import { filters, topics } from './fleet';
import type { KeyPair } from '../lib/twin/pki/authority';

const RECONNECT_MS = 500;

/** What the hub hears when a device goes without a word. */
export const GONE = (device: string): string => `dt/bench/${device}/gone`;
export const STATE = (device: string): string => `dt/bench/${device}/state`;

/** Options of a client that comes back to its session whenever it loses its connection. */
export function persistent(name: string, port: number, key: KeyPair, ca: string, version: 4 | 5): IClientOptions {
  return {
    host: '127.0.0.1', port, protocol: 'mqtts', servername: 'localhost', ca, cert: key.certificatePem, key: key.privateKeyPem,
    clientId: name,
    protocolVersion: version,
    clean: false,
    ...(version === 5 ? { properties: { sessionExpiryInterval: 3600 } } : {}),
    reconnectPeriod: RECONNECT_MS,
    resubscribe: false,
    queueQoSZero: false,
    keepalive: 60,
  };
}

/** Which numbers of a sender have arrived; some twice, as QoS 1 allows. */
export class Arrivals {
  public reordered = 0;
  private last = 0;
  private readonly missing = new Set<number>();

  public add(number: number): void {
    for (let skipped = this.last + 1; skipped < number; skipped++) {
      this.missing.add(skipped);
      this.reordered += 1;
    }
    this.missing.delete(number);
    this.last = Math.max(this.last, number);
  }

  /** How many of the first `sent` numbers never came. */
  public lost(sent: number): number {
    return this.missing.size + Math.max(0, sent - this.last);
  }
}

/** One device of the soak test: it numbers what it sends to its neighbour, and checks what its other neighbour sends. */
export class SoakDevice {
  public readonly heard = new Arrivals();
  public sent = 0;
  public statesSent = 0;
  public alerts = 0;

  /** Times that it went without a word, and the hub must hear so. */
  public dropped = 0;
  public disconnected = 0;
  private listening = false;

  private constructor(public readonly name: string, private readonly neighbour: string, private readonly client: MqttClient) {
    client.on('error', () => {});
    client.on('close', () => { this.disconnected += 1; });
    client.on('message', (topic, payload) => {
      if (topic === topics.command(name)) {
        this.heard.add(Number(payload.toString().trim()));
      } else {
        this.alerts += 1;
      }
    });
  }

  public static async open(name: string, neighbour: string, port: number, key: KeyPair, ca: string, version: 4 | 5): Promise<SoakDevice> {
    const client = connect({ ...persistent(name, port, key, ca, version), will: { topic: GONE(name), payload: Buffer.from(name), qos: 1, retain: false } });
    const device = new SoakDevice(name, neighbour, client);
    await new Promise((resolve) => client.once('connect', resolve));
    await client.subscribeAsync(filters.commands(name), { qos: 1 });
    return device;
  }

  public get isConnected(): boolean {
    return this.client.connected;
  }

  /** A little of everything, differently every time. */
  public act(turn: number): void {
    this.sent += 1;
    this.client.publish(topics.command(this.neighbour), String(this.sent).padEnd(64), { qos: 1 });
    if (this.client.connected) {
      this.client.publish(topics.telemetry(this.name), '{"temperature":21.5}', { qos: 0 });
    }
    if (turn % 10 === 3) {
      this.statesSent += 1;
      this.client.publish(STATE(this.name), String(this.statesSent).padEnd(200), { qos: 1, retain: true });
    }
    if (turn % 7 === 5 && this.client.connected) {
      this.listening = !this.listening;
      const done = (): void => {};
      if (this.listening) {
        this.client.subscribe(filters.alerts, { qos: 0 }, done);
      } else {
        this.client.unsubscribe(filters.alerts, done);
      }
    }
    if (turn % 30 === 11) {
      this.leave(turn % 60 === 11);
    }
  }

  public send(payload: Buffer, to: string): void {
    this.client.publish(to, payload, { qos: 0 });
  }

  public async close(): Promise<void> {
    await this.client.endAsync(true);
  }

  /** Go without a word, or with one; come back either way. */
  private leave(politely: boolean): void {
    if (!this.client.connected) {
      return;
    }
    if (politely) {
      this.client.end(false, {}, () => this.client.reconnect());
    } else {
      this.dropped += 1;
      this.client.stream.destroy();
    }
  }
}

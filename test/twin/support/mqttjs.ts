import { connect } from 'mqtt';
import type { IClientOptions, IClientPublishOptions, IConnackPacket, IDisconnectPacket, IPublishPacket, MqttClient, Packet } from 'mqtt';
import type { ConnectionKit } from '../../../lib/twin';
import { Inbox, within } from './inbox';

/** What mqtt.js needs of a kit; nothing reconnects by itself. */
export function optionsFor(kit: ConnectionKit, options: IClientOptions = {}): IClientOptions {
  return {
    host: kit.endpoint,
    port: kit.mqttPort,
    protocol: 'mqtts',
    key: kit.privateKeyPem,
    cert: kit.certificatePem,
    ca: kit.rootCaPem,
    clientId: kit.clientId,
    reconnectPeriod: 0,
    connectTimeout: 4000,
    keepalive: 60,
    ...options,
  };
}

type Subscription = { readonly [filter: string]: { readonly qos: 0 | 1 | 2; readonly nl?: boolean; readonly rap?: boolean; readonly rh?: 0 | 1 | 2 } };

/** A connected mqtt.js client whose every packet can be waited for. */
export class MqttJs {
  public readonly packets = new Inbox<Packet>();
  public readonly messages = new Inbox<IPublishPacket>();

  /** Fulfilled when the connection is gone, with the server's DISCONNECT if it sent one. */
  public readonly closed: Promise<IDisconnectPacket | undefined>;
  public connack: IConnackPacket | undefined;

  private constructor(public readonly client: MqttClient) {
    let disconnect: IDisconnectPacket | undefined;
    this.closed = new Promise((resolve) => client.once('close', () => resolve(disconnect)));
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'publish') {
        this.messages.push(packet);
      } else if (packet.cmd === 'connack') {
        this.connack = packet;
      } else {
        this.packets.push(packet);
      }
      if (packet.cmd === 'disconnect') {
        disconnect = packet;
      }
    });
    // A refusal is told by the promises of a test; without a listener it would end the process.
    client.on('error', () => undefined);
  }

  /** Connect; fails with a message that holds the code of the CONNACK, or that there was none. */
  public static async connect(kit: ConnectionKit, options: IClientOptions = {}): Promise<MqttJs> {
    const device = new MqttJs(connect(optionsFor(kit, options)));
    const { client } = device;
    try {
      await within('CONNACK', new Promise<void>((resolve, reject) => {
        client.once('connect', () => resolve());
        client.once('error', (error) => reject(error));
        client.once('close', () => reject(new Error('closed without CONNACK')));
      }));
      return device;
    } catch (error) {
      client.end(true);
      const { reasonCode, returnCode } = device.connack ?? {};
      const code = reasonCode ?? returnCode;
      throw code === undefined ? error : new Error(`CONNACK ${code}`);
    }
  }

  /** Subscribe and give the codes of the SUBACK. */
  public async subscribe(filters: string | readonly string[] | Subscription, qos: 0 | 1 | 2 = 1): Promise<readonly (number | object)[]> {
    const wanted: Subscription = typeof filters === 'string' ? { [filters]: { qos } }
      : isList(filters) ? Object.fromEntries(filters.map((filter) => [filter, { qos }])) : filters;
    this.client.subscribe(wanted, () => undefined);
    const packet = await this.packets.next('SUBACK', ({ cmd }) => cmd === 'suback');
    return packet.cmd === 'suback' ? packet.granted : [];
  }

  /** Publish; fulfilled when a QoS 1 message is acknowledged. */
  public async publish(topic: string, payload: string | Buffer, options: IClientPublishOptions = { qos: 1 }): Promise<void> {
    await within(`publish to ${topic}`, new Promise<void>((resolve, reject) => {
      this.client.publish(topic, payload, options, (error) => (error ? reject(error) : resolve()));
    }));
  }

  /** Publish what will be answered by the connection's end, if at all. */
  public send(topic: string, payload: string | Buffer, options: IClientPublishOptions = {}): void {
    this.client.publish(topic, payload, options, () => undefined);
  }

  /** The next message, wherever it was published to. */
  public async message(topic?: string): Promise<IPublishPacket> {
    return this.messages.next(`message on ${topic ?? 'any topic'}`, (message) => topic === undefined || message.topic === topic);
  }

  /** The next payload, as text. */
  public async payload(topic?: string): Promise<string> {
    return (await this.message(topic)).payload.toString();
  }

  /** The server's DISCONNECT, or undefined; fails when the connection stays open. */
  public async disconnected(): Promise<IDisconnectPacket | undefined> {
    return within('the end of the connection', this.closed);
  }

  /** DISCONNECT and wait for the end. */
  public async end(): Promise<void> {
    this.client.end(false);
    await this.disconnected();
  }

  /** Vanish without DISCONNECT. */
  public async vanish(): Promise<void> {
    this.client.stream.destroy();
    await this.disconnected();
    this.client.end(true);
  }
}

function isList(filters: readonly string[] | Subscription): filters is readonly string[] {
  return Array.isArray(filters);
}

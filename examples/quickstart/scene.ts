/**
 * Three clients meet the local AWS IoT Core: a device that does its job, one that reaches for what is another's, and a
 * stranger. Each attempt is made by mqtt.js over mutual TLS, and judged by what the client saw.
 */
import { connectAsync } from 'mqtt';
import type { MqttClient } from 'mqtt';
import type { ConnectionKit, JournalEntry, Twin } from '../../lib/twin';

/** One attempt, what came of it, and why. */
export interface Attempt {
  readonly client: string;
  readonly what: string;
  readonly expected: Outcome;
  readonly outcome: Outcome;

  /** What the twin noted: the statement that decided, or why no statement did. */
  readonly reason: string;
}

export type Outcome = 'allow' | 'deny';

const DEADLINE_MS = 5000;

/** Play the scene; `onAttempt` is called as each attempt is over. */
export async function playScene(twin: Twin, stranger: ConnectionKit, onAttempt: (attempt: Attempt) => void): Promise<void> {
  const sensor1 = await twin.issueKit('sensor-1');
  const sensor10 = await twin.issueKit('sensor-10');
  const attempt = async (client: string, what: string, expected: Outcome, act: () => Promise<unknown>): Promise<void> => {
    const { outcome, reason } = await judge(twin, act);
    onAttempt({ client, what, expected, outcome, reason });
  };

  // sensor-1 does its job.
  const device = new Device(twin, sensor1);
  await attempt('sensor-1', 'connect as sensor-1', 'allow', () => device.connect());
  await attempt('sensor-1', 'publish dt/sensors/sensor-1/telemetry', 'allow', () => device.publish('dt/sensors/sensor-1/telemetry'));
  await attempt('sensor-1', 'subscribe cmd/sensors/sensor-1/+', 'allow', () => device.subscribe('cmd/sensors/sensor-1/+'));
  await attempt('sensor-1', 'receive cmd/sensors/sensor-1/reboot', 'allow', () => device.receive('cmd/sensors/sensor-1/reboot'));
  await attempt('sensor-1', 'subscribe to its shadow', 'allow', () => device.subscribe('$aws/things/sensor-1/shadow/get/accepted'));
  await attempt('sensor-1', 'publish to its shadow', 'allow', () => device.publish('$aws/things/sensor-1/shadow/get'));

  // sensor-10 reaches for what belongs to sensor-1. A refused publish costs the connection, as on AWS.
  const rogue = new Device(twin, sensor10);
  await attempt('sensor-10', 'connect as sensor-1', 'deny', () => rogue.connect('sensor-1'));
  await attempt('sensor-10', 'connect as sensor-10', 'allow', () => rogue.connect());
  for (const filter of ['cmd/sensors/sensor-1/reboot', 'cmd/sensors/sensor-1/+', 'cmd/sensors/sensor-1/#', 'cmd/sensors/+/reboot', 'cmd/#', '#']) {
    await attempt('sensor-10', `subscribe ${filter}`, 'deny', () => rogue.subscribe(filter));
  }
  await attempt('sensor-10', 'publish dt/sensors/sensor-1/telemetry', 'deny', () => rogue.publish('dt/sensors/sensor-1/telemetry'));

  // The stranger has a certificate, and nobody registered it.
  const unknown = new Device(twin, stranger);
  await attempt('stranger', 'connect as sensor-1', 'deny', () => unknown.connect());
  await Promise.all([device, rogue, unknown].map((one) => one.end()));
}

/** Whether the client got what it wanted, with what the twin noted of it meanwhile. */
async function judge(twin: Twin, act: () => Promise<unknown>): Promise<{ outcome: Outcome; reason: string }> {
  const entries: JournalEntry[] = [];
  const stop = twin.journal.listen((entry) => entries.push(entry));
  try {
    await within(act(), DEADLINE_MS);
    return { outcome: 'allow', reason: entries.filter(({ decision }) => decision?.decision === 'allow').at(-1)?.reason ?? 'not decided by any policy' };
  } catch (error) {
    const refusal = entries.find(({ event, decision }) => event === 'refused' || (decision !== undefined && decision.decision !== 'allow'));
    return { outcome: 'deny', reason: refusal?.reason ?? `the client failed: ${(error as Error).message}` };
  } finally {
    stop();
  }
}

/** A device on mqtt.js. Whatever ends its connection fails what it is doing. */
class Device {
  private client: MqttClient | undefined;

  constructor(private readonly twin: Twin, private readonly kit: ConnectionKit) {}

  public async connect(clientId = this.kit.clientId): Promise<void> {
    const { endpoint, mqttPort, privateKeyPem, certificatePem, rootCaPem } = this.kit;
    this.client = await connectAsync(`mqtts://${endpoint}:${mqttPort}`, {
      clientId,
      key: privateKeyPem,
      cert: certificatePem,
      ca: rootCaPem,
      protocolVersion: 5,
      reconnectPeriod: 0,
    }, false);
    // Refusals are told by the call that they answer.
    this.client.on('error', () => undefined);
  }

  public async subscribe(filter: string): Promise<void> {
    await this.whileConnected(this.connected.subscribeAsync(filter, { qos: 1 }));
  }

  public async publish(topic: string): Promise<void> {
    await this.whileConnected(this.connected.publishAsync(topic, '{}', { qos: 1 }));
  }

  /** Wait for a message that the cloud's side sends. */
  public async receive(topic: string): Promise<void> {
    const received = new Promise<void>((resolve) => {
      this.connected.on('message', (arrived) => arrived === topic && resolve());
    });
    this.twin.publish(topic, '{}');
    await this.whileConnected(received);
  }

  public async end(): Promise<void> {
    await this.client?.endAsync(true);
  }

  private get connected(): MqttClient {
    if (this.client === undefined) {
      throw new Error('not connected');
    }
    return this.client;
  }

  private async whileConnected<T>(work: Promise<T>): Promise<T> {
    const client = this.connected;
    let onClose: (() => void) | undefined;
    const closed = new Promise<never>((_, reject) => {
      onClose = () => reject(new Error('the connection was closed'));
      client.once('close', onClose);
    });
    try {
      return await Promise.race([work, closed]);
    } finally {
      client.off('close', onClose!);
    }
  }
}

async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

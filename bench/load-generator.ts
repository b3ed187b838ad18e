// A process that loads one broker. It connects all clients once, then runs scenarios as its parent asks.
import { readFileSync } from 'node:fs';
import { HUB, filters, topics } from './fleet';
import { LoadClient, shapeOf } from './load-client';
import type { QoS } from './load-client';
import type { KeyPair } from '../lib/twin/pki/authority';

export type Scenario = 'fan-in' | 'pairs' | 'fan-out';

export interface RunOrder {
  readonly scenario: Scenario;
  readonly qos: QoS;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export type Report =
  | { readonly kind: 'connected' | 'measuring' }
  | { readonly kind: 'measured'; readonly delivered: number; readonly seconds: number; readonly generatorCpuSeconds: number }
  | { readonly kind: 'finished'; readonly lost: number };

/** Bytes of a message: a few readings as JSON. */
const PAYLOAD = Buffer.alloc(100, '{"temperature":21.5}');

/** Messages that each publisher has on their way, written in halves: many publishers a little, one publisher more. */
const WINDOW = { many: 10, one: 20 };

/** Delivery has failed when nothing arrives for this long. */
const LOST_AFTER_MS = 5000;

const CONNECTING_AT_ONCE = 20;

interface Cast {
  readonly publishers: readonly { readonly client: LoadClient; readonly topic: string }[];
  readonly subscribers: readonly { readonly client: LoadClient; readonly filter: string }[];

  /** How many receive each message. */
  readonly fanOut: number;
}

class Generator {
  private constructor(private readonly hub: LoadClient, private readonly devices: readonly LoadClient[]) {}

  public static async connect(port: number, size: number, clientsFile: string, caFile: string): Promise<Generator> {
    const keys = JSON.parse(readFileSync(clientsFile, 'utf8')) as Record<string, KeyPair>;
    const ca = readFileSync(caFile, 'utf8');
    const names = [HUB, ...Object.keys(keys).filter((name) => name !== HUB)].slice(0, size + 1);
    const clients: LoadClient[] = [];
    for (let at = 0; at < names.length; at += CONNECTING_AT_ONCE) {
      const batch = names.slice(at, at + CONNECTING_AT_ONCE);
      clients.push(...await Promise.all(batch.map((name) => LoadClient.open(name, port, keys[name]!, ca))));
    }
    return new Generator(clients[0]!, clients.slice(1));
  }

  public async run({ scenario, qos, warmUpMs, measureMs }: RunOrder): Promise<void> {
    const { publishers, subscribers, fanOut } = this.cast(scenario);
    await inBatches(subscribers, ({ client, filter }) => client.subscribe(filter, qos));
    const window = publishers.length === 1 ? WINDOW.one : WINDOW.many;
    const burst = window / 2;
    const flight = window * publishers.length;
    let published = 0;
    let delivered = 0;
    let sending = true;
    let turn = 0;
    let scheduled = false;
    const pump = (): void => {
      scheduled = false;
      let passed = 0;
      while (sending && passed < publishers.length && published + burst - delivered / fanOut <= flight) {
        const { client } = publishers[turn]!;
        turn = (turn + 1) % publishers.length;
        if (client.unacknowledged + burst > window) {
          passed += 1;
        } else {
          passed = 0;
          client.publish(burst);
          published += burst;
        }
      }
    };
    const schedule = (): void => {
      if (!scheduled) {
        scheduled = true;
        setImmediate(pump);
      }
    };
    for (const { client, topic } of publishers) {
      client.prepare(topic, PAYLOAD, qos, window, schedule);
    }
    const shape = shapeOf(publishers[0]!.topic, PAYLOAD, qos);
    for (const { client } of subscribers) {
      client.count(shape, qos, (count) => {
        delivered += count;
        schedule();
      });
    }
    pump();
    await pause(warmUpMs);
    tell({ kind: 'measuring' });
    const before = { delivered, time: performance.now(), cpu: process.cpuUsage() };
    await pause(measureMs);
    const cpu = process.cpuUsage(before.cpu);
    tell({
      kind: 'measured',
      delivered: delivered - before.delivered,
      seconds: (performance.now() - before.time) / 1000,
      generatorCpuSeconds: (cpu.user + cpu.system) / 1e6,
    });
    sending = false;
    await settled(() => delivered, () => delivered === published * fanOut && publishers.every(({ client }) => client.unacknowledged === 0));
    const uneven = subscribers.filter(({ client }) => fanOut > 1 && client.received !== published).length;
    for (const { client } of [...publishers, ...subscribers]) {
      client.parse();
    }
    await inBatches(subscribers, ({ client, filter }) => client.unsubscribe(filter));
    tell({ kind: 'finished', lost: published * fanOut - delivered + uneven });
  }

  private cast(scenario: Scenario): Cast {
    const { hub, devices } = this;
    switch (scenario) {
      case 'fan-in': return {
        publishers: devices.map((client) => ({ client, topic: topics.telemetry(client.name) })),
        subscribers: [{ client: hub, filter: filters.everyTelemetry }],
        fanOut: 1,
      };
      case 'pairs': {
        const half = Math.floor(devices.length / 2);
        const subscribers = devices.slice(half, 2 * half);
        return {
          publishers: subscribers.map(({ name }, index) => ({ client: devices[index]!, topic: topics.command(name) })),
          subscribers: subscribers.map((client) => ({ client, filter: filters.commands(client.name) })),
          fanOut: 1,
        };
      }
      case 'fan-out': return {
        publishers: [{ client: hub, topic: topics.alert }],
        subscribers: devices.map((client) => ({ client, filter: filters.alerts })),
        fanOut: devices.length,
      };
    }
  }
}

async function inBatches<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += CONNECTING_AT_ONCE) {
    await Promise.all(items.slice(at, at + CONNECTING_AT_ONCE).map(action));
  }
}

/** Wait until all is there, or until nothing more comes. */
async function settled(progress: () => number, done: () => boolean): Promise<void> {
  let last = progress();
  let since = performance.now();
  while (!done() && performance.now() - since < LOST_AFTER_MS) {
    await pause(5);
    if (progress() !== last) {
      last = progress();
      since = performance.now();
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function tell(report: Report): void {
  process.send!(report);
}

async function main([port, size, clientsFile, caFile]: readonly string[]): Promise<void> {
  const generator = await Generator.connect(Number(port), Number(size), clientsFile!, caFile!);
  process.on('message', (order) => void generator.run(order as RunOrder));
  process.once('disconnect', () => process.exit());
  tell({ kind: 'connected' });
}

void main(process.argv.slice(2));

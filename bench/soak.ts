import { readFileSync } from 'node:fs';
import { connect } from 'mqtt';
import { ask, stop } from './brokers/broker';
import { startTwinProcess } from './brokers/twin';
import { HUB, topics } from './fleet';
import type { KeyPair } from '../lib/twin/pki/authority';
import { count } from './report';
import type { Bench } from './report';
import { Arrivals, GONE, STATE, SoakDevice, persistent } from './soak-device';
import { isStalledSubscriberCut } from './stalled-subscriber';

/** Growth per minute after warm-up that counts as flat. */
const MUST_HEAP_MB = 1;
const MUST_RSS_MB = 6;

const SAMPLES = 20;
const WARM_UP = 0.4;
const ROUND_MS = 1000;
const TICK_MS = 10;
const SETTLE_MS = 60_000;
const CONNECTING_AT_ONCE = 20;
const MB = 1024 * 1024;

interface Sample {
  readonly minutes: number;
  readonly rss: number;
  readonly heap: number;
}

export const soakBench: Bench = {
  name: 'soak',
  about: 'mixed traffic of all clients for minutes: QoS 0 and 1, retained, (un)subscribe, persistent sessions, wills, MQTT 3.1.1 and 5',
  async run({ quick, soakSeconds, fleet, say }) {
    const size = quick ? 50 : 1000;
    const made = await fleet(size);
    const keys = JSON.parse(readFileSync(made.clientsFile, 'utf8')) as Record<string, KeyPair>;
    const ca = readFileSync(made.rootCaFile, 'utf8');
    const broker = await startTwinProcess(made, ['--expose-gc']);
    const { port } = broker;

    const [stalled, ...names] = made.devices.slice(0, size);
    const hub = await Hub.open(port, keys[HUB]!, ca);
    const devices: SoakDevice[] = [];
    for (let at = 0; at < names.length; at += CONNECTING_AT_ONCE) {
      say(`${at} of ${names.length} devices are connected`);
      devices.push(...await Promise.all(names.slice(at, at + CONNECTING_AT_ONCE).map((name, index) => (
        SoakDevice.open(name, names[(at + index + 1) % names.length]!, port, keys[name]!, ca, index % 2 === 0 ? 4 : 5)
      ))));
    }

    say('one subscriber stops reading');
    const cut = await isStalledSubscriberCut(stalled!, port, keys[stalled!]!, ca, (payload) => devices[0]!.send(payload, topics.command(stalled!)));
    const bystanders = devices.reduce((sum, { disconnected }) => sum + disconnected, 0);

    const samples: Sample[] = [];
    const start = performance.now();
    const sample = async (): Promise<void> => {
      const { rss, heapUsed } = await ask(broker, { ask: 'memory' }) as NodeJS.MemoryUsage;
      const one = { minutes: (performance.now() - start) / 60_000, rss: rss / MB, heap: heapUsed / MB };
      samples.push(one);
      say(`${(one.minutes * 60).toFixed(0)} s: RSS ${one.rss.toFixed(1)} MB, heap ${one.heap.toFixed(1)} MB, ${count(hub.telemetry)} telemetry messages`);
    };
    const traffic = drive(devices, hub);
    for (let taken = 0; taken < SAMPLES; taken++) {
      await pause(soakSeconds * 1000 / SAMPLES);
      await sample();
    }
    traffic.stop();
    say('waiting for what is still on its way');
    const lost = await settle(devices, hub);
    const alive = broker.process.exitCode === null && broker.process.signalCode === null;
    const dropped = devices.reduce((sum, device) => sum + device.dropped, 0);
    const published = devices.reduce((sum, { sent, statesSent }) => sum + sent + statesSent, 0);
    await Promise.all([hub.close(), ...devices.map((device) => device.close())]);
    await stop(broker);

    const settled = samples.slice(Math.floor(samples.length * WARM_UP));
    const heap = slope(settled, 'heap');
    const rss = slope(settled, 'rss');
    const verdicts = [
      { must: 'no QoS 1 message is lost', holds: lost === 0, measured: `${count(lost)} of ${count(published)} lost` },
      { must: 'every client that goes without a word leaves its will', holds: hub.wills === dropped, measured: `${hub.wills} wills, ${dropped} dropped connections` },
      { must: 'the twin does not crash', holds: alive, measured: alive ? 'it did not' : 'it did' },
      { must: `the heap grows by at most ${MUST_HEAP_MB} MB a minute after warm-up`, holds: heap <= MUST_HEAP_MB, measured: `${heap.toFixed(2)} MB` },
      { must: `RSS grows by at most ${MUST_RSS_MB} MB a minute after warm-up`, holds: rss <= MUST_RSS_MB, measured: `${rss.toFixed(2)} MB` },
      { must: 'a subscriber that stops reading costs its own connection alone', holds: cut && bystanders === 0, measured: `${cut ? 'cut' : 'not cut'}, ${bystanders} others` },
    ];
    return {
      table: {
        head: ['after', 'RSS', 'heap'],
        rows: samples.map((one) => [`${(one.minutes * 60).toFixed(0)} s`, `${one.rss.toFixed(1)} MB`, `${one.heap.toFixed(1)} MB`]),
      },
      verdicts,
      notes: [`${size} clients, ${soakSeconds} s; ${count(hub.telemetry)} telemetry messages and ${count(published)} messages of QoS 1; ${count(devices.reduce((sum, { heard }) => sum + heard.reordered, 0))} came out of order; ${dropped} dropped connections.`],
    };
  },
};

/** Hears the telemetry, states and wills of all devices, and alerts them. */
class Hub {
  public telemetry = 0;
  public wills = 0;
  public readonly states = new Map<string, Arrivals>();

  private constructor(private readonly client: ReturnType<typeof connect>) {
    client.on('error', () => {});
    client.on('message', (topic, payload) => {
      const [, , device, kind] = topic.split('/') as [string, string, string, string];
      if (kind === 'telemetry') {
        this.telemetry += 1;
      } else if (topic === GONE(device)) {
        this.wills += 1;
      } else if (topic === STATE(device)) {
        const arrivals = this.states.get(device) ?? new Arrivals();
        arrivals.add(Number(payload.toString().trim()));
        this.states.set(device, arrivals);
      }
    });
  }

  public static async open(port: number, key: KeyPair, ca: string): Promise<Hub> {
    const client = connect(persistent(HUB, port, key, ca, 5));
    const hub = new Hub(client);
    await new Promise((resolve) => client.once('connect', resolve));
    await client.subscribeAsync({ [topics.telemetry('+')]: { qos: 0 }, [STATE('+')]: { qos: 1 }, [GONE('+')]: { qos: 1 } });
    return hub;
  }

  public alert(): void {
    this.client.publish(topics.alert, 'fire'.padEnd(100), { qos: 0 });
  }

  public async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}

/** Let every device act once a round, a few at a time. */
function drive(devices: readonly SoakDevice[], hub: Hub): { stop(): void } {
  const perTick = Math.ceil(devices.length * TICK_MS / ROUND_MS);
  let acted = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < perTick; i++) {
      const index = acted % devices.length;
      // Devices are at different turns, so that something of everything happens all the time.
      devices[index]!.act(Math.floor(acted / devices.length) + index);
      acted += 1;
    }
    if (acted % (10 * perTick) === 0) {
      hub.alert();
    }
  }, TICK_MS);
  return { stop: () => clearInterval(timer) };
}

async function settle(devices: readonly SoakDevice[], hub: Hub): Promise<number> {
  const lost = (): number => devices.reduce((sum, device, index) => (
    sum + devices[(index + 1) % devices.length]!.heard.lost(device.sent) + (hub.states.get(device.name) ?? new Arrivals()).lost(device.statesSent)
  ), 0);
  const until = performance.now() + SETTLE_MS;
  while (performance.now() < until && (lost() > 0 || devices.some(({ isConnected }) => !isConnected))) {
    await pause(100);
  }
  return lost();
}

/** Least squares, per minute. */
function slope(samples: readonly Sample[], of: 'rss' | 'heap'): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const time = mean(samples.map(({ minutes }) => minutes));
  const size = mean(samples.map((one) => one[of]));
  const covariance = mean(samples.map((one) => (one.minutes - time) * (one[of] - size)));
  return covariance / mean(samples.map(({ minutes }) => (minutes - time) ** 2));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

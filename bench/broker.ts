import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { aedes } from './brokers/aedes';
import { cpuSeconds, stop } from './brokers/broker';
import type { Broker, BrokerKind } from './brokers/broker';
import { mosquitto } from './brokers/mosquitto';
import { twin } from './brokers/twin';
import { bundle } from './bundle';
import type { Fleet } from './fleet';
import type { Report, RunOrder, Scenario } from './load-generator';
import { count, median, percent, ratio } from './report';
import type { Bench } from './report';

const KINDS: readonly BrokerKind[] = [twin, mosquitto, aedes];
export const SCENARIOS: readonly Scenario[] = ['fan-in', 'pairs', 'fan-out'];

/** A broker with its load generator. */
export interface Loaded {
  readonly broker: Broker;
  readonly generator: ChildProcess;
}

/** One run of a scenario. */
export interface Run {
  readonly perSecond: number;
  readonly brokerCpuPer10k: number;

  /** Of one core. */
  readonly brokerBusy: number;
  readonly generatorBusy: number;
}

/** Connect all clients of the fleet, up to `clients` devices, to a broker. */
export async function load(broker: Broker, fleet: Fleet, clients: number): Promise<Loaded> {
  const script = await bundle(join(__dirname, 'load-generator.ts'), fleet.directory);
  const generator = fork(script, [String(broker.port), String(clients), fleet.clientsFile, fleet.rootCaFile], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await reportOf({ broker, generator }, 'connected');
  return { broker, generator };
}

export async function unload({ broker, generator }: Loaded): Promise<void> {
  generator.kill();
  await stop(broker);
}

/** @throws when a message is lost, or one of the processes stops. */
export async function run(loaded: Loaded, order: RunOrder): Promise<Run> {
  loaded.generator.send(order);
  await reportOf(loaded, 'measuring');
  const before = cpuSeconds(loaded.broker.process);
  const { delivered, seconds, generatorCpuSeconds } = await reportOf(loaded, 'measured');
  const cpu = cpuSeconds(loaded.broker.process) - before;
  const { lost } = await reportOf(loaded, 'finished');
  if (lost !== 0) {
    throw new Error(`${loaded.broker.name} lost ${lost} messages`);
  }
  return {
    perSecond: delivered / seconds,
    brokerCpuPer10k: cpu / delivered * 10_000,
    brokerBusy: cpu / seconds,
    generatorBusy: generatorCpuSeconds / seconds,
  };
}

type ReportOf<K extends Report['kind']> = Extract<Report, { kind: K }>;

function reportOf<K extends Report['kind']>({ broker, generator }: Loaded, kind: K): Promise<ReportOf<K>> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      generator.off('message', hear).off('exit', gone);
      broker.process.off('exit', gone);
      settle();
    };
    const hear = (report: Report): void => {
      if (report.kind === kind) {
        finish(() => resolve(report as ReportOf<K>));
      }
    };
    const gone = (): void => finish(() => reject(new Error(`${broker.name} or its clients stopped`)));
    generator.on('message', hear).once('exit', gone);
    broker.process.once('exit', gone);
  });
}

interface Setting {
  readonly clients: readonly number[];
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** A broker under full load, or else its load generator, takes a whole core. */
const STARVED_BELOW = 0.8;

const FULL: Setting = { clients: [100, 1000], rounds: 5, warmUpMs: 500, measureMs: 2000 };
const QUICK: Setting = { clients: [20], rounds: 1, warmUpMs: 200, measureMs: 400 };

export const brokerBench: Bench = {
  name: 'broker',
  about: 'messages delivered per second by the twin and its peers, all with mutual TLS and topic rights',
  async run({ quick, fleet, say }) {
    const setting = quick ? QUICK : FULL;
    const rows: (readonly string[])[] = [];
    const shortfalls: string[] = [];
    const costlier: string[] = [];
    const generatorBound: string[] = [];
    let starved = 0;
    let all = 0;
    const failures = new Set<string>();
    for (const clients of setting.clients) {
      const loaded = await loadAll(await fleet(clients), clients, say, failures);
      for (const scenario of SCENARIOS) {
        for (const qos of [0, 1] as const) {
          say(`${clients} clients, ${scenario}, QoS ${qos}`);
          const runs = await alternate(loaded, { scenario, qos, ...setting }, setting.rounds, failures);
          const { cells, behind, costs, held } = compare(runs);
          const every = [...runs.values()].flat();
          all += every.length;
          starved += every.filter(({ brokerBusy, generatorBusy }) => Math.max(brokerBusy, generatorBusy) < STARVED_BELOW).length;
          const label = `${clients} clients, ${scenario}, QoS ${qos}`;
          rows.push([label, ...cells]);
          generatorBound.push(...held.map((name) => `${label}: ${name}`));
          shortfalls.push(...behind.map((peer) => `${label}: behind ${peer}`));
          costlier.push(...costs.map((peer) => `${label}: ${peer} needs less`));
        }
      }
      await Promise.all([...loaded.values()].map(unload));
    }
    return {
      table: { head: ['scenario', ...KINDS.map(({ name }) => `${name}/s`), 'vs mosquitto', 'vs aedes', 'CPU s per 10k: twin', 'mosquitto', 'aedes'], rows },
      verdicts: [{
        must: 'the twin is at or above mosquitto and above aedes in every scenario',
        holds: shortfalls.length === 0,
        measured: shortfalls.length === 0 ? 'it is' : shortfalls.join('; '),
      }, {
        must: 'the twin needs no more CPU for a message than either in any scenario',
        holds: costlier.length === 0,
        measured: costlier.length === 0 ? 'it needs less' : costlier.join('; '),
      }],
      notes: [
        `Medians of ${setting.rounds} rounds in which the brokers take turns. No message was lost.`,
        `In ${starved} of ${all} runs neither broker nor load generator got ${percent(STARVED_BELOW)} of a core: other programs were running, and messages per second say little.`,
        `The load generator used more CPU than the broker, which might have done more: ${generatorBound.join('; ') || 'never'}.`,
        ...failures,
      ],
    };
  },
};

async function loadAll(fleet: Fleet, clients: number, say: (progress: string) => void, failures: Set<string>): Promise<Map<string, Loaded>> {
  const loaded = new Map<string, Loaded>();
  for (const kind of KINDS) {
    say(`${clients} clients connect to ${kind.name}`);
    try {
      loaded.set(kind.name, await load(await kind.start(fleet), fleet, clients));
    } catch (error) {
      if (kind === twin) {
        throw error;
      }
      failures.add(`${kind.name}: ${(error as Error).message}`);
    }
  }
  return loaded;
}

/** One run of each broker in turn, so that noise of the machine meets all of them alike. A peer that fails is out. */
async function alternate(loaded: Map<string, Loaded>, order: RunOrder, rounds: number, failures: Set<string>): Promise<Map<string, Run[]>> {
  const runs = new Map<string, Run[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, one] of [...loaded]) {
      try {
        runs.set(name, [...runs.get(name) ?? [], await run(one, order)]);
      } catch (error) {
        if (name === twin.name) {
          throw error;
        }
        failures.add(`${order.scenario}, QoS ${order.qos}: ${(error as Error).message}`);
        loaded.delete(name);
        runs.delete(name);
        await unload(one);
      }
    }
  }
  return runs;
}

function compare(runs: ReadonlyMap<string, readonly Run[]>): { cells: readonly string[]; behind: readonly string[]; costs: readonly string[]; held: readonly string[] } {
  const figure = (name: string, of: keyof Run): number | undefined => {
    const all = runs.get(name);
    return all === undefined ? undefined : median(all.map((one) => one[of]));
  };
  const speeds = KINDS.map(({ name }) => figure(name, 'perSecond'));
  const [own, ...others] = speeds;
  return {
    cells: [
      ...speeds.map((speed) => (speed === undefined ? 'failed' : count(speed))),
      ...others.map((other) => (other === undefined ? '–' : ratio(own! / other))),
      ...KINDS.map(({ name }) => figure(name, 'brokerCpuPer10k')?.toFixed(3) ?? '–'),
    ],
    costs: KINDS.slice(1).flatMap(({ name }) => ((figure(name, 'brokerCpuPer10k') ?? Infinity) < figure(twin.name, 'brokerCpuPer10k')! ? name : [])),
    held: KINDS.flatMap(({ name }) => ((figure(name, 'generatorBusy') ?? 0) > (figure(name, 'brokerBusy') ?? 0) ? name : [])),
    behind: others.flatMap((other, index) => (other !== undefined && own! < other ? KINDS[index + 1]!.name : [])),
  };
}

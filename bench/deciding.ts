import { join } from 'node:path';
import { SCENARIOS, load, run, unload } from './broker';
import { ask } from './brokers/broker';
import { startTwinProcess } from './brokers/twin';
import { timesOf } from './profile';
import type { Frame, Times } from './profile';
import { percent } from './report';
import type { Bench } from './report';

const MUST_SHARE = 0.15;

/** Everything that belongs to a decision: the policies, and the one place of the twin that asks them. */
const DECIDING = /^lib\/(policy\/|twin\/guard\.ts)/;

export const decidingBench: Bench = {
  name: 'deciding',
  about: "share of the twin's time under load that goes into deciding, from a CPU profile",
  async run({ quick, fleet, say }) {
    const clients = quick ? 20 : 1000;
    const made = await fleet(clients);
    const broker = await startTwinProcess(made);
    const loaded = await load(broker, made, clients);
    const shares: { readonly label: string; readonly share: number }[] = [];
    for (const scenario of SCENARIOS) {
      for (const qos of [0, 1] as const) {
        const label = `${clients} clients, ${scenario}, QoS ${qos}`;
        say(label);
        const order = { scenario, qos, warmUpMs: 300, measureMs: quick ? 500 : 4000 };
        if (!quick) {
          // Once beforehand, so that compiled code is measured.
          await run(loaded, order);
        }
        await ask(broker, { ask: 'start-profile' });
        await run(loaded, order);
        const file = join(made.directory, `${scenario}-${qos}.cpuprofile`);
        await ask(broker, { ask: 'stop-profile', file });
        const share = shareOf(timesOf(file, join(made.directory, 'twin-process.cjs'), classify));
        shares.push({ label, share });
      }
    }
    await unload(loaded);
    const worst = Math.max(...shares.map(({ share }) => share));
    return {
      table: {
        head: ['scenario', 'deciding'],
        rows: shares.map(({ label, share }) => [label, percent(share)]),
      },
      verdicts: [{ must: `at most ${percent(MUST_SHARE)} in every scenario`, holds: worst <= MUST_SHARE, measured: `${percent(worst)} at most` }],
      notes: ['Samples with a frame of lib/policy or of the guard that asks it, among all that are not idle. V8 counts reading from sockets as idle, so the true share is smaller.'],
    };
  },
};

function classify(stack: readonly Frame[]): string {
  if (stack[0]!.name === '(idle)') {
    return 'idle';
  }
  return stack.some(({ file }) => DECIDING.test(file)) ? 'deciding' : 'rest';
}

function shareOf(times: Times): number {
  const deciding = times.get('deciding') ?? 0;
  const rest = times.get('rest') ?? 0;
  if (rest === 0) {
    throw new Error('the profile is empty');
  }
  return deciding / (deciding + rest);
}

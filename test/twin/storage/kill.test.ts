import { readFileSync, writeFileSync } from 'node:fs';
import { IoTClient } from '@aws-sdk/client-iot';
import { StateFolder, issueKit, runningTwin } from '../../../lib/twin';
import type { ConnectionKit } from '../../../lib/twin';
import { scratch, start } from '../../bin/cli';
import type { Running } from '../../bin/cli';
import { MqttJs } from '../support/mqttjs';
import { ANYTHING, templateOf } from '../support/test-twin';
import { THINGS, keptThings } from './kept-things';
import type { MortalTwin } from './kept-things';

const ROUNDS = 20;

/** Facts after which the twin is killed, once there is one of each kind: another number each time, so that it dies in the middle of other things. */
const factsOf = (round: number): number => 40 + (round * 97) % 400;

const kits = new Map<string, ConnectionKit>();

async function startTwin(template: string, state: string): Promise<MortalTwin & { readonly running: Running }> {
  const running = start(['local', template, '--port', '0', '--https-port', '0', '--console-port', '0', '--state', state, '--no-watch', '--json']);
  await running.firstLine;
  const folder = StateFolder.at(state);
  const advertised = runningTwin(folder)!;
  const { endpointUrl: endpoint, region, ...credentials } = advertised.aws!;
  return {
    running,
    get isDying() {
      return running.process.killed;
    },
    gone: running.finished.then(() => undefined),
    iot: new IoTClient({ endpoint, region, credentials, maxAttempts: 1 }),
    connect: async (thing, options) => {
      const kit = kits.get(thing) ?? await issueKit(folder, advertised, thing, Date.now);
      kits.set(thing, kit);
      return MqttJs.connect({ ...kit, mqttPort: advertised.mqttPort }, options);
    },
  };
}

test(`what was acknowledged outlasts a twin that is killed under load, ${ROUNDS} times`, async () => {
  writeFileSync(scratch('template.json'), JSON.stringify(templateOf(Object.fromEntries(THINGS.map((thing) => [thing, { may: ANYTHING }])))));
  const rows = keptThings(readFileSync('examples/quickstart/devices/sensor-1.csr.pem', 'utf8')).map((thing) => ({ ...thing, facts: [] as unknown[] }));
  for (let round = 0; round <= ROUNDS; round++) {
    const twin = await startTwin(scratch('template.json'), scratch('state'));
    for (const { name, check, facts } of rows) {
      await check(twin, facts).catch((error: Error) => {
        throw new Error(`after ${round} kills, ${name}: ${error.message}`);
      });
    }
    if (round < ROUNDS) {
      let left = factsOf(round);
      const underWay = new Set<string>();
      await Promise.all(rows.map(({ name, load, facts }) => load(twin, (fact) => {
        facts.push(fact);
        underWay.add(name);
        left -= 1;
        if (left <= 0 && underWay.size === rows.length) {
          twin.running.process.kill('SIGKILL');
        }
      })));
    } else {
      twin.running.process.kill('SIGTERM');
    }
    const { code } = await twin.running.finished;
    expect(code).toBe(round < ROUNDS ? null : 0);
    twin.iot.destroy();
  }
}, 240_000);

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './bundle';
import { count, median, ratio } from './report';
import type { Bench } from './report';
import type { Task } from './shadows-process';

const MUST_PER_SECOND = 3000;
const MUST_BYTES = 1500;
const MUST_RATIO = 2;
const SHADOWS = { quick: 1000, full: 100_000 };
const THINGS = Array.from({ length: 20 }, (_, index) => `thermostat-${index}`);
const ROUNDS = { quick: 1, full: 5 };
const SECONDS = { quick: 0.3, full: 4 };

/** What a thermostat reports, and what it is to do; the two differ, so that each update makes a delta. */
const DOCUMENT = JSON.stringify({
  state: {
    desired: { celsius: 21, mode: 'heat' },
    reported: { celsius: 19.5, mode: 'heat', humidity: 47, firmware: '1.4.2', window: { open: false, since: 1700000000 } },
  },
});

export const shadowsBench: Bench = {
  name: 'shadows',
  about: `shadow updates of ${DOCUMENT.length} bytes over MQTT with QoS 1 from ${THINGS.length} devices, kept in memory and kept on disk, and the memory of ${count(SHADOWS.full)} shadows`,
  async run({ quick, say }) {
    const directory = mkdtempSync(join(tmpdir(), 'bench-shadows-'));
    try {
      const assembly = join(directory, 'template.json');
      writeFileSync(assembly, JSON.stringify({ Resources: resources() }));
      const script = await bundle(join(__dirname, 'shadows-process.ts'), directory);
      const measure = (task: Task): number => JSON.parse(execFileSync(process.execPath, ['--expose-gc', script, JSON.stringify(task)], { encoding: 'utf8' })) as number;
      const updates = { measure: 'updates', document: DOCUMENT, assembly, things: THINGS, seconds: quick ? SECONDS.quick : SECONDS.full } as const;
      const rates = { memory: [] as number[], disk: [] as number[] };
      for (let round = 0; round < (quick ? ROUNDS.quick : ROUNDS.full); round++) {
        // In turn, so that a machine that slows down slows down both.
        say(`round ${round + 1}: in memory`);
        rates.memory.push(measure(updates));
        say(`round ${round + 1}: on disk`);
        rates.disk.push(measure({ ...updates, stateDirectory: join(directory, `state-${round}`) }));
      }
      const [memory, disk] = [median(rates.memory), median(rates.disk)];
      const shadows = quick ? SHADOWS.quick : SHADOWS.full;
      say(`${count(shadows)} shadows in memory`);
      const bytes = measure({ measure: 'memory', document: DOCUMENT, shadows });
      return {
        table: {
          head: ['what', 'figure'],
          rows: [
            ['updates per second, kept in memory', count(memory)],
            ['updates per second, kept on disk too', count(disk)],
            [`memory of a shadow at rest, among ${count(shadows)}`, `${count(bytes)} bytes`],
          ],
        },
        verdicts: [
          { must: `at least ${count(MUST_PER_SECOND)} updates per second in memory, with the devices in the twin's process`, holds: memory >= MUST_PER_SECOND, measured: count(memory) },
          { must: `keeping them on disk takes at most ${MUST_RATIO} times as long`, holds: memory / disk <= MUST_RATIO, measured: ratio(memory / disk) },
          { must: `at most ${count(MUST_BYTES)} bytes for a shadow at rest`, holds: bytes <= MUST_BYTES, measured: count(bytes) },
        ],
        notes: ['An update reads the shadow, merges, writes it, and publishes its accepted, documents and delta messages, to which nobody subscribes here. The devices wait for their PUBACK.'],
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

/** Things with a certificate each, and one policy for all. */
function resources(): object {
  const attach = (thing: string, index: number): object => ({
    [`Thing${index}`]: { Type: 'AWS::IoT::Thing', Properties: { ThingName: thing } },
    [`Certificate${index}`]: { Type: 'AWS::IoT::Certificate', Properties: { Status: 'ACTIVE', CertificateSigningRequest: 'csr' } },
    [`Of${index}`]: { Type: 'AWS::IoT::ThingPrincipalAttachment', Properties: { ThingName: { Ref: `Thing${index}` }, Principal: { 'Fn::GetAtt': [`Certificate${index}`, 'Arn'] } } },
    [`May${index}`]: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: { Ref: 'Policy' }, Principal: { 'Fn::GetAtt': [`Certificate${index}`, 'Arn'] } } },
  });
  const own = 'topic/$aws/things/${iot:Connection.Thing.ThingName}/shadow/update';
  const statement = { Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish'], Resource: ['client/${iot:Connection.Thing.ThingName}', own].map((name) => `arn:aws:iot:us-east-1:123456789012:${name}`) };
  return {
    Policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'thermostats', PolicyDocument: { Version: '2012-10-17', Statement: statement } } },
    ...Object.assign({}, ...THINGS.map(attach)) as object,
  };
}

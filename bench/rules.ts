import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeployment } from '../lib/deployment';
import { systemClock } from '../lib/twin/clock';
import { RolePermissions } from '../lib/twin/iam';
import { Journal } from '../lib/twin/journal';
import { Broker } from '../lib/twin/mqtt/broker';
import { subscribeInternally } from '../lib/twin/mqtt/internal-subscriber';
import { LocalAuthority } from '../lib/twin/pki/authority';
import type { KeyPair } from '../lib/twin/pki/authority';
import { StateFolder } from '../lib/twin/pki/state-folder';
import { RuleDeliveries, readRules, runRules } from '../lib/twin/rules';
import { cpuSeconds, stop } from './brokers/broker';
import type { Broker as Twin } from './brokers/broker';
import { startTwinProcess } from './brokers/twin';
import { LoadClient } from './load-client';
import { cpuMilliseconds } from './node-process';
import { count, median, ratio } from './report';
import type { Bench } from './report';

/** Rules that do not hear a message may make it this much dearer. */
const MUST_IDLE = 1.1;

/** Ten rules that hear a message may cost this many times what one does: ten, and what a machine varies by. */
const MUST_MATCHES = 12;

const SCOPE = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' };
const ROLE = `arn:aws:iam::${SCOPE.accountId}:role/acts`;
const PAYLOAD = Buffer.from(JSON.stringify({ device: 'pump-17', site: 'hall-3', battery: 87, ok: true, celsius: 22.5, e: [{ n: 'light', v: 135 }, { n: 'flow', v: 14.25 }] }));
const TOPICS = Array.from({ length: 100 }, (_, index) => `dt/plant/pump-${index}/telemetry`);
const WINDOW = 100;

/** Rules by how many there are, how many of them hear the messages, and whether those act on them; topics are the same few, or always new. */
const CASES = [
  { rules: 0, heard: 0 },
  { rules: 10, heard: 0 },
  { rules: 1000, heard: 0 },
  { rules: 1000, heard: 1 },
  { rules: 1000, heard: 10 },
  { rules: 1000, heard: 1, acts: true },
  { rules: 1000, heard: 10, acts: true },
  { rules: 0, heard: 0, fresh: true },
  { rules: 1000, heard: 0, fresh: true },
] as const;

/** The first case with new topics, without rules. */
const FRESH = 7;

type Case = (typeof CASES)[number];

function nameOf({ rules, heard, ...rest }: Case): string {
  return `${count(rules)} rules, ${heard === 0 ? 'none hears it' : `${heard} ${'acts' in rest ? 'act on it' : 'hear it and do not want it'}`}${'fresh' in rest ? ', each topic is new' : ''}`;
}

export const rulesBench: Bench = {
  name: 'rules',
  about: 'messages per CPU second of the twin by its rules, inside of the process and over MQTT with QoS 1',
  async run({ quick, say }) {
    const directory = mkdtempSync(join(tmpdir(), 'bench-rules-'));
    try {
      const rounds = quick ? 2 : 9;
      const inside = await measureInside(directory, rounds, quick ? 50 : 300, say);
      const mqtt = await measureMqtt(directory, CASES.slice(0, 5), rounds, quick ? 5000 : 400_000, say);
      const times = (measured: readonly (readonly number[])[], one: number, base = one < FRESH ? 0 : FRESH): number => median(measured[one]!.map((cost, round) => cost / measured[base]![round]!));
      const idle = [times(inside, 1), times(inside, 2), times(inside, FRESH + 1), times(mqtt, 1), times(mqtt, 2)];
      const growth = (one: number, ten: number): number => median(inside[ten]!.map((cost, round) => (cost - inside[0]![round]!) / (inside[one]![round]! - inside[0]![round]!)));
      const matches = Math.max(growth(3, 4), growth(5, 6));
      const perSecond = (costs: readonly number[] | undefined): string => (costs === undefined ? '–' : count(1 / median(costs)));
      return {
        table: {
          head: ['rules', 'inside', 'times as dear', 'over MQTT', 'times as dear'],
          rows: CASES.map((one, index) => [
            nameOf(one), perSecond(inside[index]), ratio(times(inside, index)), perSecond(mqtt[index]), mqtt[index] === undefined ? '–' : ratio(times(mqtt, index)),
          ]),
        },
        verdicts: [
          { must: `rules that do not hear a message make it at most ${MUST_IDLE} times as dear`, holds: Math.max(...idle) <= MUST_IDLE, measured: idle.map(ratio).join(', ') },
          { must: `ten rules that hear it cost at most ${MUST_MATCHES} times what one does`, holds: matches <= MUST_MATCHES, measured: ratio(matches) },
        ],
        notes: [
          `${TOPICS.length} topics in turn inside, one over MQTT; half of the other rules begin with a wildcard. To act is to be shown as a delivery to Kinesis, with the role asked. ${rounds} rounds, each case in turn, the median of the ratios.`,
        ],
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

/** CPU seconds of a message, by case and round, without clients. */
async function measureInside(directory: string, rounds: number, milliseconds: number, say: (progress: string) => void): Promise<number[][]> {
  const brokers = CASES.map((one) => brokerWith(directory, one));
  const costs = CASES.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    say(round < 0 ? 'inside, to warm up' : `inside, round ${round + 1}`);
    for (const [index, broker] of brokers.entries()) {
      const cost = await costOf(broker, milliseconds, index >= FRESH);
      if (round >= 0) {
        costs[index]!.push(cost);
      }
    }
  }
  return costs;
}

function brokerWith(directory: string, one: Case): Broker {
  const journal = new Journal(systemClock);
  const broker = new Broker(systemClock, journal);
  const file = join(directory, 'rules.json');
  writeFileSync(file, JSON.stringify({ Resources: rulesOf(one) }));
  const deployment = readDeployment(file, SCOPE);
  runRules(readRules(deployment).rules, {
    broker, clock: systemClock, journal, deployment, functions: { invoke: () => Promise.resolve() }, deliveries: new RuleDeliveries(), account: SCOPE, roles: new RolePermissions(() => deployment), objectToInvoke: () => undefined,
  });
  subscribeInternally(broker, systemClock, '$subscriber', 'dt/#', () => undefined);
  return broker;
}

/** Messages come in handfuls, as from sockets. */
async function costOf(broker: Broker, milliseconds: number, isFresh: boolean): Promise<number> {
  const start = process.cpuUsage();
  let [published, elapsed] = [0, 0];
  while (elapsed < milliseconds) {
    for (const topic of TOPICS) {
      broker.publish({ topic: isFresh ? `${topic}/${published}` : topic, payload: PAYLOAD, qos: 0, retain: false, publisher: 'pump' });
    }
    published += TOPICS.length;
    await new Promise((resolve) => setImmediate(resolve));
    elapsed = cpuMilliseconds(start);
  }
  return elapsed / 1000 / published;
}

/** The same of the twin's process, by what a client sends that counts acknowledgements. */
async function measureMqtt(directory: string, cases: readonly Case[], rounds: number, messages: number, say: (progress: string) => void): Promise<number[][]> {
  const twins: { readonly twin: Twin; readonly client: LoadClient }[] = [];
  try {
    for (const [index, one] of cases.entries()) {
      say(`starting the twin with ${one.rules} rules`);
      const folder = StateFolder.create(join(directory, `twin-${index}`));
      const authority = await LocalAuthority.open(folder, Date.now);
      const device = await authority.deviceCertificate('pump');
      const assembly = folder.write('template.json', JSON.stringify({ Resources: { ...identity(device), ...rulesOf(one) } }));
      const twin = await startTwinProcess({ directory: join(directory, `twin-${index}`), assembly });
      twins.push({ twin, client: await LoadClient.open('pump', twin.port, device, authority.rootCaPem) });
    }
    const costs = cases.map((): number[] => []);
    for (let round = -1; round < rounds; round++) {
      say(round < 0 ? 'over MQTT, to warm up' : `over MQTT, round ${round + 1}`);
      for (const [index, { twin, client }] of twins.entries()) {
        const sent = Math.round(messages / (1 + cases[index]!.heard));
        const before = cpuSeconds(twin.process);
        await send(client, sent);
        if (round >= 0) {
          costs[index]!.push((cpuSeconds(twin.process) - before) / sent);
        }
      }
    }
    return costs;
  } finally {
    twins.forEach(({ client }) => client.close());
    await Promise.all(twins.map(({ twin }) => stop(twin)));
  }
}

/** Publish, with a window of messages that are not acknowledged. */
function send(client: LoadClient, messages: number): Promise<void> {
  return new Promise((resolve) => {
    let left = messages - WINDOW;
    client.prepare(TOPICS[0]!, PAYLOAD, 1, WINDOW, () => {
      const next = Math.min(left, WINDOW - client.unacknowledged);
      if (next > 0) {
        left -= next;
        client.publish(next);
      } else if (client.unacknowledged === 0) {
        resolve();
      }
    });
    client.publish(WINDOW);
  });
}

function rulesOf(one: Case): object {
  const acts = 'acts' in one;
  const others = one.rules - one.heard;
  return Object.fromEntries([
    ['Role', { Type: 'AWS::IAM::Role', Properties: { RoleName: 'acts', AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: { Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' } }, Policies: [{ PolicyName: 'p', PolicyDocument: { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'kinesis:PutRecord', Resource: '*' } } }] } }],
    ...Array.from({ length: others }, (_, index) => ruleOf(`other${index}`, index % 2 === 0 ? `other/${index}/#` : `+/hall-${index}/+/telemetry`)),
    ...Array.from({ length: one.heard }, (_, index) => ruleOf(`own${index}`, 'dt/+/+/telemetry', acts ? 'celsius > 20' : 'celsius > 90')),
  ]);
}

function ruleOf(name: string, from: string, where = 'celsius > 20'): [string, object] {
  const TopicRulePayload = { Sql: `SELECT celsius, topic(3) AS device FROM '${from}' WHERE ${where}`, AwsIotSqlVersion: '2016-03-23', Actions: [{ Kinesis: { StreamName: 's', PartitionKey: '${topic(3)}', RoleArn: ROLE } }] };
  return [name, { Type: 'AWS::IoT::TopicRule', Properties: { RuleName: name, TopicRulePayload } }];
}

/** A certificate that may do anything. */
function identity({ certificatePem }: KeyPair): object {
  return {
    Certificate: { Type: 'AWS::IoT::Certificate', Properties: { Status: 'ACTIVE', CertificatePem: certificatePem, CertificateMode: 'SNI_ONLY' } },
    Policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'any', PolicyDocument: { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' } } } },
    Attachment: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: { Ref: 'Policy' }, Principal: { 'Fn::GetAtt': ['Certificate', 'Arn'] } } },
  };
}

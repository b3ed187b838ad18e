import { compileQuery, parseSql, toPayload } from '../lib/sql';
import type { RuleMessage, RuleOutcome } from '../lib/sql';
import { cpuMilliseconds } from './node-process';
import { count, median } from './report';
import type { Bench } from './report';

const MUST_PER_SECOND = 50_000;

const PAYLOAD = Buffer.from(JSON.stringify({
  device: 'pump-17', site: 'hall-3', battery: 87, ok: true,
  e: [
    { n: 'temperature', u: 'Cel', t: 1234, v: 22.5 }, { n: 'light', u: 'lm', t: 1235, v: 135 }, { n: 'acidity', u: 'pH', t: 1235, v: 7 },
    { n: 'pressure', u: 'bar', t: 1236, v: 1.02 }, { n: 'flow', u: 'l/s', t: 1236, v: 14.25 },
  ],
}));

const RULES = [
  { name: 'filter that matches', sql: 'SELECT *, topic(3) AS thing FROM \'dt/+/+\' WHERE battery < 90 AND ok = true' },
  { name: 'filter that does not', sql: 'SELECT * FROM \'dt/+/+\' WHERE battery < 20 OR ok = false' },
  { name: 'nested SELECT', sql: 'SELECT device, (SELECT n, v * 2 AS v FROM e WHERE v > 10) AS readings FROM \'dt/+/+\'' },
];

const ENVIRONMENT = { now: Date.now, newUuid: () => 'f6f3a5a0-0000-4000-8000-000000000000', random: Math.random };

function message(): RuleMessage {
  return { topic: 'dt/plant/pump-17', payload: PAYLOAD, accountId: '123456789012', clientId: 'pump-17' };
}

export const sqlBench: Bench = {
  name: 'sql',
  about: `rules evaluated per CPU second, for a payload of ${PAYLOAD.length} bytes`,
  run({ quick, say }) {
    const rounds = quick ? 3 : 9;
    const shared = message();
    const rows = RULES.map(({ name, sql }) => {
      const query = compileQuery(parseSql(sql));
      say(name);
      const speed = (next: () => RuleMessage, finish: (outcome: RuleOutcome) => void): number => median(Array.from({ length: rounds }, () => (
        perSecond(() => finish(query.run(next(), ENVIRONMENT) as RuleOutcome), quick ? 100 : 300)
      )));
      return { name, alone: speed(message, serialize), among: speed(() => shared, () => undefined) };
    });
    const slowest = Math.min(...rows.map(({ alone }) => alone));
    return Promise.resolve({
      table: {
        head: ['rule', 'first of a message, with its output', 'each further one, without'],
        rows: rows.map(({ name, alone, among }) => [name, count(alone), count(among)]),
      },
      verdicts: [{ must: `at least ${count(MUST_PER_SECOND)} rules per second of one core`, holds: slowest >= MUST_PER_SECOND, measured: count(slowest) }],
      notes: ['The first rule of a message reads its JSON, which the others share. A statement is parsed once, when the rule is made.'],
    });
  },
};

function serialize(outcome: RuleOutcome): void {
  if (outcome.matched && toPayload(outcome.value) === undefined) {
    throw new Error('the output is too long');
  }
}

function perSecond(evaluate: () => void, milliseconds: number): number {
  const CHUNK = 500;
  const start = process.cpuUsage();
  let [evaluated, elapsed] = [0, 0];
  while (elapsed < milliseconds) {
    for (let i = 0; i < CHUNK; i++) {
      evaluate();
    }
    evaluated += CHUNK;
    elapsed = cpuMilliseconds(start);
  }
  return evaluated / elapsed * 1000;
}

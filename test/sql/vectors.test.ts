import { compileQuery, FUNCTIONS, OPERATORS, parseSql, toPayload } from '../../lib/sql';
import type { RuleMessage, RuleOutcome, SqlVersion } from '../../lib/sql';
import { vectors } from '../fixtures/sql-vectors.json';
import { ENVIRONMENT, messageOf } from './message';

interface Vector {
  readonly of: string;
  readonly expression?: string;
  readonly sql?: string;
  readonly payload?: unknown;
  readonly raw?: string;
  readonly base64?: string;
  readonly topic?: string;
  readonly without?: string;
  readonly version?: string;
  readonly is?: unknown;
  readonly json?: string;
  readonly undefined?: boolean;
  readonly unmatched?: boolean;
}

const VECTORS = vectors as readonly Vector[];

function run(vector: Vector): RuleOutcome {
  const payload = vector.base64 === undefined ? vector.raw ?? JSON.stringify(vector.payload ?? {}) : Buffer.from(vector.base64, 'base64');
  const { topic, accountId, payload: bytes, ...overMqtt } = messageOf(payload, vector.topic);
  const message: RuleMessage = { topic, accountId, payload: bytes, ...vector.without === undefined && overMqtt };
  const sql = vector.sql ?? `SELECT VALUE (${vector.expression!}) FROM '+/#'`;
  return compileQuery(parseSql(sql, { version: vector.version as SqlVersion | undefined })).run(message, ENVIRONMENT) as RuleOutcome;
}

test.each(VECTORS.map((vector) => ({ ...vector, title: `${vector.of}: ${vector.sql ?? vector.expression!}` })))('$title', (vector) => {
  const outcome = run(vector);
  if (vector.unmatched === true) {
    expect(outcome.matched).toBe(false);
    return;
  }
  expect(outcome).toMatchObject({ matched: true });
  const payload = toPayload((outcome as Extract<RuleOutcome, { matched: true }>).value)!.toString();
  if (vector.undefined === true) {
    expect(payload).toBe('');
  } else if (vector.json !== undefined) {
    expect(payload).toBe(vector.json);
  } else {
    expect(JSON.parse(payload)).toEqual(vector.is);
  }
});

test.each([...FUNCTIONS.keys(), 'cast', ...Object.keys(OPERATORS), 'NOT', 'negative', 'EXISTS', 'CASE'])('%s has three vectors, with an Undefined one', (name) => {
  const own = VECTORS.filter((vector) => vector.of === name);
  expect(own.length).toBeGreaterThanOrEqual(3);
  // Only EXISTS, which asks whether there is something, always has an answer.
  expect(own.some((vector) => vector.undefined === true)).toBe(name !== 'EXISTS');
});

test('a payload that is not JSON is selected as it came', () => {
  const payload = Buffer.from([0, 1, 255]);
  const outcome = compileQuery(parseSql('SELECT * FROM \'a\' WHERE timestamp() % 5 = 0')).run(messageOf(payload), ENVIRONMENT);
  expect(outcome).toEqual({ matched: true, value: payload, reasons: [] });
});

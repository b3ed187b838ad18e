import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { run } from './cli';

const VECTORS = resolve('test/fixtures/vectors.json');

interface Decisions {
  readonly decisions: readonly { readonly id: string; readonly decision: string; readonly by: readonly object[]; readonly reason: string }[];
}

test('decides every documented case as documented, in input order', async () => {
  const { code, stdout, stderr } = await run(['simulate', VECTORS, '--json']);
  const { vectors } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { vectors: { id: string; expect: string }[] };
  const { decisions } = JSON.parse(stdout) as Decisions;
  expect(decisions.map(({ id, decision }) => ({ id, expect: decision }))).toEqual(vectors.map(({ id, expect: wanted }) => ({ id, expect: wanted })));
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

const ALLOW = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:Publish', Resource: 'arn:aws:iot:us-east-1:123456789012:topic/a' } };

function cases(...changes: object[]): string {
  return JSON.stringify({ vectors: changes.map((change, index) => ({
    id: `case-${index}`, policies: [ALLOW], principal: { kind: 'certificate' }, action: 'iot:Publish', resource: 'a', ...change,
  })) });
}

test('reads from standard input and names the deciding statement', async () => {
  const { code, stdout } = await run(['simulate', '-', '--json'], cases({}));
  expect(JSON.parse(stdout)).toEqual({
    decisions: [{ id: 'case-0', decision: 'allow', by: [{ policy: 'policies[0]', statement: 0, effect: 'Allow' }], reason: 'allowed by policies[0] Statement[0]' }],
  });
  expect(code).toBe(0);
});

test.each([
  ['a denial that nothing expected', {  resource: 'b' }],
  ['an allowed request that was to be denied', { expect: 'deny' }],
])('exits with 1 for %s', async (_, change) => {
  expect(await run(['simulate', '-', '--json'], cases({}, change))).toMatchObject({ code: 1, stderr: '' });
});

test('prints a table for people, with what came nearest to allowing', async () => {
  const { stdout } = await run(['simulate', '-'], cases({ resource: 'b' }));
  expect(stdout).toContain('no statement allows it (policies[0] Statement[0]: resource-differs)');
  expect(stdout).toContain('0 of 1 as expected');
});

describe('bad input fails with 2 and one line', () => {
  test.each([
    ['no such file', ['simulate', 'nowhere.json'], '', /^iot-warden: nowhere\.json: cannot be read \(ENOENT\); give a JSON file of cases$/],
    ['no JSON', ['simulate', '-'], '{', /^iot-warden: -: not valid JSON: /],
    ['no vectors', ['simulate', '-'], '{}', /^iot-warden: 'vectors' is missing; write /],
    ['a case without a principal', ['simulate', '-'], cases({ principal: undefined }), /^iot-warden: vectors\[0\]\.principal must be an object with a kind$/],
    ['an unknown kind', ['simulate', '-'], cases({ principal: { kind: 'robot' } }), /^iot-warden: vectors\[0\]\.principal\.kind must be one of certificate, /],
    ['a malformed policy', ['simulate', '-'], cases({ policies: [{ Statement: [{ Effect: 'Maybe', Action: 'iot:Publish', Resource: '*' }] }] }),
      /^iot-warden: vectors\[0\] \(case-0\): policies\[0\]: Statement\[0\]\.Effect: /],
  ])('%s', async (_, args, input, message) => {
    const { code, stdout, stderr } = await run(args, input);
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test.each([[[]], [['frobnicate']], [['simulate']], [['simulate', 'x', '--loud']], [['local', 'x', '--port', '99999']]])('%j is misuse', async (args) => {
    expect((await run(args)).code).toBe(2);
  });
});

test('--help shows examples and exit codes', async () => {
  const { code, stdout } = await run(['--help']);
  expect(stdout).toContain('simulate');
  expect(stdout).toContain('Exit codes');
  expect(code).toBe(0);
  expect((await run(['local', '--help'])).stdout).toContain('Examples:');
});

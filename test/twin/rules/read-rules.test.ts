import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeployment } from '../../../lib/deployment';
import { readRules } from '../../../lib/twin/rules';

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:f';

function read(payload: object): ReturnType<typeof readRules> {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  try {
    const file = join(folder, 'App.json');
    writeFileSync(file, JSON.stringify({ Resources: { Rule: { Type: 'AWS::IoT::TopicRule', Properties: { RuleName: 'r', TopicRulePayload: payload } } } }));
    return readRules(readDeployment(file, { accountId: '123456789012', region: 'us-east-1' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const LAMBDA = { Lambda: { FunctionArn: FUNCTION } };

test.each(["SELECT * FROM 'a/+/b'", "select * from 'a/+/b';", "\n SELECT\t*\n FROM  'a/+/b' "])('runs %j', (Sql) => {
  expect(read({ Sql, Actions: [LAMBDA] })).toEqual({ rules: [{ name: 'r', topicFilter: 'a/+/b', functionArns: [FUNCTION] }], notRun: [] });
});

test('runs nothing of a disabled rule, and says nothing about it', () => {
  expect(read({ Sql: "SELECT * FROM 'a'", Actions: [LAMBDA], RuleDisabled: true })).toEqual({ rules: [], notRun: [] });
});

test.each([
  [{ Sql: "SELECT temperature FROM 'a'", Actions: [LAMBDA] }, "the twin runs SELECT * FROM 'topic filter' alone, the rule says SELECT temperature FROM 'a'"],
  [{ Sql: "SELECT * FROM 'a' WHERE x > 1", Actions: [LAMBDA] }, "the twin runs SELECT * FROM 'topic filter' alone, the rule says SELECT * FROM 'a' WHERE x > 1"],
  [{ Sql: "SELECT * FROM 'a'", Actions: [{ Sns: { TargetArn: 'a' } }] }, 'its actions Sns'],
  [{ Sql: "SELECT * FROM 'a'", Actions: [{ Lambda: { FunctionArn: { 'Fn::ImportValue': 'f' } } }] }, 'its actions Lambda with a function not known offline'],
])('names what it does not run: %j', (payload, reason) => {
  const { rules, notRun } = read(payload);
  expect(rules).toEqual([]);
  expect(notRun).toEqual([expect.stringMatching(/Rule: not run by the twin: /)]);
  expect(notRun[0]).toContain(reason);
});

test('runs the functions of a rule beside actions that it does not run', () => {
  expect(read({ Sql: "SELECT * FROM 'a'", Actions: [LAMBDA, { Kinesis: {} }] })).toMatchObject({ rules: [{ functionArns: [FUNCTION] }], notRun: [expect.stringContaining('its actions Kinesis')] });
});

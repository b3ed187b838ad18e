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

const ROLE = 'arn:aws:iam::123456789012:role/r';

test('reads statements of any kind, and what each action is', () => {
  const { rules, notRun } = read({
    Sql: "SELECT temperature AS t FROM 'a/+/b' WHERE temperature > 30",
    AwsIotSqlVersion: '2016-03-23',
    Actions: [LAMBDA, { Republish: { Topic: 'x/${topic(2)}', RoleArn: ROLE, Qos: 1 } }, { Kinesis: { StreamName: 's', PartitionKey: '${newuuid()}', RoleArn: ROLE } }],
    ErrorAction: { Sqs: { QueueUrl: 'https://q', RoleArn: ROLE } },
  });
  expect(notRun).toEqual([]);
  expect(rules).toMatchObject([{
    name: 'r',
    topicFilters: ['a/+/b', '$aws/rules/r', '$aws/rules/r/#'],
    actions: [{ kind: 'Lambda' }, { kind: 'Republish', roleArn: ROLE }, { kind: 'Kinesis', roleArn: ROLE }],
    errorAction: { kind: 'Sqs' },
  }]);
});

test('a rule without FROM listens to what is published to it', () => {
  expect(read({ Sql: 'SELECT *', Actions: [LAMBDA] }).rules).toMatchObject([{ topicFilters: ['$aws/rules/r', '$aws/rules/r/#'] }]);
});

test('runs nothing of a disabled rule, and says nothing about it', () => {
  expect(read({ Sql: "SELECT * FROM 'a'", Actions: [LAMBDA], RuleDisabled: true })).toEqual({ rules: [], notRun: [] });
});

test.each([
  [{ Sql: "SELEC * FROM 'a'", Actions: [LAMBDA] }, 'its statement or one of its templates cannot be read: 1:1: '],
  [{ Sql: "SELECT * FROM 'a'", Actions: [{ Republish: { Topic: '${nothing(1)}', RoleArn: ROLE } }] }, 'its statement or one of its templates cannot be read: '],
])('names a rule that it does not run: %j', (payload, reason) => {
  const { rules, notRun } = read(payload);
  expect(rules).toEqual([]);
  expect(notRun).toEqual([expect.stringContaining(`Rule: not run by the twin: ${reason}`)]);
});

test('names an action that it cannot tell, and runs the others', () => {
  const { rules, notRun } = read({ Sql: "SELECT * FROM 'a'", Actions: [{ Lambda: { FunctionArn: { 'Fn::ImportValue': 'f' } } }, LAMBDA] });
  expect(rules).toMatchObject([{ actions: [{ kind: 'Lambda' }] }]);
  expect(notRun).toEqual([expect.stringContaining('its action Lambda with a function not known offline')]);
});

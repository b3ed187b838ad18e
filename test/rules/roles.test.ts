import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { TopicRule } from '../../lib/rules';
import { allows } from '../../lib/twin/iam/decide';
import { ACCOUNT } from '../access/device';
import { asDeployed, roleOf, ruleIn } from './deployed';
import { EVERY_ACTION, type Call } from './every-action';

const RULE_ARN = `arn:aws:iot:${ACCOUNT.region}:${ACCOUNT.accountId}:rule/Ingest`;
const env = { account: ACCOUNT.accountId, region: ACCOUNT.region };

/** A stack with one rule that has one action. */
function define(name: string) {
  const stack = new Stack(new App(), 'Stack', { env });
  const { action, calls, rendered } = EVERY_ACTION[name]!(stack);
  const rule = new TopicRule(stack, 'Rule', { ruleName: 'Ingest', sql: "SELECT * FROM 'dt/+/+/telemetry'", actions: [action] });
  return { stack, rule, calls, rendered, action: ruleIn(stack).TopicRulePayload.Actions[0]! };
}

const names = Object.keys(EVERY_ACTION);
const allCalls = names.flatMap((name) => EVERY_ACTION[name]!(new Stack(new App(), 'Stack', { env })).calls);

/** Targets beside a target: a longer name, another account, another Region. */
function neighbours({ action, resource, values, beside }: Call): Call[] {
  if (resource === '*') {
    return [{ action, resource }, ...Object.keys(values ?? {}).map((key) => ({ action, resource, values: { [key]: 'other' } }))];
  }
  return [beside ?? resource.replace(/(?<=log-group:)|(?<=plant\/)|(?<=[:/])(?=[^:/]+$)/, 'x'), resource.replace('111122223333', '999999999999'), resource.replace('eu-west-1', 'us-east-1')]
    .filter((other) => other !== resource)
    .map((other) => ({ action, resource: other, ...values && { values } }));
}

const keyOf = ({ action, resource, values }: Call): string => JSON.stringify([action, resource, values ?? {}]);

describe.each(names)('the role of the action %s', (name) => {
  const { stack, calls, action, rendered } = define(name);
  const role = roleOf(stack, action);
  const may = ({ action: call, resource, values = {} }: Call) => allows(role?.policies ?? [], { action: call, resource, values });

  test('is rendered with everything that was given', () => {
    expect(asDeployed(action)).toMatchObject(rendered);
  });

  test('allows its one call on its one target', () => {
    expect(calls.filter((call) => !may(call))).toEqual([]);
  });

  test('allows nothing of what other actions do, and nothing beside its target', () => {
    const own = new Set(calls.map(keyOf));
    const others = [...allCalls, ...allCalls.flatMap(neighbours), ...['s3:GetObject', 's3:DeleteObject', 'sqs:ReceiveMessage', 'iam:PassRole', 'sts:AssumeRole', 'kms:CreateGrant', 'iot:Subscribe'].flatMap((each) => (
      calls.map(({ resource }) => ({ action: each, resource }))
    ))].filter((call) => !own.has(keyOf(call)));
    expect(others.filter(may)).toEqual([]);
  });

  test('trusts AWS IoT for this rule alone, where there is one', () => {
    const trust = role && (role.trust as { Statement: object[] }).Statement;
    expect(trust).toEqual(calls.length === 0 ? undefined : [{
      Action: 'sts:AssumeRole',
      Effect: 'Allow',
      Principal: { Service: 'iot.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT.accountId }, ArnLike: { 'aws:SourceArn': RULE_ARN } },
    }]);
  });

  test('is ready before the rule, with its policy', () => {
    const { Resources: resources } = Template.fromStack(stack).toJSON() as { Resources: Record<string, { Type: string; DependsOn?: string[] }> };
    const rule = Object.values(resources).find(({ Type }) => Type === 'AWS::IoT::TopicRule')!;
    const ofRule = Object.keys(resources).filter((id) => /^Rule.*(Role|Permission)/.test(id));
    expect(rule.DependsOn).toEqual(expect.arrayContaining(ofRule));
    expect(ofRule.length).toBeGreaterThan(2);
  });
});

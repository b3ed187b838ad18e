import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parsePolicy, type Policy } from '../../lib/policy';
import { ACCOUNT, deployed } from '../access/device';

interface RuleProperties {
  readonly RuleName: unknown;
  readonly TopicRulePayload: { readonly Actions: readonly Record<string, object>[]; readonly ErrorAction?: Record<string, object>; readonly Sql: string };
}

/** A role as it would be deployed. */
export interface DeployedRole {
  readonly trust: object;
  readonly policies: readonly Policy[];
}

/** The rules of a stack. */
export function rulesIn(stack: Stack): RuleProperties[] {
  return Object.values(Template.fromStack(stack).findResources('AWS::IoT::TopicRule')).map(({ Properties }) => Properties as RuleProperties);
}

/** The one rule of a stack. */
export function ruleIn(stack: Stack): RuleProperties {
  const rules = rulesIn(stack);
  expect(rules).toHaveLength(1);
  return rules[0]!;
}

/** The role that an action runs under, with all that it may do. */
export function roleOf(stack: Stack, action: object): DeployedRole | undefined {
  const [, logicalId] = /"Fn::GetAtt":\["(\w+)","Arn"\]/.exec(JSON.stringify(findRoleArn(action))) ?? [];
  const { Resources: resources } = Template.fromStack(stack).toJSON() as { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> };
  if (logicalId === undefined) {
    return undefined;
  }
  const attached = Object.values(resources).filter(({ Type, Properties }) => Type === 'AWS::IAM::Policy' && JSON.stringify(Properties.Roles) === JSON.stringify([{ Ref: logicalId }]));
  const { AssumeRolePolicyDocument: trust, ...rest } = resources[logicalId]!.Properties;
  expect(Object.keys(rest)).toEqual(['Description']);
  return {
    trust: asDeployed(trust) as object,
    policies: attached.map(({ Properties }) => parsePolicy(asDeployed(Properties.PolicyDocument) as object, { name: 'role', language: 'iam' })),
  };
}

function findRoleArn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const { RoleArn: found, ClientProperties: properties, ...rest } = value as { RoleArn?: unknown; ClientProperties?: Record<string, unknown> };
  return found ?? properties?.['sasl.scram.password'] ?? Object.values(rest).map(findRoleArn).find((each) => each !== undefined);
}

/** A part of a template as it would be deployed, the ARNs of its own resources included. */
export function asDeployed(value: unknown): unknown {
  return deployed(JSON.parse(JSON.stringify(value), (_, part: unknown) => {
    const { 'Fn::GetAtt': attribute } = (typeof part === 'object' && part !== null ? part : {}) as { 'Fn::GetAtt'?: [string, string] };
    return attribute === undefined ? part : `arn:aws:own:${ACCOUNT.region}:${ACCOUNT.accountId}:${attribute.join('.')}`;
  }));
}

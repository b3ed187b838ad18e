import { createAuthorizer, describeDecision, describeNearMisses, explain } from '../../lib/policy';
import type { AuthorizationRequest, AuthorizerOptions, StatementExplanation } from '../../lib/policy';
import { ACCOUNT, ARN } from './vectors';

const THING = '${iot:Connection.Thing.ThingName}';
const REQUEST: AuthorizationRequest = { action: 'iot:Publish', resource: 'dt/sensor1' };

/** How one statement that allows publishing relates to a publish by sensor1 on dt/sensor1. */
function explainStatement(
  changes: object, request: Partial<AuthorizationRequest> = {}, principal: Partial<AuthorizerOptions['principal']> = {},
): Pick<StatementExplanation, 'matches' | 'reason' | 'detail'> {
  const authorizer = createAuthorizer({
    account: ACCOUNT,
    principal: { kind: 'certificate', clientId: 'sensor1', ...principal },
    policies: [{ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:*', Resource: `${ARN}topic/dt/sensor1`, ...changes } }],
  });
  const [explanation, ...others] = explain(authorizer, { ...REQUEST, ...request });
  expect(others).toEqual([]);
  const { policy, statement, effect, ...rest } = explanation!;
  expect({ policy, statement, effect }).toEqual({ policy: 'policies[0]', statement: 0, effect: 'Allow' });
  return rest;
}

describe('a statement applies', () => {
  test('without a reason', () => {
    expect(explainStatement({})).toEqual({ matches: 'yes' });
  });

  test.each<[string, object]>([
    ['a resource that is not known', { Resource: { unknown: 'R' } }],
    ['an action that is not known', { Action: { unknown: 'A' } }],
    ['a condition that is not known', { Condition: { unknown: 'C' } }],
    ['an undocumented condition', { Condition: { NumericEquals: { 'iot:ClientId': '1' } } }],
  ])('perhaps, for %s', (_, changes) => {
    expect(explainStatement(changes)).toEqual({ matches: 'perhaps' });
  });
});

describe('a statement does not apply because', () => {
  test.each<[string, object, object, Partial<AuthorizationRequest>]>([
    ['Action does not cover the action', { Action: 'iot:Receive' }, { reason: 'action-differs' }, {}],
    ['NotAction leaves it out', { Action: undefined, NotAction: 'iot:Pub*' }, { reason: 'action-differs' }, {}],
    ['its ARNs are of other types', { Resource: [`${ARN}topicfilter/dt/sensor1`, `${ARN}client/*`] }, { reason: 'resource-type-differs' }, {}],
    ['the action takes no ARN', { Resource: `${ARN}topic/*` }, { reason: 'resource-type-differs' }, { action: 'iot:ListRetainedMessages', resource: '*' }],
    ['its ARN is of another Region', { Resource: 'arn:aws:iot:eu-west-1:123456789012:topic/dt/sensor1' }, { reason: 'account-or-region-differs' }, {}],
    ['its ARN is of another account', { Resource: 'arn:aws:iot:us-east-1:210987654321:topic/dt/sensor1' }, { reason: 'account-or-region-differs' }, {}],
    ['its ARN is of another partition', { Resource: 'arn:aws-cn:iot:us-east-1:123456789012:topic/dt/sensor1' }, { reason: 'account-or-region-differs' }, {}],
    ['its ARN of the right type is of another Region', { Resource: [`${ARN}client/*`, 'arn:aws:iot:eu-west-1:123456789012:topic/dt/sensor1'] }, { reason: 'account-or-region-differs' }, {}],
    ['its ARN has another name', { Resource: `${ARN}topic/dt/sensor2` }, { reason: 'resource-differs' }, {}],
    ['its ARN has another name after a wildcard', { Resource: `${ARN}t*/sensor2` }, { reason: 'resource-differs' }, {}],
    ['its ARN has another name, whatever the unknown part is', { Resource: { parts: ['arn:aws:iot:', { unknown: 'Region' }, ':123456789012:topic/other'] } }, { reason: 'resource-differs' }, {}],
    ['its disputed ARN has another name', { Resource: `${ARN}thing/sensor2` }, { reason: 'resource-differs' }, { action: 'iot:ListNamedShadowsForThing', resource: 'sensor1' }],
    ['NotResource names the resource', { Resource: undefined, NotResource: `${ARN}topic/dt/*` }, { reason: 'resource-excluded' }, {}],
    ['a variable has no value', { Resource: [`${ARN}topic/a`, `${ARN}topic/dt/${THING}`] }, { reason: 'variable-has-no-value', detail: 'iot:connection.thing.thingname' }, {}],
    ['a condition does not hold', { Condition: { StringLike: { 'iot:ClientId': 's*' }, StringEquals: { 'iot:ClientId': 'sensor2' } } },
      { reason: 'condition-not-met', detail: 'StringEquals iot:clientid' }, {}],
    ['a key is absent that a condition wants present', { Condition: { Null: { 'iot:DomainName': 'false' } } }, { reason: 'condition-not-met', detail: 'Null iot:domainname' }, {}],
    ['a condition key has no value', { Condition: { Bool: { 'iot:DomainName': 'true' } } }, { reason: 'condition-key-has-no-value', detail: 'Bool iot:domainname' }, {}],
  ])('%s', (_, changes, why, request) => {
    expect(explainStatement(changes, request)).toEqual({ matches: 'no', ...why });
  });

  test('a variable has no value over HTTPS that it has over MQTT', () => {
    const changes = { Resource: `${ARN}topic/dt/\${iot:ClientId}` };
    expect(explainStatement(changes)).toEqual({ matches: 'yes' });
    expect(explainStatement(changes, { protocol: 'https' })).toEqual({ matches: 'no', reason: 'variable-has-no-value', detail: 'iot:clientid' });
  });
});

describe('an explanation', () => {
  const allow = { Version: '2012-10-17', Statement: { Sid: 'A', Effect: 'Allow', Action: 'iot:*', Resource: '*' } };

  test('names policy, place and Sid of every statement, of both sides of an authenticated identity', () => {
    const authorizer = createAuthorizer({
      account: ACCOUNT, principal: { kind: 'cognito-auth' }, policies: [allow, { Statement: [{ ...allow.Statement, Sid: undefined }, { ...allow.Statement, Effect: 'Deny' }] }], iamPolicies: [allow],
    });
    expect(explain(authorizer, REQUEST)).toEqual([
      { policy: 'iamPolicies[0]', statement: 0, effect: 'Allow', sid: 'A', matches: 'yes' },
      { policy: 'policies[0]', statement: 0, effect: 'Allow', sid: 'A', matches: 'yes' },
      { policy: 'policies[1]', statement: 0, effect: 'Allow', matches: 'yes' },
      { policy: 'policies[1]', statement: 1, effect: 'Deny', sid: 'A', matches: 'yes' },
    ]);
  });

  test('says perhaps for group policies that count only perhaps', () => {
    const authorizer = createAuthorizer({
      account: ACCOUNT,
      principal: { kind: 'certificate', clientId: 'gw', thingName: 'sensor1', attached: true, thingPrincipalType: 'EXCLUSIVE_THING' },
      policies: [],
      thingGroups: [{ name: 'Doors', policies: [allow] }],
    });
    expect(explain(authorizer, REQUEST)).toEqual([{ policy: 'Doors.policies[0]', statement: 0, effect: 'Allow', sid: 'A', matches: 'perhaps' }]);
  });

  test('has both statements that one with an unknown effect may be', () => {
    const authorizer = createAuthorizer({ account: ACCOUNT, principal: { kind: 'certificate' }, policies: [{ Statement: { ...allow.Statement, Effect: { unknown: 'E' } } }] });
    expect(explain(authorizer, REQUEST)).toMatchObject([{ effect: 'Allow', matches: 'perhaps' }, { effect: 'Deny', matches: 'perhaps' }]);
  });
});

describe('in words', () => {
  const statement = { policy: 'Fleet', statement: 2, effect: 'Allow', sid: 'Own' } as const;

  test.each([
    [{ decision: 'allow', by: [statement], reason: 'explicit-allow' }, 'allowed by Fleet Statement[2] (Own)'],
    [{ decision: 'deny', by: [{ ...statement, sid: undefined }, statement], reason: 'explicit-deny' }, 'denied by Fleet Statement[2], Fleet Statement[2] (Own)'],
    [{ decision: 'deny', by: [], reason: 'implicit-deny' }, 'no statement allows it'],
    [{ decision: 'unknown', by: [statement], reason: 'cannot-tell' }, 'cannot tell; it hangs on Fleet Statement[2] (Own)'],
    [{ decision: 'deny', by: [], reason: 'not-authenticated' }, 'the authorizer did not authenticate the caller'],
  ] as const)('%j', (decision, words) => {
    expect(describeDecision(decision)).toBe(words);
  });

  test('near misses are the Allow statements with the right action', () => {
    expect(describeNearMisses([
      { ...statement, matches: 'no', reason: 'action-differs' },
      { ...statement, matches: 'no', reason: 'resource-differs' },
      { ...statement, effect: 'Deny', matches: 'no', reason: 'resource-differs' },
      { ...statement, matches: 'no', reason: 'variable-has-no-value', detail: 'iot:clientid' },
      { ...statement, matches: 'perhaps' },
    ])).toBe('Fleet Statement[2]: resource-differs; Fleet Statement[2]: variable-has-no-value iot:clientid');
  });
});

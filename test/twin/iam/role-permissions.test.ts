import { readDeployment } from '../../../lib/deployment';
import type { Files } from '../../../lib/deployment';
import type { RoleSession } from '../../../lib/twin/aws';
import { RolePermissions } from '../../../lib/twin/iam';

const ROLE = 'arn:aws:iam::123456789012:role/r';
const API = 'arn:aws:execute-api:eu-west-1:123456789012:abc/$default/POST/attachment';
const INVOKE = 'execute-api:Invoke';
const allow = (Resource: unknown = API, more: object = {}) => ({ Effect: 'Allow', Action: INVOKE, Resource, ...more });
const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });

function permissions(role: object, others: object = {}): RolePermissions {
  const template = { Resources: { R: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'r', ...role } }, ...others } };
  const files = { isDirectory: () => false, read: () => JSON.stringify(template) } as unknown as Files;
  const deployment = readDeployment('App.json', { accountId: '123456789012', region: 'eu-west-1', partition: 'aws', files });
  return new RolePermissions(() => deployment);
}

function inline(...statements: object[]): object {
  return { Policies: [{ PolicyName: 'p', PolicyDocument: policy(...statements) }] };
}

const session = (more: Partial<RoleSession> = {}): RoleSession => ({ kind: 'role', roleArn: ROLE, sessionName: 's', ...more });

test.each<[string, boolean, object[]]>([
  ['its resource', true, [allow()]],
  ['everything', true, [allow('*')]],
  ['a wildcard in the path', true, [allow('arn:aws:execute-api:*:123456789012:abc/*/POST/*')]],
  ['a wildcard of actions', true, [{ Effect: 'Allow', Action: 'execute-api:*', Resource: API }]],
  ['a list with it', true, [allow(['arn:aws:s3:::b', API])]],
  ['all but another', true, [{ Effect: 'Allow', Action: INVOKE, NotResource: 'arn:aws:execute-api:eu-west-1:123456789012:other/*' }]],
  ['nothing', false, []],
  ['another action', false, [{ Effect: 'Allow', Action: 'execute-api:ManageConnections', Resource: '*' }]],
  ['another method', false, [allow('arn:aws:execute-api:eu-west-1:123456789012:abc/*/GET/attachment')]],
  ['another account', false, [allow(API.replace('123456789012', '999999999999'))]],
  ['another service', false, [allow(API.replace('execute-api', 'iot'))]],
  ['all but it', false, [{ Effect: 'Allow', Action: INVOKE, NotResource: API }]],
  ['it, and denies it', false, [allow(), { ...allow(), Effect: 'Deny' }]],
  ['it, and denies it perhaps', false, [allow(), { ...allow(), Effect: 'Deny', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }]],
  ['it perhaps', false, [allow(API, { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } })]],
  ['it to another', false, [allow(API, { Condition: { StringEquals: { 'aws:PrincipalTag/site': 'hall 2' } } })]],
  ['it to who it is', true, [allow(API, { Condition: { StringEquals: { 'aws:PrincipalTag/site': '${cognito-identity.amazonaws.com:sub}' } } })]],
  ['it over TLS', true, [allow(), { ...allow('*'), Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }]],
])('a role that allows %s: %s', (_, expected, statements) => {
  const tagged = session({ tags: { site: 'id' }, identity: { identityId: 'id', identityPoolId: 'pool', authenticated: true, amr: ['authenticated'] } });
  expect(permissions(statements.length === 0 ? {} : inline(...statements)).allows(tagged, INVOKE, API)).toBe(expected);
});

test('a session without a tag does not get what a variable of it stands for', () => {
  const own = permissions(inline(allow('arn:aws:execute-api:eu-west-1:123456789012:abc/*/POST/${aws:PrincipalTag/site}')));
  expect(own.allows(session(), INVOKE, API)).toBe(false);
  expect(own.allows(session({ tags: { site: 'attachment' } }), INVOKE, API)).toBe(true);
});

test.each<[string, object, object, boolean]>([
  ['attached by the policy', {}, { P: { Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'p', Roles: [{ Ref: 'R' }], PolicyDocument: policy(allow()) } } }, true],
  ['of a resource of its own', {}, { P: { Type: 'AWS::IAM::RolePolicy', Properties: { PolicyName: 'p', RoleName: { Ref: 'R' }, PolicyDocument: policy(allow()) } } }, true],
  ['managed, attached by the role', { ManagedPolicyArns: [{ Ref: 'P' }] }, { P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: policy(allow()) } } }, true],
  ['managed by AWS', { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }, {}, false],
  ['within a boundary', { ...inline(allow()), PermissionsBoundary: { Ref: 'P' } }, { P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: policy(allow('*')) } } }, true],
  ['beyond a boundary', { ...inline(allow()), PermissionsBoundary: { Ref: 'P' } }, { P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: policy({ ...allow('*'), Action: 's3:*' }) } } }, false],
  ['beyond a boundary that is not known', { ...inline(allow()), PermissionsBoundary: 'arn:aws:iam::123456789012:policy/elsewhere' }, {}, false],
])('a policy %s', (_, role, others, expected) => {
  expect(permissions(role, others).allows(session(), INVOKE, API)).toBe(expected);
});

test('whoever runs the twin may do everything, and a role that is not there nothing', () => {
  const none = permissions({});
  expect(none.allows({ kind: 'operator' }, INVOKE, API)).toBe(true);
  expect(permissions(inline(allow('*'))).allows(session({ roleArn: `${ROLE}2` }), INVOKE, API)).toBe(false);
});

describe('a role trusts', () => {
  const provider = 'cognito-identity.amazonaws.com';
  const trust = (more: object, Action: string | string[] = 'sts:AssumeRoleWithWebIdentity') => ({ AssumeRolePolicyDocument: policy({ Effect: 'Allow', Principal: { Federated: provider }, Action, ...more }) });
  const condition = { Condition: { StringEquals: { [`${provider}:aud`]: 'pool' }, 'ForAnyValue:StringLike': { [`${provider}:amr`]: 'authenticated' } } };
  const objection = (role: object, amr = ['authenticated'], tagged = false, aud = 'pool') => (
    permissions(role).objectionTo(ROLE, { provider, tagged, values: { [`${provider}:aud`]: aud, [`${provider}:amr`]: amr, [`${provider}:sub`]: 'id' } })
  );

  test('an identity of its pool', () => {
    expect(objection(trust(condition))).toBeUndefined();
    expect(objection(trust(condition, ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']), undefined, true)).toBeUndefined();
    expect(objection({ AssumeRolePolicyDocument: policy({ Effect: 'Allow', Principal: { Federated: ['other', provider] }, Action: 'sts:*', ...condition }) })).toBeUndefined();
  });

  test.each<[string, object, { amr?: string[]; tagged?: boolean; aud?: string }]>([
    ['no guest', trust(condition), { amr: ['unauthenticated'] }],
    ['no other pool', trust(condition), { aud: 'another' }],
    ['no tags', trust(condition), { tagged: true }],
    ['services alone', { AssumeRolePolicyDocument: policy({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:*' }) }, {}],
    ['nobody', {}, {}],
  ])('%s', (_, role, { amr, tagged, aud }) => {
    expect(objection(role, amr, tagged, aud)).toMatch(/^the trust policy of App\/R does not allow sts:(AssumeRoleWithWebIdentity|TagSession) to cognito-identity\.amazonaws\.com for this identity$/);
  });
});

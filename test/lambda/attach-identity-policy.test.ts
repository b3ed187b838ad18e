import { createHandler } from '../../lambda/attach-identity-policy';
import type { SignedRequest } from '../../lambda/attach-identity-policy/caller';
import { FakeDirectory } from './fake-directory';
import { FakeIot } from './fake-iot';
import { FakeRecords } from './fake-records';
import type { Fault } from './faulty-client';
import { serialize } from './serialize';
import { FakeSystem } from './stack';

const POOL = 'eu-central-1:99999999-aaaa-bbbb-cccc-dddddddddddd';
const ALICE = 'eu-central-1:11111111-2222-3333-4444-555555555555';
const BOB = 'eu-central-1:66666666-7777-8888-9999-000000000000';
const USER_POOL = 'cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI';
const AMR = ['authenticated', USER_POOL, `${USER_POOL}:CognitoSignIn:a1b2c3d4-0000-1111-2222-333344445555`];
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

let iot: FakeIot;
let records: FakeRecords;
let directory: FakeDirectory;
let system: FakeSystem;

beforeEach(() => {
  iot = new FakeIot();
  ['app', 'app2', 'other'].forEach((name) => iot.addPolicy(name));
  records = new FakeRecords();
  directory = new FakeDirectory();
  [ALICE, BOB].forEach((id) => directory.identities.add(id));
  system = new FakeSystem();
  system.time = NOW;
});

type Identity = NonNullable<NonNullable<NonNullable<SignedRequest['requestContext']['authorizer']>['iam']>['cognitoIdentity']>;

/** An event of API Gateway with payload format 2.0, and what an attacker may put into it. */
function request(method: string, identity: Identity | null, around: object = {}): SignedRequest {
  return {
    version: '2.0',
    routeKey: `${method} /attachment`,
    rawPath: '/attachment',
    ...around,
    requestContext: {
      http: { method },
      authorizer: { iam: { accessKey: 'ASIA', accountId: '123456789012', callerId: 'AROA:CognitoIdentityCredentials', cognitoIdentity: identity } },
    },
  } as unknown as SignedRequest;
}

const alice: Identity = { amr: AMR, identityId: ALICE, identityPoolId: POOL };
const send = (event: SignedRequest) => createHandler({ iot: iot.client, dynamoDb: records.client, identities: directory.client }, { identityPoolId: POOL, policyNames: ['app', 'app2'], tableName: 'records' }, system)(event);
const attach = (identity: Identity | null = alice, around?: object) => send(request('POST', identity, around));
const attached = () => [...iot.policies].flatMap(([name, { targets }]) => [...targets].map((target) => `${name} on ${target}`));

describe('a user', () => {
  test('gets the policies of the app, however often they ask, and is written down', async () => {
    expect(await attach()).toEqual({ statusCode: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: '{"attached":true}' });
    expect(await attach()).toMatchObject({ statusCode: 200, body: '{"attached":true}' });

    expect(attached()).toEqual([`app on ${ALICE}`, `app2 on ${ALICE}`]);
    expect([...records.items.values()]).toEqual([{
      identityId: { S: ALICE }, attachedAt: { S: '2026-01-02T03:04:05.000Z' }, userPool: { S: USER_POOL }, userSub: { S: 'a1b2c3d4-0000-1111-2222-333344445555' },
    }]);
  });

  test('has them taken off again', async () => {
    await attach();
    expect(await send(request('DELETE', alice))).toMatchObject({ statusCode: 200, body: '{"attached":false}' });
    expect(await send(request('DELETE', alice))).toMatchObject({ statusCode: 200 });
    expect([attached(), [...records.items]]).toEqual([[], []]);
  });

  test('whom an administrator has removed does not come back with credentials that are still good', async () => {
    await attach();
    iot.policies.forEach(({ targets }) => targets.clear());
    records.items.clear();
    directory.identities.delete(ALICE);

    expect(await attach()).toMatchObject({ statusCode: 403, body: '{"message":"sign in again: the identity is gone"}' });
    expect([attached(), [...records.items]]).toEqual([[], []]);
    expect(JSON.parse(system.lines.at(-1)!)).toMatchObject({ level: 'WARN', message: 'refused', identityId: ALICE });
    expect(await send(request('DELETE', alice))).toMatchObject({ statusCode: 200 });
  });

  test('of another provider than a user pool is written down by identity', async () => {
    await attach({ ...alice, amr: ['authenticated', 'accounts.google.com', 'accounts.google.com:app:12345'] });
    expect([...records.items.values()]).toEqual([{ identityId: { S: ALICE }, attachedAt: { S: '2026-01-02T03:04:05.000Z' } }]);
  });

  test('is written down before anything is attached', async () => {
    iot.failAt(0, { error: 'InternalFailureException', count: Infinity });
    expect(await attach()).toMatchObject({ statusCode: 500 });
    expect([...records.items.keys()]).toEqual([ALICE]);
  });

  test('is attached by requests that the SDK can write', async () => {
    await attach();
    expect(await serialize([...records.commands, ...iot.commands])).toEqual([
      expect.stringContaining('DynamoDB_20120810.PutItem'),
      `PUT /target-policies/app {"target":"${ALICE}"}`,
      `PUT /target-policies/app2 {"target":"${ALICE}"}`,
    ]);
  });

  test('leaves one line in the log', async () => {
    await attach();
    expect(system.lines.map((line) => JSON.parse(line) as object)).toEqual([{ level: 'INFO', message: 'attached', identityId: ALICE, userPool: USER_POOL, userSub: 'a1b2c3d4-0000-1111-2222-333344445555' }]);
  });
});

describe('a caller cannot choose', () => {
  test.each<[string, object]>([
    ['the identity', { body: JSON.stringify({ identityId: BOB, target: BOB }), queryStringParameters: { identityId: BOB }, rawQueryString: `identityId=${BOB}` }],
    ['the policy', { body: JSON.stringify({ policyName: 'other' }), queryStringParameters: { policyName: 'other' } }],
    ['what API Gateway says', { headers: { 'x-amz-cognito-identity': BOB }, authorizer: { iam: { cognitoIdentity: { ...alice, identityId: BOB } } } }],
  ])('%s', async (_, around) => {
    expect(await attach(alice, around)).toMatchObject({ statusCode: 200 });
    expect(attached()).toEqual([`app on ${ALICE}`, `app2 on ${ALICE}`]);
  });
});

describe('nobody gets anything', () => {
  const SIGN = 'sign the request with the credentials of an identity of the identity pool';
  const GUEST = 'sign in first: guests have no policies';

  test.each<[string, Identity | null, string]>([
    ['with credentials of a user or role of AWS', null, SIGN],
    ['with credentials of a user or role of AWS, as API Gateway also writes it', { amr: null, identityId: null, identityPoolId: null }, SIGN],
    ['with an identity of another pool', { ...alice, identityPoolId: BOB }, SIGN],
    ['with what is no identity', { ...alice, identityId: 'arn:aws:iot:eu-central-1:123456789012:cert/1' }, SIGN],
    ['as a guest', { ...alice, amr: ['unauthenticated'] }, GUEST],
    ['as somebody whose authentication nobody tells', { ...alice, amr: [] }, GUEST],
    ['as both at once', { ...alice, amr: ['authenticated', 'unauthenticated'] }, GUEST],
  ])('%s', async (_, identity, message) => {
    expect(await attach(identity)).toMatchObject({ statusCode: 403, body: JSON.stringify({ message }) });
    expect([attached(), [...records.items], iot.requests]).toEqual([[], [], []]);
    expect(JSON.parse(system.lines[0]!)).toMatchObject({ level: 'WARN', message: 'refused', reason: message });
  });

  test('without any authorizer', async () => {
    expect(await send({ requestContext: { http: { method: 'POST' } } })).toMatchObject({ statusCode: 403 });
  });

  test('with another method', async () => {
    expect(await send(request('PUT', alice))).toMatchObject({ statusCode: 405 });
    expect(attached()).toEqual([]);
  });
});

describe('when AWS', () => {
  test.each<[string, Fault, number, string]>([
    ['is throttled', { error: 'ThrottlingException', count: Infinity }, 503, 'too many requests; try again later'],
    ['is not available', { error: 'ServiceUnavailableException', count: Infinity }, 503, 'AWS IoT is not available; try again later'],
    ['says that the identity is full', { error: 'LimitExceededException', count: Infinity }, 409, 'the identity has as many policies as AWS IoT allows'],
    ['has no such policy', { error: 'ResourceNotFoundException' }, 500, 'the policies could not be attached; the log of the function says why'],
  ])('%s, the app is told whether to try again, in time', async (_, fault, statusCode, message) => {
    iot.failAt(1, fault);
    const answer = await attach();

    expect(answer).toMatchObject({ statusCode, body: JSON.stringify({ message }) });
    expect(answer.headers['retry-after']).toBe(statusCode === 503 ? '2' : undefined);
    expect(system.time - NOW).toBeLessThanOrEqual(6000);
    expect(JSON.parse(system.lines.at(-1)!)).toMatchObject({ level: 'ERROR', message: 'failed', identityId: ALICE, reason: expect.stringContaining(fault.error) });
  });

  test.each<Fault>([{ error: 'ThrottlingException' }, { error: 'TimeoutError', isDone: true }, { error: 'InternalFailureException', isDone: true }])('fails once with $error, nobody notices', async (fault) => {
    for (const fake of ['iot', 'records', 'directory'] as const) {
      for (let number = 0; number < 2; number++) {
        iot = new FakeIot();
        ['app', 'app2'].forEach((name) => iot.addPolicy(name));
        records = new FakeRecords();
        ({ iot, records, directory })[fake].failAt(number, fault);

        expect(await attach()).toMatchObject({ statusCode: 200 });
        expect([attached(), records.items.size]).toEqual([[`app on ${ALICE}`, `app2 on ${ALICE}`], 1]);
      }
    }
  });
});

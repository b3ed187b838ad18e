import { createHandler } from '../../lambda/sweep-identities';
import { FakeDirectory } from './fake-directory';
import { certificateArn, FakeIot } from './fake-iot';
import { FakeRecords } from './fake-records';
import type { Fault, FaultyClient } from './faulty-client';
import { serialize } from './serialize';
import { FakeSystem } from './stack';

const USER_POOL = 'cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI';
const POLICIES = ['app', 'app2'];
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 0, 2);

let iot: FakeIot;
let records: FakeRecords;
let directory: FakeDirectory;
let system: FakeSystem;

const idOf = (name: string): string => `eu-central-1:${name}`;

/** A user who has attached; numbers for names keep to the alphabet of ids. */
function add(name: string, { user = name, at = NOW - DAY_MS, isEnabled = true }: { readonly user?: string | undefined; readonly at?: number; readonly isEnabled?: boolean } = {}): void {
  const identityId = idOf(name);
  directory.identities.add(identityId);
  directory.users.set(user, isEnabled);
  POLICIES.forEach((policy) => iot.policies.get(policy)!.targets.add(identityId));
  records.add(identityId, { userPool: { S: USER_POOL }, userSub: { S: user }, attachedAt: { S: new Date(at).toISOString() } });
}

beforeEach(() => {
  iot = new FakeIot();
  POLICIES.forEach((name) => iot.addPolicy(name));
  records = new FakeRecords();
  directory = new FakeDirectory();
  system = new FakeSystem();
  system.time = NOW;
  ['a1', 'a2', 'a3'].forEach((name) => add(name));
});

const run = (request: object = { sweep: true }, timeLeft = 900_000) => createHandler(
  { iot: iot.client, dynamoDb: records.client, identities: directory.client, users: directory.client },
  { policyNames: POLICIES, tableName: 'records', userPools: [{ name: USER_POOL, id: 'eu-central-1_AbCdEfGhI' }] },
  system,
)(request, { getRemainingTimeInMillis: () => timeLeft });
const state = () => ({
  attached: POLICIES.map((name) => [...iot.policies.get(name)!.targets].sort().join()),
  records: [...records.items.keys()].sort(),
  identities: [...directory.identities].sort(),
});
const all = (...names: string[]) => ({ attached: POLICIES.map(() => names.map(idOf).join()), records: names.map(idOf), identities: names.map(idOf) });
const COUNTS = { usersGone: 0, usersDisabled: 0, identitiesGone: 0, unrecorded: 0, failures: 0, isFinished: true };

describe('a sweep', () => {
  test('leaves users alone who are there', async () => {
    expect(await run()).toEqual({ ...COUNTS, checked: 9 });
    expect(state()).toEqual(all('a1', 'a2', 'a3'));
  });

  test('removes a user who is gone, with identity and record', async () => {
    directory.users.delete('a2');
    expect(await run()).toMatchObject({ usersGone: 1, isFinished: true });
    expect(state()).toEqual(all('a1', 'a3'));
  });

  test('removes nobody of whom a search says nothing yet', async () => {
    directory.answersEmptyPages = true;
    expect(await run()).toMatchObject({ usersGone: 0 });
    expect(state()).toEqual(all('a1', 'a2', 'a3'));
  });

  test('detaches a user who is disabled, whose identity stays for the time when they are not', async () => {
    add('a2', { isEnabled: false });
    expect(await run()).toMatchObject({ usersDisabled: 1 });
    expect(state()).toEqual({ ...all('a1', 'a3'), identities: ['a1', 'a2', 'a3'].map(idOf) });
  });

  test('detaches an identity that is gone', async () => {
    directory.identities.delete(idOf('a2'));
    expect(await run()).toMatchObject({ identitiesGone: 1 });
    expect(state()).toEqual(all('a1', 'a3'));
  });

  test('detaches an identity that is gone and has no record', async () => {
    directory.identities.delete(idOf('a2'));
    records.items.delete(idOf('a2'));
    expect(await run()).toMatchObject({ identitiesGone: 1 });
    expect(state()).toEqual(all('a1', 'a3'));
  });

  test('leaves alone what something else has attached: identities without a record, and certificates', async () => {
    records.items.delete(idOf('a2'));
    iot.policies.get('app')!.targets.add(certificateArn('1'));
    expect(await run()).toMatchObject({ unrecorded: 2 });
    expect(iot.policies.get('app')!.targets).toContain(idOf('a2'));
    expect(iot.policies.get('app')!.targets).toContain(certificateArn('1'));
  });

  test('does not take a user for gone whom the user pool may not show yet', async () => {
    add('a4', { at: NOW - 60_000 });
    directory.users.delete('a4');
    expect(await run()).toMatchObject({ usersGone: 0 });
    system.time += DAY_MS;
    expect(await run()).toMatchObject({ usersGone: 1 });
  });

  test.each<[string, object]>([
    ['of another provider', { attachedAt: { S: '2026-01-01T00:00:00.000Z' } }],
    ['of another user pool', { userPool: { S: 'cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other' }, userSub: { S: 'gone' } }],
    ['with a name that would change the question', { userPool: { S: USER_POOL }, userSub: { S: 'a" or sub = "a1' } }],
  ])('takes nobody for gone of whom it cannot tell: a user %s', async (_, item) => {
    records.add(idOf('a2'), item as never);
    directory.users.delete('a2');
    expect(await run()).toMatchObject({ usersGone: 0 });
    expect(directory.requests.filter((name) => name === 'ListUsers')).toHaveLength(2);
  });

  test('writes one line about what it did', async () => {
    directory.users.delete('a2');
    await run();
    expect(system.lines.map((line) => JSON.parse(line) as object)).toEqual([{ level: 'INFO', message: 'swept', ...COUNTS, checked: 7, usersGone: 1 }]);
  });

  test('sends requests that the SDK can write', async () => {
    directory.users.delete('a2');
    await run();
    const lines = await serialize([...directory.commands, ...records.commands]);
    expect(lines).toContain('POST / AWSCognitoIdentityService.DescribeIdentity {"IdentityId":"eu-central-1:a1"}');
    expect(lines).toContain('POST / AWSCognitoIdentityProviderService.ListUsers {"UserPoolId":"eu-central-1_AbCdEfGhI","AttributesToGet":["sub"],"Limit":1,"Filter":"sub = \\"a2\\""}');
    expect(lines).toContain('POST / AWSCognitoIdentityService.DeleteIdentities {"IdentityIdsToDelete":["eu-central-1:a2"]}');
  });
});

describe('with more identities than time', () => {
  const names = Array.from({ length: 60 }, (_, index) => `b${index + 10}`);

  beforeEach(() => {
    names.forEach((name) => add(name));
    names.forEach((name) => directory.users.delete(name));
  });

  /** Every request takes a second. */
  function slow(client: FaultyClient): void {
    Object.assign(client, { onRequest: () => {
      system.time += 1000;
    } });
  }

  test('each run goes on where the last one stopped, and all are dealt with in the end', async () => {
    [iot, records, directory].forEach(slow);
    const runs: unknown[] = [];
    for (let count = 0; count < 20 && !runs.includes(true); count++) {
      runs.push((await run({ sweep: true }, 200_000) as { readonly isFinished: boolean }).isFinished);
    }
    expect(runs.length).toBeGreaterThan(2);
    expect(runs.at(-1)).toBe(true);
    expect(state()).toEqual(all('a1', 'a2', 'a3'));
  });

  test('a place that AWS does not know any more is no obstacle', async () => {
    records.add('cursor', { cursor: { S: JSON.stringify({ policyName: 'app', from: 'old' }) } });
    iot.failAt(0, { error: 'InvalidRequestException' });
    expect(await run()).toMatchObject({ isFinished: true });
    records.add('cursor', { cursor: { S: JSON.stringify({ policyName: 'left' }) } });
    expect(await run()).toMatchObject({ isFinished: true });
    expect(records.items.has('cursor')).toBe(false);
  });
});

describe('an administrator', () => {
  test('removes all identities of a user', async () => {
    ['c1', 'c2', 'c3'].forEach((name) => add(name, { user: 'carol' }));
    expect(await run({ userSub: 'carol' })).toEqual({ detached: ['c1', 'c2', 'c3'].map(idOf) });
    expect(state()).toEqual(all('a1', 'a2', 'a3'));
    expect(JSON.parse(system.lines[0]!)).toMatchObject({ level: 'INFO', message: 'detached as asked', userSub: 'carol' });
  });

  test('removes one identity, with or without a record', async () => {
    records.items.delete(idOf('a2'));
    expect(await run({ identityId: idOf('a2') })).toEqual({ detached: [idOf('a2')] });
    expect(await run({ identityId: idOf('a2') })).toEqual({ detached: [idOf('a2')] });
    expect(state()).toEqual(all('a1', 'a3'));
  });

  test.each([{}, { userSub: '' }, { identityId: certificateArn('1') }, { sweep: 'true' }, { userSub: 'a1', identityId: idOf('a1') }, { userSub: ['a1'] }])('is told what to ask with, not with %j', async (request) => {
    await expect(run(request)).rejects.toThrow('the event must be {"sweep":true}, {"userSub":"…"} or {"identityId":"REGION:UUID"}');
    expect(state()).toEqual(all('a1', 'a2', 'a3'));
  });
});

describe('a fault', () => {
  test('of one identity does not keep the others from their turn, and fails the run', async () => {
    ['a1', 'a2'].forEach((name) => directory.users.delete(name));
    directory.unprocessed = [{ IdentityId: idOf('a1'), ErrorCode: 'AccessDenied' }];

    await expect(run()).rejects.toThrow(`1 identities could not be dealt with and are left to the next run; first: identity ${idOf('a1')} could not be deleted: AccessDenied`);
    expect(state().records).toEqual([idOf('a1'), idOf('a3')]);
    expect(JSON.parse(system.lines[0]!)).toMatchObject({ level: 'ERROR', failures: 1, usersGone: 1 });
    directory.unprocessed = [];
    expect(await run()).toMatchObject({ usersGone: 1, failures: 0 });
    expect(state()).toEqual(all('a3'));
  });

  test.each<Fault>([
    { error: 'ThrottlingException' },
    { error: 'TimeoutError', isDone: true },
    { error: 'AccessDeniedException', count: Infinity },
    { error: 'InvalidParameterException', count: Infinity },
  ])('of any request, $error, leaves nothing undone when it has passed, and takes nothing from others', async (fault) => {
    const arrange = (): void => {
      directory.users.delete('a1');
      directory.identities.delete(idOf('a2'));
    };
    arrange();
    await run();
    const clients = { iot, records, directory };
    const counts = Object.entries(clients).map(([name, client]) => [name, client.requests.length] as const);
    for (const [name, count] of counts) {
      for (let number = 0; number < count; number++) {
        iot = new FakeIot();
        POLICIES.forEach((policy) => iot.addPolicy(policy));
        [records, directory] = [new FakeRecords(), new FakeDirectory()];
        ['a1', 'a2', 'a3'].forEach((each) => add(each));
        arrange();
        const faulty = { iot, records, directory }[name]!;
        faulty.failAt(number, fault);
        await run().catch((error: Error) => expect(error.message).not.toContain('\n'));
        expect(state().attached.every((targets) => targets.includes(idOf('a3')))).toBe(true);
        faulty.heal();
        // The first may have stopped behind what failed.
        await run();
        await run();
        expect({ name, number, ...state() }).toEqual({ name, number, ...all('a3') });
      }
    }
  });
});

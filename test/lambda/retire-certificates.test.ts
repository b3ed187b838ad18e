import { createHandler } from '../../lambda/retire-certificates';
import { createCa, FakeAccount, type FakeCa } from './fake-account';
import type { Fault } from './faulty-client';
import { FakeStack } from './stack';

const IDS = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
const MEMORY = '/cdk-iot-warden/Fleet/Wanted';

let amazon: FakeCa;
let account: FakeAccount;
let stack: FakeStack;

beforeAll(async () => {
  amazon = await createCa('Amazon');
});

beforeEach(() => {
  account = new FakeAccount(amazon);
  for (const id of IDS) {
    account.certificates.set(id, { pem: amazon.pem, created: 0, status: 'ACTIVE', things: new Set(['x', 'y', 'z']), policies: new Set(['p', 'q', 'r']) });
  }
  stack = new FakeStack((iot, system) => createHandler(iot, account.clients.ssm, system), account.clients.iot);
});

function values(...ids: readonly string[]) {
  return { CertificateIds: ids, Memory: MEMORY };
}

/** The certificates that have been retired. */
function retired(): string[] {
  return [...account.certificates].filter(([, { status, things, policies }]) => status === 'INACTIVE' && things.size + policies.size === 0).map(([id]) => id);
}

test('certificates are left alone while they are wanted', async () => {
  await stack.deploy(values(IDS[0]!));
  await stack.deploy(values(...IDS));

  expect(retired()).toEqual([]);
  expect([...account.certificates.values()].map(({ things, policies }) => things.size + policies.size)).toEqual([6, 6, 6]);
});

test('a certificate that is wanted no more is deactivated and detached from everything, and left for CloudFormation to delete', async () => {
  await stack.deploy(values(...IDS));
  await stack.deploy(values(IDS[0]!, IDS[2]!));

  expect(retired()).toEqual([IDS[1]]);
});

test('another order is no change', async () => {
  await stack.deploy(values(...IDS));
  const id = stack.physicalResourceId;

  expect(await stack.deploy(values(...[...IDS].reverse()))).toMatchObject({ PhysicalResourceId: id });
});

test('a rollback retires only what was new', async () => {
  await stack.deploy(values(IDS[0]!, IDS[1]!));
  const [before, next] = [values(IDS[0]!, IDS[1]!), values(IDS[0]!, IDS[2]!)];
  const update = await stack.send(stack.update(next, before));
  const back = await stack.send({ ...stack.update(before, next), PhysicalResourceId: update.PhysicalResourceId } as never);
  expect(back.PhysicalResourceId).toBe(stack.physicalResourceId);
  await stack.send(stack.remove(next, update.PhysicalResourceId));

  expect(retired()).toEqual([IDS[2]]);
});

test('the end of the stack retires all of them, and nothing is remembered', async () => {
  await stack.deploy(values(...IDS));

  expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
  expect(retired()).toEqual(IDS);
  expect(account.parameters.size).toBe(0);
});

test('a certificate that is gone, or revoked, is no obstacle', async () => {
  await stack.deploy(values(...IDS));
  account.certificates.delete(IDS[0]!);
  account.certificates.get(IDS[1]!)!.status = 'REVOKED';

  expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
  expect(account.certificates.get(IDS[1]!)).toMatchObject({ status: 'REVOKED', things: new Set(), policies: new Set() });
});

test('nothing is retired when nobody knows what is still wanted', async () => {
  await stack.deploy(values(...IDS));
  account.parameters.clear();

  expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
  expect(retired()).toEqual([]);
  expect(stack.system.lines.join()).toContain('nothing is retired: it has been already, or nobody knows what is still wanted');
});

test('what is remembered fits for a stack full of certificates', async () => {
  const ids = Array.from({ length: 240 }, (_, index) => index.toString(16).padStart(64, '0'));
  expect(await stack.deploy(values(...ids))).toMatchObject({ Status: 'SUCCESS' });
  expect([...account.parameters.values()][0]!.value.length).toBeLessThanOrEqual(4096);
});

const FAULTS: readonly Fault[] = [
  { error: 'ThrottlingException' },
  { error: 'TimeoutError', isDone: true },
  { error: 'AccessDeniedException', count: Infinity },
  { error: 'InvalidRequestException', count: 200 },
];

test.each(FAULTS)('each request may fail with $error, and what failed is done when it is tried again', async (fault) => {
  await stack.deploy(values(...IDS));
  const offset = account.requests.length;
  await stack.destroy();
  const count = account.requests.length - offset;
  for (let index = 0; index < count; index++) {
    IDS.forEach((id) => account.certificates.set(id, { pem: amazon.pem, created: 0, status: 'ACTIVE', things: new Set(['x', 'y', 'z']), policies: new Set(['p', 'q', 'r']) }));
    const again = new FakeStack((iot, system) => createHandler(iot, account.clients.ssm, system), account.clients.iot);
    await again.deploy(values(...IDS));
    account.failAt(account.requests.length + index, fault);
    const answer = await again.destroy();
    account.heal();
    if (answer.Status === 'FAILED') {
      expect(answer.Reason).toMatch(/^cannot (retire certificate "\w{64}"|remember in AWS Systems Manager which certificates are wanted): /);
      expect(await again.destroy()).toMatchObject({ Status: 'SUCCESS' });
    }
    expect({ index, retired: retired() }).toEqual({ index, retired: IDS });
  }
});

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Fault } from './faulty-client';
import { createCa, FakeAccount, type FakeCa } from './fake-account';
import { serialize } from './serialize';
import { FakeStack } from './stack';
import { createHandler } from '../../lambda/issue-certificates';
import type { ResourceEvent } from '../../lambda/custom-resource';
import { request } from '../certificates/pki';

type Item = Readonly<Record<string, unknown>>;
type Values = Readonly<Record<string, unknown>>;

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:One-abcdef';
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/sign';
const MEMORY = '/cdk-iot-warden/Fleet/Made';

let amazon: FakeCa;
let ca: FakeCa;
let csr: string;
let otherCsr: string;

beforeAll(async () => {
  [amazon, ca, csr, otherCsr] = await Promise.all([createCa('Amazon'), createCa('Own CA'), request(), request()]);
});

const COMMON = { status: 'ACTIVE', onRemoval: 'destroy', generation: '' };
const inSecret = (change: Item = {}): Item => ({
  key: 'one', path: 'Fleet/One', kind: 'delivered', keyType: 'EC_P256', destination: { kind: 'secret', secretId: SECRET }, ...COMMON, ...change,
});
const inParameter = (change: Item = {}): Item => ({
  key: 'two', path: 'Fleet/Two', kind: 'delivered', keyType: 'EC_P256', destination: { kind: 'secure-string', parameterName: '/devices/two', keyId: 'key' }, ...COMMON, ...change,
});
const fromCa = (change: Item = {}): Item => ({ key: 'three', path: 'Fleet/Three', kind: 'issued', csr, validitySeconds: 864_000, authority: 'ca', ...COMMON, ...change });

function values(...items: readonly Item[]): Values {
  return { Items: items, Authorities: { ca: { certificatePem: ca.pem, keyId: KEY } }, Memory: MEMORY };
}

interface World {
  readonly account: FakeAccount;
  readonly stack: FakeStack;
}

function world(): World {
  const account = new FakeAccount(amazon);
  const stack = new FakeStack((_, system) => createHandler(account.clients, system), account.clients.iot);
  stack.system.time = Date.now();
  account.now = () => stack.system.now();
  account.addSecret(SECRET);
  account.keys.set(KEY, ca.privateKey);
  return { account, stack };
}

function data(stack: FakeStack): Record<string, string> {
  return stack.answers.at(-1)?.Data as Record<string, string>;
}

/** Deploys as CloudFormation does when something else in the stack fails afterwards, and so rolls back. */
async function deployAndRollBack(stack: FakeStack, next: Values, before: Values): Promise<void> {
  const old = stack.physicalResourceId;
  const update = await stack.send(stack.update(next, before));
  const back = await stack.send({ ...stack.update(before, next), PhysicalResourceId: update.PhysicalResourceId } as ResourceEvent);
  expect([update.Status, back.Status, back.PhysicalResourceId]).toEqual(['SUCCESS', 'SUCCESS', old]);
  if (update.PhysicalResourceId !== old) {
    expect(await stack.send(stack.remove(next, update.PhysicalResourceId))).toMatchObject({ Status: 'SUCCESS' });
  }
}

describe('a key that is delivered', () => {
  test('to a secret comes with an active certificate for it', async () => {
    const { account, stack } = world();
    expect(await stack.deploy(values(inSecret()))).toMatchObject({ Status: 'SUCCESS' });

    const { one } = data(stack);
    const { privateKey, certificatePem, certificateId } = account.secret(SECRET)!;
    expect(certificateId).toBe(one);
    expect(new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(account.certificates.get(one!)).toMatchObject({ status: 'ACTIVE', pem: certificatePem });
  });

  test('to a parameter is encrypted with the key of the user', async () => {
    const { account, stack } = world();
    await stack.deploy(values(inParameter({ keyType: 'RSA_2048' })));

    const { privateKey, certificatePem, certificateId } = account.parameter('/devices/two')!;
    expect(certificateId).toBe(data(stack).two);
    expect(createPrivateKey(privateKey).asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
    expect(new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    const secrets = [...account.parameters.values()].filter(({ value }) => value.includes('PRIVATE KEY'));
    expect(secrets).toEqual([expect.objectContaining({ type: 'SecureString', keyId: 'key' }), expect.objectContaining({ type: 'SecureString', keyId: 'key' })]);
  });

  test.each([['EC_P384', 'secp384r1'], ['EC_P521', 'secp521r1']])('can be of type %s', async (keyType, namedCurve) => {
    const { account, stack } = world();
    await stack.deploy(values(inSecret({ keyType })));

    expect(createPrivateKey(account.secret(SECRET)!.privateKey).asymmetricKeyDetails).toMatchObject({ namedCurve });
  });

  test('does not replace what else is in a parameter', async () => {
    const { account, stack } = world();
    account.parameters.set('/devices/two', { type: 'SecureString', value: '{"password":"x"}' });

    const answer = await stack.deploy(values(inParameter()));
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: 'cannot deliver to parameter "/devices/two": it holds something else; choose another name, or delete it' });
    await stack.send(stack.remove(values(inParameter()), answer.PhysicalResourceId));
    expect(account.parameters.get('/devices/two')?.value).toBe('{"password":"x"}');
    expect([account.certificates.size, account.parameters.size]).toEqual([0, 1]);
  });
});

describe('a certificate from an own CA', () => {
  test('is for the key and the subject of the request, valid as long as asked for, and registered under the CA', async () => {
    const { account, stack } = world();
    await stack.deploy(values(fromCa()));

    const { pem, ...certificate } = account.certificates.get(data(stack).three!)!;
    const x509 = new X509Certificate(pem);
    expect(certificate).toMatchObject({ status: 'ACTIVE', caCertificatePem: ca.pem });
    expect(x509.verify(new X509Certificate(ca.pem).publicKey)).toBe(true);
    expect([x509.subject, x509.issuer, x509.ca]).toEqual(['CN=device', 'CN=Own CA', false]);
    expect(new Date(x509.validTo).getTime() - stack.system.time).toBeGreaterThan(863_000_000);
    expect(new Date(x509.validTo).getTime() - stack.system.time).toBeLessThanOrEqual(864_000_000);
  });

  test('fails when it would outlive its CA', async () => {
    const { account, stack } = world();
    const answer = await stack.deploy(values(fromCa({ validitySeconds: 4000 * 86_400 })));

    expect(answer.Status).toBe('FAILED');
    expect(answer.Reason).toMatch(/^the certificate would be valid until \d{4}-\d\d-\d\d, after its CA ends on \d{4}-\d\d-\d\d; make it valid for less time, or use a CA that is valid for longer$/);
    expect(account.certificates.size).toBe(0);
  });

  test('fails when the key in AWS KMS is another', async () => {
    const { account, stack } = world();
    account.keys.set(KEY, amazon.privateKey);

    expect(await stack.deploy(values(fromCa()))).toMatchObject({ Status: 'FAILED', Reason: 'the key in AWS KMS is not that of the certificate of the CA; name the key that belongs to it' });
    expect(account.certificates.size).toBe(0);
  });
});

describe('an update', () => {
  test('keeps what stays, and deletes what goes when it cannot be rolled back any more', async () => {
    const { account, stack } = world();
    await stack.deploy(values(inSecret(), fromCa()));
    const { one, three } = data(stack);
    account.certificates.get(three!)!.things.add('outside');
    const before = stack.physicalResourceId;

    const answer = await stack.send(stack.update(values(inSecret(), inParameter()), values(inSecret(), fromCa())));
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { one } });
    expect(answer.PhysicalResourceId).not.toBe(before);
    expect(account.certificates.get(three!)).toMatchObject({ status: 'ACTIVE' });
    await stack.send(stack.remove(values(inSecret(), fromCa()), before));
    expect([...account.certificates.keys()].sort()).toEqual([one, answer.Data?.two].sort());
    expect(account.certificates.get(one!)).toMatchObject({ status: 'ACTIVE' });
  });

  test('of the generation makes another key and certificate, and keeps the first until the clean-up', async () => {
    const { account, stack } = world();
    await stack.deploy(values(inSecret(), inParameter()));
    const [first, keys] = [data(stack), account.privateKeys()];
    await stack.deploy(values(inSecret({ generation: '2' }), inParameter({ generation: '2' })));

    expect([account.secret(SECRET)!.certificateId, account.parameter('/devices/two')!.certificateId].sort()).toEqual([...account.certificates.keys()].sort());
    expect([...account.certificates.keys()].filter((id) => Object.values(first).includes(id))).toEqual([]);
    expect(keys).not.toContain(account.secret(SECRET)!.privateKey);
    expect(keys).not.toContain(account.parameter('/devices/two')!.privateKey);
  });

  test('that is rolled back restores keys and certificates, and removes what was new, even what is to be retained', async () => {
    const { account, stack } = world();
    const before = values(inSecret({ onRemoval: 'retain' }), inParameter(), fromCa());
    await stack.deploy(before);
    const [state, secrets] = [account.snapshot(), [account.secret(SECRET), account.parameter('/devices/two')]];

    await deployAndRollBack(stack, values(inSecret({ onRemoval: 'retain', generation: '2' }), inParameter({ generation: '2' }), fromCa({ key: 'four', csr: otherCsr, onRemoval: 'retain' })), before);
    expect(account.snapshot()).toEqual(state);
    expect([account.secret(SECRET), account.parameter('/devices/two')]).toEqual(secrets);
    expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
  });

  test('that failed is taken back by the rollback', async () => {
    const { account, stack } = world();
    const before = values(inSecret(), fromCa());
    await stack.deploy(before);
    const [state, secret] = [account.snapshot(), account.secret(SECRET)];
    const failed = values(inSecret({ generation: '2' }), inParameter(), fromCa(), fromCa({ key: 'four', csr: otherCsr, validitySeconds: 1e9 }));

    expect(await stack.send(stack.update(failed, before))).toMatchObject({ Status: 'FAILED', PhysicalResourceId: stack.physicalResourceId });
    expect(await stack.send(stack.update(before, failed))).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: stack.physicalResourceId });
    expect(account.snapshot()).toEqual(state);
    expect(account.secret(SECRET)).toEqual(secret);
  });

  test('after one that failed, without a rollback, leaves nothing of it', async () => {
    const { account, stack } = world();
    const before = values(fromCa());
    await stack.deploy(before);
    const failed = values(fromCa(), inSecret(), fromCa({ key: 'four', csr: otherCsr, validitySeconds: 1e9 }));
    await stack.send(stack.update(failed, before));
    expect(account.certificates.size).toBe(2);

    expect(await stack.deploy(values(fromCa(), inParameter()))).toMatchObject({ Status: 'SUCCESS' });
    expect([...account.certificates.keys()].sort()).toEqual(Object.values(stack.answers.at(-2)?.Data ?? {}).sort());
  });

  test.each(['INACTIVE', 'REVOKED'])('of the status to %s changes that alone', async (status) => {
    const { account, stack } = world();
    await stack.deploy(values(inSecret(), fromCa()));
    const [id, ids] = [stack.physicalResourceId, data(stack)];

    expect(await stack.deploy(values(inSecret({ status }), fromCa()))).toMatchObject({ PhysicalResourceId: id, Data: ids });
    expect([account.certificates.get(ids.one!)?.status, account.certificates.get(ids.three!)?.status]).toEqual([status, 'ACTIVE']);
  });

  test('leaves a status that somebody else has changed', async () => {
    const { account, stack } = world();
    await stack.deploy(values(inSecret()));
    account.certificates.get(data(stack).one!)!.status = 'INACTIVE';
    await stack.deploy(values(inSecret(), fromCa()));

    expect([...account.certificates.values()].map(({ status }) => status)).toEqual(['INACTIVE', 'ACTIVE']);
  });

  test('does not ask for a revocation to be taken back', async () => {
    const { account, stack } = world();
    await stack.deploy(values(inSecret({ status: 'REVOKED' })));

    expect(await stack.deploy(values(inSecret()))).toMatchObject({ Status: 'SUCCESS' });
    expect(account.certificates.get(data(stack).one!)?.status).toBe('REVOKED');
    expect(stack.system.lines.join()).toContain('the certificate stays revoked: AWS IoT does not take a revocation back');
  });
});

describe('removal', () => {
  test('deactivates, detaches from everything, and deletes, in this order', async () => {
    const { account, stack } = world();
    await stack.deploy(values(inSecret(), inParameter(), fromCa()));
    for (const { things, policies } of account.certificates.values()) {
      ['a', 'b', 'c'].forEach((name) => things.add(name));
      ['p', 'q', 'r'].forEach((name) => policies.add(name));
    }
    const offset = account.requests.length;

    expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
    expect([account.certificates.size, account.parameters.size]).toEqual([0, 0]);
    const order = account.requests.slice(offset).filter((name) => /Update|Detach|Delete/.test(name) && name.endsWith('Certificate') || name.startsWith('Detach'));
    expect(order.slice(0, 8)).toEqual([
      'UpdateCertificate', 'DetachThingPrincipal', 'DetachThingPrincipal', 'DetachThingPrincipal', 'DetachPolicy', 'DetachPolicy', 'DetachPolicy', 'DeleteCertificate',
    ]);
  });

  test('keeps what is to be retained, and its key', async () => {
    const { account, stack } = world();
    const retained = values(inSecret({ onRemoval: 'retain' }), inParameter({ onRemoval: 'retain' }), fromCa({ onRemoval: 'retain' }));
    await stack.deploy(retained);
    await stack.destroy();

    expect([...account.certificates.values()].map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE']);
    expect([...account.parameters.keys()]).toEqual(['/devices/two']);
    expect(account.secret(SECRET)).toBeDefined();
  });

  test('after a create that failed deletes also what is to be retained', async () => {
    const { account, stack } = world();
    const failing = values(inSecret({ onRemoval: 'retain' }), fromCa({ validitySeconds: 1e9 }));
    const answer = await stack.deploy(failing);
    expect(account.certificates.size).toBe(1);

    expect(await stack.send(stack.remove(failing, answer.PhysicalResourceId))).toMatchObject({ Status: 'SUCCESS' });
    expect([account.certificates.size, account.parameters.size]).toEqual([0, 0]);
  });
});

describe('a lost answer', () => {
  test('does not make a second certificate, among many others', async () => {
    const { account, stack } = world();
    for (let i = 0; i < 5; i++) {
      await account.clients.iot.send(account.commands.at(-1) as never ?? await firstRequest());
    }
    const before = account.certificates.size;
    account.failAt(account.requests.length + (await indexOf('CreateCertificateFromCsr')), { error: 'TimeoutError', isDone: true });

    expect(await stack.deploy(values(inSecret()))).toMatchObject({ Status: 'SUCCESS' });
    expect(account.certificates.size).toBe(before + 1);
    expect(account.certificates.get(account.secret(SECRET)!.certificateId)).toMatchObject({ status: 'ACTIVE' });
  });

  test('does not make a second certificate where the list is behind', async () => {
    const { account, stack } = world();
    account.failAt(await indexOf('CreateCertificateFromCsr'), { error: 'TimeoutError', isDone: true });
    account.listLag = 1;

    expect(await stack.deploy(values(inSecret()))).toMatchObject({ Status: 'SUCCESS' });
    expect([...account.certificates.keys()]).toEqual([account.secret(SECRET)!.certificateId]);
  });

  test('that also ended the function does not leave a certificate behind', async () => {
    const { account, stack } = world();
    account.failAt(await indexOf('CreateCertificateFromCsr'), { error: 'TimeoutError', isDone: true });
    account.failAt(await indexOf('CreateCertificateFromCsr') + 1, { error: 'ThrottlingException', count: Infinity });
    const answer = await stack.deploy(values(inSecret()));
    expect(answer.Status).toBe('FAILED');
    account.heal();

    expect(await stack.send(stack.remove(values(inSecret()), answer.PhysicalResourceId))).toMatchObject({ Status: 'SUCCESS' });
    expect([account.certificates.size, account.parameters.size]).toEqual([0, 0]);
  });

  async function indexOf(name: string): Promise<number> {
    const { account, stack } = world();
    await stack.deploy(values(inSecret()));
    return account.requests.indexOf(name);
  }

  async function firstRequest(): Promise<object> {
    const { account, stack } = world();
    await stack.deploy(values(inSecret()));
    return account.commands[account.requests.indexOf('CreateCertificateFromCsr')]!;
  }
});

/** What can happen once to a request. */
const PASSING: readonly Fault[] = [
  { error: 'ThrottlingException' },
  { error: 'AccessDeniedException' },
  { error: 'TimeoutError' },
  { error: 'TimeoutError', isDone: true },
  { error: 'InternalFailureException', isDone: true },
];

/** What can stop the work for good, wherever it is. */
const LASTING: readonly Fault[] = [
  { error: 'AccessDeniedException', count: Infinity },
  { error: 'ThrottlingException', count: Infinity },
  { error: 'InvalidRequestException', count: 200 },
  { error: 'ResourceAlreadyExistsException' },
  { error: 'ValidationException' },
];

const PHASES = ['Create', 'Update', 'Delete'] as const;

describe.each(PHASES)('%s, with each request failing in turn,', (phase) => {
  const first = (): Values => values(inSecret(), inParameter(), fromCa());
  const second = (): Values => values(inSecret({ generation: '2' }), inParameter(), fromCa({ key: 'four', csr: otherCsr }));

  async function reach(): Promise<World & { readonly event: ResourceEvent }> {
    const { account, stack } = world();
    if (phase === 'Create') {
      return { account, stack, event: stack.create(first()) };
    }
    expect(await stack.deploy(first())).toMatchObject({ Status: 'SUCCESS' });
    if (phase === 'Update') {
      return { account, stack, event: stack.update(second(), first()) };
    }
    for (const { things, policies } of account.certificates.values()) {
      ['a', 'b', 'c'].forEach((name) => things.add(name));
      policies.add('p');
    }
    return { account, stack, event: stack.remove(first(), stack.physicalResourceId) };
  }

  /** What could have been told to anybody: answers, logs and what is remembered. */
  function told({ account, stack }: World): string {
    const memory = [...account.parameters].filter(([name]) => name.startsWith(MEMORY)).map(([, { value }]) => value);
    return JSON.stringify([stack.answers, stack.system.lines, memory]);
  }

  /** Neither a key of the account, nor what the PKCS #8 of any key on P-256 begins with. */
  function expectNoKeyIn(text: string, account: FakeAccount): void {
    expect(text).not.toMatch(/PRIVATE KEY|MIGHAgEA/);
    for (const line of account.privateKeys().flatMap((key) => key.split('\n').filter((one) => /^[^-]{40}/.test(one)))) {
      expect(text).not.toContain(line);
    }
  }

  test('survives what passes', async () => {
    const good = await reach();
    const offset = good.account.requests.length;
    expect(await good.stack.send(good.event)).toMatchObject({ Status: 'SUCCESS' });
    const [wanted, count] = [good.account.snapshot(), good.account.requests.length - offset];
    for (const fault of PASSING) {
      for (let index = 0; index < count; index++) {
        const { account, stack, event } = await reach();
        account.failAt(offset + index, fault);

        expect({ fault, index, ...await stack.send(event) }).toMatchObject({ Status: 'SUCCESS' });
        expect({ fault, index, state: account.snapshot() }).toEqual({ fault, index, state: wanted });
        expectNoKeyIn(told({ account, stack }), account);
      }
    }
  });

  test('leaves nothing behind when it cannot be done, and is done when it is tried again', async () => {
    const good = await reach();
    const offset = good.account.requests.length;
    const before = good.account.snapshot();
    await good.stack.send(good.event);
    const [wanted, count] = [good.account.snapshot(), good.account.requests.length - offset];
    for (const fault of LASTING) {
      for (let index = 0; index < count; index++) {
        const { account, stack, event } = await reach();
        account.failAt(offset + index, fault);

        const answer = await stack.send(event);
        account.heal();
        if (answer.Status === 'FAILED') {
          expect(answer.Reason).toMatch(/^cannot .+: |^ran out of time/);
          if (phase === 'Create') {
            expect(await stack.send(stack.remove(first(), answer.PhysicalResourceId))).toMatchObject({ Status: 'SUCCESS' });
            expect({ fault, index, state: account.snapshot() }).toEqual({ fault, index, state: before });
          }
          if (phase === 'Update') {
            expect(await stack.send(stack.update(first(), second()))).toMatchObject({ Status: 'SUCCESS' });
            expect({ fault, index, state: account.snapshot() }).toEqual({ fault, index, state: before });
          }
          expect({ fault, index, ...await stack.send(event) }).toMatchObject({ Status: 'SUCCESS' });
        }
        expect({ fault, index, state: account.snapshot() }).toEqual({ fault, index, state: wanted });
        expectNoKeyIn(told({ account, stack }), account);
      }
    }
  });

  test('can be repeated', async () => {
    const { account, stack, event } = await reach();
    await stack.send(event);
    const [wanted, answer] = [account.snapshot(), stack.answers.at(-1)];

    expect(await stack.send(event)).toEqual(answer);
    expect(account.snapshot()).toEqual(wanted);
  });
});

test('a private key is sent to its destination alone, and encrypted', async () => {
  const { account, stack } = world();
  await stack.deploy(values(inSecret(), inParameter(), fromCa()));
  await stack.deploy(values(inSecret({ generation: '2' }), inParameter({ generation: '2' })));
  await stack.destroy();

  const carriers = account.commands.filter((command) => JSON.stringify(command).includes('PRIVATE KEY')) as { input: Record<string, unknown> }[];
  const destinations = carriers.map(({ constructor: { name }, input }) => `${name} ${String(input.Type ?? 'secret')} ${String(input.KeyId ?? '')}`);
  expect([...new Set(destinations)].sort()).toEqual(['PutParameterCommand SecureString key', 'PutSecretValueCommand secret ']);
});

test('all requests are such that the SDK can write them', async () => {
  const { account, stack } = world();
  await stack.deploy(values(inSecret(), inParameter(), fromCa()));
  account.certificates.forEach(({ things, policies }) => [things, policies].forEach((set) => set.add('a')));
  await stack.deploy(values(inSecret({ generation: '2' }), inParameter({ generation: '2' })));
  await stack.destroy();

  const lines = await serialize(account.commands);
  expect(lines).toHaveLength(account.commands.length);
  expect([...new Set(lines.map((line) => line.replace(/[0-9a-f]{64}/g, 'ID').replace(/ [{].*/, '')))].sort()).toMatchSnapshot();
});

test('the answer has room for forty certificates of a stack with the longest name', async () => {
  const { stack } = world();
  const items = Array.from({ length: 40 }, (_, index) => fromCa({ key: `0123456${String(index).padStart(3, '0')}` }));
  const event = stack.create(values(...items));

  const name = 'S'.repeat(128);
  expect(await stack.send({ ...event, StackId: `arn:aws-us-gov:cloudformation:ap-southeast-2:123456789012:stack/${name}/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f`, LogicalResourceId: `CdkIotWardenCertificatesDefault0123ABCD` })).toMatchObject({ Status: 'SUCCESS' });
});

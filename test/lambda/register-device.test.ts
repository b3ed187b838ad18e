import { rmSync } from 'node:fs';
import { createHandler, type RegisteredEvent } from '../../lambda/register-device';
import type { Settings } from '../../lambda/register-device/settings';
import { FakeCertificates } from './fake-certificates';
import { certificateArn } from './fake-iot';
import { awsError, type Fault } from './faulty-client';
import { FakeTable } from './fake-table';
import { OpensslCa } from './openssl-ca';
import { serialize } from './serialize';
import { FakeSystem } from './stack';

const CA = 'ca'.repeat(32);
const EVENT: RegisteredEvent = { certificateId: 'c1', caCertificateId: CA, certificateStatus: 'PENDING_ACTIVATION' };
const SETTINGS: Settings = {
  caCertificateId: CA,
  thingName: 'sensor-{AWS::IoT::Certificate::CommonName}',
  attributes: { maker: '{AWS::IoT::Certificate::Organization}' },
  thingTypeName: 'sensor',
  thingGroupNames: ['indoor'],
  policyNames: ['sensor', 'common'],
  serialNumberParameter: 'AWS::IoT::Certificate::CommonName',
  acceptsRenewals: false,
};
const WITH_LIST: Settings = { ...SETTINGS, revocationList: { bucket: 'crl', key: 'latest.crl', acceptsStale: false } };

let ca: OpensslCa;
let pem: string;
let iot: FakeCertificates;
let table: FakeTable | undefined;
let system: FakeSystem;
let object: Buffer | undefined;
const cas: OpensslCa[] = [];
const newCa = (...options: ConstructorParameters<typeof OpensslCa>) => {
  const made = new OpensslCa(...options);
  cas.push(made);
  return made;
};

beforeAll(() => {
  ca = newCa();
  pem = ca.issue('/O=Acme/CN=1');
});
afterAll(() => cas.forEach(({ folder }) => rmSync(folder, { recursive: true })));
beforeEach(() => {
  iot = new FakeCertificates();
  iot.authorities.set(CA, ca.pem);
  iot.add('c1', { pem, caCertificateId: CA });
  table = undefined;
  system = new FakeSystem();
  system.time = Date.now() + 1000;
  object = undefined;
});

const s3 = {
  send: async () => {
    await Promise.resolve();
    if (object === undefined) {
      throw awsError('NoSuchKey');
    }
    const bytes = new Uint8Array(object);
    return { ContentLength: bytes.length, Body: { transformToByteArray: () => Promise.resolve(bytes) } };
  },
};
const create = (settings = SETTINGS) => createHandler({ iot: iot.client, dynamoDb: (table ?? new FakeTable()).client, s3: s3 as never }, settings, { ...table && { name: 'table' }, serialNumbers: [] }, system);
const run = (settings?: Settings, event = EVENT) => create(settings)(event);
const reason = (): unknown => (JSON.parse(system.lines.at(-1)!) as { reason?: string }).reason;
const status = () => iot.certificates.get('c1')!.status;

describe('a device of the CA', () => {
  test('is registered, and its certificate activated last', async () => {
    expect(await run()).toBe('registered');

    expect(iot.things.get('sensor-1')).toEqual({ attributes: { maker: 'Acme' }, thingTypeName: 'sensor', groups: new Set(['indoor']) });
    expect(iot.certificates.get('c1')).toMatchObject({ status: 'ACTIVE', things: new Set(['sensor-1']), policies: new Set(['sensor', 'common']) });
    expect(iot.requests.at(-1)).toBe('UpdateCertificate');
  });

  test('is registered once, however often and late the event comes', async () => {
    await run();
    const { length } = iot.requests;

    expect(await run()).toBe('ignored');
    expect(iot.requests.slice(length)).toEqual(['DescribeCertificate']);
  });

  test('is registered in requests that the SDK can write', async () => {
    await run();
    expect(await serialize(iot.commands.slice(2))).toEqual([
      'GET /things/sensor-1/principals',
      'POST /things/sensor-1 {"thingTypeName":"sensor","attributePayload":{"attributes":{"maker":"Acme"}}}',
      'PUT /thing-groups/addThingToThingGroup {"thingGroupName":"indoor","thingName":"sensor-1"}',
      `PUT /target-policies/sensor {"target":"${certificateArn('c1')}"}`,
      `PUT /target-policies/common {"target":"${certificateArn('c1')}"}`,
      'PUT /things/sensor-1/principals {"thingPrincipalType":"EXCLUSIVE_THING"}',
      'PUT /certificates/c1 {"newStatus":"ACTIVE"}',
    ]);
  });

  test.each(['ACTIVE', 'INACTIVE', 'REVOKED'] as const)('whose certificate is %s is left alone', async (before) => {
    iot.certificates.get('c1')!.status = before;
    expect(await run()).toBe('ignored');
    expect(status()).toBe(before);
  });

  test('whose certificate is gone is left alone', async () => {
    iot.certificates.clear();
    expect(await run()).toBe('ignored');
  });
});

describe('a device is refused', () => {
  test.each<[string, () => string, string | RegExp]>([
    ['whose certificate another CA of the same name has signed', () => newCa().issue('/O=Acme/CN=1'), 'the certificate is not signed by the CA'],
    ['whose certificate has expired', () => ca.issue('/O=Acme/CN=1', '-startdate', '20200101000000Z', '-enddate', '20200102000000Z'), /^the certificate is valid from .*2020 GMT to .*2020 GMT$/],
    ['whose certificate is not valid yet', () => ca.issue('/O=Acme/CN=1', '-startdate', '20480101000000Z', '-enddate', '20490102000000Z'), /^the certificate is valid from /],
    ['whose subject lacks a field', () => ca.issue('/CN=1'), 'the subject of the certificate does not make the attribute maker: "{AWS::IoT::Certificate::Organization}" takes fields that are there once, of characters that AWS IoT allows'],
    ['whose subject has a field twice', () => ca.issue('/O=Acme/CN=1/CN=2', '-preserveDN'), /^the subject of the certificate does not make the thing: /],
    ['whose subject makes no name of a thing', () => ca.issue('/O=Acme/CN=..%2f*'), /^the subject of the certificate does not make the thing: /],
  ])('%s', async (_, make, why) => {
    iot.add('c1', { pem: make(), caCertificateId: CA });
    expect(await run()).toBe('refused');
    expect(reason()).toEqual(typeof why === 'string' ? why : expect.stringMatching(why));
    expect(status()).toBe('INACTIVE');
    expect([...iot.things]).toEqual([]);
  });

  test('where the thing has another certificate, unless renewals are accepted', async () => {
    await run();
    iot.add('c2', { pem: ca.issue('/O=Acme/CN=1'), caCertificateId: CA });
    iot.add('c3', { pem: ca.issue('/O=Acme/CN=1'), caCertificateId: CA });

    expect(await run(SETTINGS, { ...EVENT, certificateId: 'c2' })).toBe('refused');
    expect(reason()).toBe('the thing "sensor-1" has another certificate; delete that, or let the construct accept renewals');
    expect(await run({ ...SETTINGS, acceptsRenewals: true }, { ...EVENT, certificateId: 'c3' })).toBe('registered');
    expect(iot.active).toEqual(['c1', 'c3']);
  });
});

describe('nothing is done', () => {
  test('for another CA than that of the rule', async () => {
    await expect(run(SETTINGS, { ...EVENT, caCertificateId: 'other' })).rejects.toThrow(`the event is about CA other, this function is for ${CA}; correct the rule`);
    expect(iot.requests).toEqual([]);
  });

  test('about a certificate that AWS IoT says is of another CA', async () => {
    iot.add('c1', { pem, caCertificateId: 'other' });
    await expect(run()).rejects.toThrow('certificate c1 is of another CA, other; nothing is done about it here');
    expect(status()).toBe('PENDING_ACTIVATION');
  });
});

describe('an allow list', () => {
  beforeEach(() => {
    table = new FakeTable();
  });

  test('lets in who is on it, with one key', async () => {
    table!.add('1');
    expect(await run()).toBe('registered');
    expect(table!.items.get('1')).toMatchObject({ certificateId: { S: 'c1' } });

    iot.add('c2', { pem: ca.issue('/O=Acme/CN=1'), caCertificateId: CA });
    expect(await run({ ...SETTINGS, acceptsRenewals: true }, { ...EVENT, certificateId: 'c2' })).toBe('refused');
    expect(reason()).toBe('the serial number is in use by a device with another key; for a device with a new key, release the entry');
  });

  test('keeps out who is not on it, or blocked', async () => {
    expect(await run()).toBe('refused');
    expect(reason()).toBe('the serial number is not on the list');

    iot.add('c1', { pem, caCertificateId: CA });
    table!.add('1', { blocked: { BOOL: true } });
    expect(await run()).toBe('refused');
    expect(reason()).toBe('the serial number is blocked');
    expect([...iot.things]).toEqual([]);
  });
});

describe('a revocation list', () => {
  test.each(['PEM', 'DER'] as const)('in %s shuts out whom it names, for good', async (form) => {
    object = ca.list(form);
    expect(await run(WITH_LIST)).toBe('registered');

    iot.add('c1', { pem: ca.issue('/O=Acme/CN=2'), caCertificateId: CA });
    ca.revoke();
    object = ca.list(form);
    expect(await run(WITH_LIST)).toBe('revoked');
    expect(status()).toBe('REVOKED');
    expect(reason()).toBe('the certificate is on the revocation list of its CA');
  });

  test('may be signed with RSA', async () => {
    const rsa = newCa('/CN=RSA CA', ['-newkey', 'rsa:2048']);
    iot.authorities.set(CA, rsa.pem);
    iot.add('c1', { pem: rsa.issue('/O=Acme/CN=3'), caCertificateId: CA });
    rsa.revoke();
    object = rsa.list();
    expect(await run(WITH_LIST)).toBe('revoked');
  });

  test.each<[string, () => Buffer | undefined, string | RegExp]>([
    ['is missing', () => undefined, 'a message of NoSuchKey'],
    ['cannot be read', () => Buffer.from('none'), 'the revocation list cannot be read; create it again'],
    ['is of another CA with the same name', () => newCa().list(), 'the revocation list is not signed by the CA'],
    ['is of another CA', () => newCa('/CN=Other').list(), 'the revocation list is not signed by the CA'],
    ['was changed', () => {
      const bytes = ca.list('DER');
      bytes[bytes.length - 1]! ^= 1;
      return bytes;
    }, 'the revocation list is not signed by the CA'],
    ['is of a part of the certificates', () => ca.list('PEM', '-crlexts', 'part'), 'the revocation list has the critical extension 2.5.29.28, as lists of a part of all certificates do; use a complete one'],
    ['is too large', () => Buffer.alloc(9_000_000), 'the revocation list must have at most 8388608 bytes, got 9000000'],
  ])('that %s lets nobody in, and the certificate is pending', async (_, make, message) => {
    object = make();
    await expect(run(WITH_LIST)).rejects.toThrow(message);
    expect(status()).toBe('PENDING_ACTIVATION');
    expect([...iot.things]).toEqual([]);
  });

  test('that is late lets nobody in, unless that is accepted', async () => {
    object = ca.list();
    system.time += 2 * 24 * 3600 * 1000;
    await expect(run(WITH_LIST)).rejects.toThrow(/^the revocation list was valid from .* to .*; put a new one into the bucket$/);
    expect(await run({ ...WITH_LIST, revocationList: { ...WITH_LIST.revocationList!, acceptsStale: true } })).toBe('registered');
  });

  test('is read again after some minutes', async () => {
    const handler = create(WITH_LIST);
    iot.add('c1', { pem: ca.issue('/O=Acme/CN=4'), caCertificateId: CA });
    object = ca.list();
    expect(await handler({ ...EVENT, certificateId: 'none' })).toBe('ignored');
    iot.add('c2', { pem, caCertificateId: CA });
    expect(await handler({ ...EVENT, certificateId: 'c2' })).toBe('registered');
    ca.revoke();
    object = ca.list();
    system.time += 6 * 60 * 1000;
    expect(await handler(EVENT)).toBe('revoked');
  });
});

describe('a fault of any request', () => {
  const FAULTS: readonly Fault[] = [
    { error: 'ThrottlingException' }, { error: 'TimeoutError', isDone: true }, { error: 'AccessDeniedException', count: Infinity },
    { error: 'InternalFailureException', count: Infinity }, { error: 'InvalidRequestException' },
  ];

  test.each(FAULTS)('$error, leaves the device pending or registered, and the next event ends it', async (fault) => {
    await run();
    const wanted = [...iot.certificates, ...iot.things];
    const { length } = iot.requests;
    for (let number = 0; number < length; number++) {
      iot = new FakeCertificates();
      iot.authorities.set(CA, ca.pem);
      iot.add('c1', { pem, caCertificateId: CA });
      iot.failAt(number, fault);
      const outcome = await run().catch(() => 'failed');
      expect([outcome, status()]).toEqual(outcome === 'failed' ? ['failed', expect.stringMatching(/PENDING_ACTIVATION|ACTIVE/)] : ['registered', 'ACTIVE']);

      iot.heal();
      await run();
      expect({ number, state: [...iot.certificates, ...iot.things] }).toEqual({ number, state: wanted });
    }
  });
});

test('the log has one line for each event, without certificates', async () => {
  await run();
  expect(system.lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ level: 'INFO', message: 'device registered', certificateId: 'c1', caCertificateId: CA }]);
});

import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import * as source from '../../lambda/sign-device-request';
import { readSettings } from '../../lambda/sign-device-request/settings';
import { createCsr } from '../../lambda/x509';
import { request, rsa } from '../certificates/pki';
import { FakeAuthority, isSignedBy, KEY_ARN, makeKeys, selfSigned, type Keys } from './fake-authority';
import { FakeSystem } from './stack';

const CLAIM = 'c1'.repeat(32);
const DAY_MS = 24 * 60 * 60 * 1000;

let keys: Keys;
let device: Keys;
let caPem: string;
let authority: FakeAuthority;
let system: FakeSystem;

beforeAll(async () => {
  [keys, device] = [makeKeys('RSA_2048'), makeKeys('ECC_NIST_P256')];
  caPem = await selfSigned(keys);
});

beforeEach(() => {
  system = new FakeSystem();
  authority = new FakeAuthority();
  authority.keys.set(KEY_ARN, { spec: 'RSA_2048', keys });
});

interface Options {
  readonly policy?: object;
  readonly today?: Date;
  readonly code?: Pick<typeof source, 'createHandler'>;
}

function sign(event: unknown, { policy = {}, today = new Date(), code = source }: Options = {}) {
  const settings = readSettings({
    CA_CERTIFICATE: caPem,
    KEY_ID: KEY_ARN,
    VALIDITY_SECONDS: String(30 * 24 * 60 * 60),
    CSR_POLICY: JSON.stringify({ keySpecs: ['ECC_NIST_P256', 'RSA_2048'], commonNames: ['sensor-*'], ...policy }),
  });
  return code.createHandler(settings, authority.clients.kms, system, () => today)(event);
}

const ask = async (commonName: string, more: object = {}) => (
  { certificateSigningRequest: await createCsr(commonName, device.privateKey), principalId: CLAIM, clientId: 'client-1', ...more }
);

const lines = (): object[] => system.lines.map((line) => JSON.parse(line) as object);

test('a device gets a certificate of the CA, with the subject and the key that it sent', async () => {
  const { certificatePem } = await sign(await ask('sensor-1'), { today: new Date('2026-05-01T00:00:00Z') });

  const certificate = new X509Certificate(certificatePem);
  expect(isSignedBy(certificatePem, caPem)).toBe(true);
  expect(certificate.publicKey.equals(device.publicKey)).toBe(true);
  expect([certificate.subject, certificate.ca, certificate.keyUsage, certificate.validFrom, certificate.validTo]).toEqual([
    'CN=sensor-1', false, ['1.3.6.1.5.5.7.3.2'], 'Apr 30 23:55:00 2026 GMT', 'May 31 00:00:00 2026 GMT',
  ]);
  expect(authority.requests).toEqual(['Sign']);
  expect(lines()).toEqual([{
    level: 'INFO', message: 'certificate signed', principalId: CLAIM, clientId: 'client-1', certificateId: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  }]);
});

test('the bundle does the same', async () => {
  const code = jest.requireActual<typeof source>(join(__dirname, '..', '..', 'bundle', 'lambda', 'sign-device-request', 'index.js'));
  const { certificatePem } = await sign(await ask('sensor-1'), { code });

  expect(isSignedBy(certificatePem, caPem)).toBe(true);
  await expect(sign(await ask('other'), { code })).rejects.toThrow('the common name is none of those that the policy allows');
});

test('a certificate ends with that of the CA', async () => {
  const today = new Date(Date.parse(new X509Certificate(caPem).validTo) - DAY_MS);
  const { certificatePem } = await sign(await ask('sensor-1'), { today });

  expect(new X509Certificate(certificatePem).validTo).toBe(new X509Certificate(caPem).validTo);
});

test('a claim that the policy names may ask', async () => {
  await expect(sign(await ask('sensor-1'), { policy: { principalIds: ['other', CLAIM] } })).resolves.toMatchObject({});
});

describe('refuses, and says why in a line that gives nothing away,', () => {
  const refused = async (event: unknown, reason: string, options: Options = {}): Promise<void> => {
    await expect(sign(event, options)).rejects.toThrow(new Error(reason));
    expect(lines()).toEqual([expect.objectContaining({ level: 'ERROR', message: 'certificate refused', reason })]);
    expect(system.lines.join()).not.toMatch(/MI[A-Za-z0-9+/]{9}|arn:/);
  };

  test('another common name', async () => {
    await refused(await ask('actuator-1'), 'the common name is none of those that the policy allows');
  });

  test('a request without a common name', async () => {
    await refused(await ask('a', { certificateSigningRequest: await request() }), 'the common name is none of those that the policy allows');
  });

  test('another kind of key', async () => {
    await refused(await ask('sensor-1'), 'the key must be one of RSA_3072, got ECC_NIST_P256', { policy: { keySpecs: ['RSA_3072'] } });
  });

  test('a weak key', async () => {
    await refused(await ask('a', { certificateSigningRequest: await request(rsa(1024)) }), 'the key must be RSA of at least 2048 bits or EC on P-256, P-384 or P-521, got RSA 1024 bits');
  });

  test('another claim, before it reads what that sent', async () => {
    await refused(await ask('sensor-1', { certificateSigningRequest: 'hello' }), 'this principal may not ask for certificates', { policy: { principalIds: ['other'] } });
  });

  test('what is no request', async () => {
    await refused(await ask('a', { certificateSigningRequest: 'hello' }), 'expected one PEM block that begins with "-----BEGIN CERTIFICATE REQUEST-----", and nothing else');
  });

  test('every request once the CA has expired', async () => {
    await refused(await ask('sensor-1'), 'the certificate of the CA has expired', { today: new Date('2100-01-01') });
  });

  test('a key that is not that of the CA', async () => {
    authority.keys.set(KEY_ARN, { spec: 'RSA_2048', keys: makeKeys('RSA_2048') });

    await refused(await ask('sensor-1'), 'the key is not that of the CA');
  });

  test.each(['ThrottlingException', 'TimeoutError', 'AccessDeniedException', 'NotFoundException'])('when AWS KMS fails with %s', async (error) => {
    authority.failAt(0, { error });

    await refused(await ask('sensor-1'), `the signing failed with ${error}`);
  });

  test.each([[undefined], [null], ['text'], [{}], [{ certificateSigningRequest: 1, principalId: 'a', clientId: 'b' }]])('the event %j', async (event) => {
    await refused(event, 'the event must have certificateSigningRequest, principalId and clientId, all of them text');
  });
});

test('what a client calls itself stays on one line of the log, cut short', async () => {
  await expect(sign({ certificateSigningRequest: 'x', principalId: CLAIM, clientId: `a\n${'b'.repeat(1000)}` })).rejects.toThrow();

  expect(system.lines).toHaveLength(1);
  expect(system.lines[0]).not.toContain('\n');
  expect(lines()).toEqual([expect.objectContaining({ clientId: `a\n${'b'.repeat(126)}` })]);
});

test('a request with a changed byte is refused, or answered as if it had none', async () => {
  const csr = await createCsr('sensor-1', device.privateKey);
  const der = Buffer.from(csr.split('-----')[2] ?? '', 'base64');
  await fc.assert(fc.asyncProperty(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
    const changed = Buffer.from(der);
    changed[at] = changed[at]! ^ bits;
    const certificateSigningRequest = `-----BEGIN CERTIFICATE REQUEST-----\n${changed.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;

    try {
      // What lies outside the signature may be changed; what is inside may not.
      const { certificatePem } = await sign({ certificateSigningRequest, principalId: CLAIM, clientId: 'a' });
      expect(new X509Certificate(certificatePem).subject).toBe('CN=sensor-1');
      expect(new X509Certificate(certificatePem).publicKey.equals(device.publicKey)).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ name: 'RequestError' });
    }
  }), { numRuns: 300 });
});

describe('the settings', () => {
  test.each(['CA_CERTIFICATE', 'KEY_ID', 'VALIDITY_SECONDS', 'CSR_POLICY'])('must have %s', (name) => {
    const environment = { CA_CERTIFICATE: caPem, KEY_ID: 'a', VALIDITY_SECONDS: '1', CSR_POLICY: '{"keySpecs":[],"commonNames":[]}', [name]: '' };

    expect(() => readSettings(environment)).toThrow(`the environment variable ${name} is missing`);
  });
});

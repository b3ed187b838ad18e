import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RequestError } from '../../lambda/custom-resource';
import {
  certificateIdOf, createCsr, issueCertificate, keySpecOf, localSigner, nameOf, randomSerialNumber, readCsr, readIssuer, type CertificateProfile,
} from '../../lambda/x509';
import { issue, P256, request, rewrap, rsa } from '../certificates/pki';

const DAY_MS = 24 * 60 * 60 * 1000;

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsaKeys = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const SPECS = ['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'RSA_2048', 'RSA_3072', 'RSA_4096'] as const;
const KEYS: Record<string, Keys> = {};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'x509-'));
  Object.assign(KEYS, {
    ECC_NIST_P256: ec('P-256'),
    ECC_NIST_P384: ec('P-384'),
    ECC_NIST_P521: ec('P-521'),
    RSA_2048: rsaKeys(2048),
    RSA_3072: rsaKeys(3072),
    RSA_4096: rsaKeys(4096),
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
}

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

/** A CA of ours, self-signed. */
function createCa({ publicKey, privateKey }: Keys): Promise<string> {
  const name = nameOf({ commonName: 'Signing CA', organization: 'Wörks', country: 'DE' });
  return issueCertificate({
    subject: name, issuer: name, spki: spkiOf(publicKey), serialNumber: randomSerialNumber(), profile: 'signing-ca',
    notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 36500 * DAY_MS),
  }, localSigner(privateKey));
}

/** A certificate for a request, signed by a CA. */
function issueFor(csr: string, caPem: string, caKey: KeyObject, profile: CertificateProfile = 'device'): Promise<string> {
  const { subject, spki } = readCsr(csr);
  const { name, keyId } = readIssuer(caPem);
  return issueCertificate({
    subject, spki, issuer: name, issuerKeyId: keyId, serialNumber: randomSerialNumber(), profile,
    notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS),
  }, localSigner(caKey));
}

function opensslCsr(keys: Keys, ...args: readonly string[]): string {
  file('device.key', keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  return openssl('req', '-new', '-key', 'device.key', ...args);
}

describe.each(SPECS)('with a CA key %s', (spec) => {
  test('the CA and what it signs are what OpenSSL and Node take them for', async () => {
    const ca = await createCa(KEYS[spec]!);
    const device = await issueFor(opensslCsr(KEYS.ECC_NIST_P256!, '-subj', '/CN=sensor-1'), ca, KEYS[spec]!.privateKey);
    file('ca.pem', ca);
    file('device.pem', device);

    expect(openssl('verify', '-x509_strict', '-check_ss_sig', '-purpose', 'sslclient', '-CAfile', 'ca.pem', 'device.pem')).toBe('device.pem: OK\n');
    const [root, leaf] = [new X509Certificate(ca), new X509Certificate(device)];
    expect([root.ca, root.verify(root.publicKey), root.checkIssued(root)]).toEqual([true, true, true]);
    expect([leaf.ca, leaf.verify(root.publicKey), leaf.checkIssued(root)]).toEqual([false, true, true]);
    expect(leaf.subject).toBe('CN=sensor-1');
    expect(keySpecOf(root.publicKey)).toBe(spec);
    // What CloudFormation takes as the answer of a custom resource.
    expect(JSON.stringify(ca).length).toBeLessThan(3000);
  });
});

describe.each(SPECS)('with a device key %s', (spec) => {
  test.each(['sha256', 'sha384', 'sha512'])('a request of OpenSSL with %s is read, and its subject and key are kept', async (digest) => {
    const csr = opensslCsr(KEYS[spec]!, `-${digest}`, '-utf8', '-subj', '/C=DE/ST=Köln/O=Wörks/OU=a+serialNumber=7/CN=sensor-1');
    const { commonName, keySpec, publicKey } = readCsr(csr);

    expect({ commonName, keySpec }).toEqual({ commonName: 'sensor-1', keySpec: spec });
    expect(spkiOf(publicKey)).toEqual(spkiOf(KEYS[spec]!.publicKey));
    const ca = await createCa(KEYS.ECC_NIST_P256!);
    const device = await issueFor(csr, ca, KEYS.ECC_NIST_P256!.privateKey);
    file('csr.pem', csr);
    file('device.pem', device);
    expect(openssl('x509', '-in', 'device.pem', '-noout', '-pubkey')).toBe(openssl('req', '-in', 'csr.pem', '-noout', '-pubkey'));
    const names = ['-noout', '-subject', '-nameopt', 'RFC2253,show_type,dump_all'];
    expect(openssl('x509', '-in', 'device.pem', ...names)).toBe(openssl('req', '-in', 'csr.pem', ...names));
  });

  test('our own request is what OpenSSL takes it for', async () => {
    const csr = await createCsr('the code', KEYS[spec]!.privateKey);
    file('csr.pem', csr);

    expect(openssl('req', '-in', 'csr.pem', '-noout', '-verify', '-subject')).toBe('subject=CN = the code\n');
    expect(readCsr(csr)).toMatchObject({ commonName: 'the code', keySpec: spec });
  });
});

describe('the extensions', () => {
  const extensions = (pem: string): string => openssl('x509', '-in', file('one.pem', pem), '-noout', '-ext', 'basicConstraints,keyUsage,extendedKeyUsage')
    .split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('No extensions')).join('\n');

  test.each<[string, string]>([
    ['ECC_NIST_P256', 'Digital Signature'],
    ['RSA_2048', 'Digital Signature, Key Encipherment'],
  ])('of a device with %s are for a client alone', async (spec, usage) => {
    const ca = await createCa(KEYS.ECC_NIST_P256!);

    expect(extensions(await issueFor(await request(spec === 'RSA_2048' ? rsa(2048) : P256), ca, KEYS.ECC_NIST_P256!.privateKey))).toBe([
      'X509v3 Basic Constraints: critical', 'CA:FALSE',
      'X509v3 Key Usage: critical', usage,
      'X509v3 Extended Key Usage:', 'TLS Web Client Authentication',
    ].join('\n'));
  });

  test('of a CA let it sign certificates of devices, and no other CA', async () => {
    expect(extensions(await createCa(KEYS.RSA_2048!))).toBe([
      'X509v3 Basic Constraints: critical', 'CA:TRUE, pathlen:0', 'X509v3 Key Usage: critical', 'Certificate Sign, CRL Sign',
    ].join('\n'));
  });

  test('of a verification certificate let it do next to nothing', async () => {
    const ca = await createCa(KEYS.ECC_NIST_P256!);

    expect(extensions(await issueFor(await request(), ca, KEYS.ECC_NIST_P256!.privateKey, 'verification'))).toBe([
      'X509v3 Basic Constraints: critical', 'CA:FALSE', 'X509v3 Key Usage: critical', 'Digital Signature',
    ].join('\n'));
  });

  test('that a device asks for are not given', async () => {
    const csr = opensslCsr(KEYS.ECC_NIST_P256!, '-subj', '/CN=a', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'subjectAltName=DNS:example.com');
    const pem = await issueFor(csr, await createCa(KEYS.ECC_NIST_P256!), KEYS.ECC_NIST_P256!.privateKey);

    expect([new X509Certificate(pem).ca, new X509Certificate(pem).subjectAltName]).toEqual([false, undefined]);
  });

  test('name the key of the CA as the CA does', async () => {
    const keys = KEYS.ECC_NIST_P256!;
    file('ca.key', keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    const ca = openssl('req', '-x509', '-key', 'ca.key', '-subj', '/CN=Other CA', '-days', '9', '-addext', 'keyUsage=keyCertSign', '-addext', 'subjectKeyIdentifier=01:02:03');
    const device = await issueFor(await request(), ca, keys.privateKey);

    expect(openssl('x509', '-in', file('one.pem', device), '-noout', '-ext', 'authorityKeyIdentifier')).toContain('01:02:03');
    expect(Buffer.from(readIssuer(ca).keyId!).toString('hex')).toBe('010203');
  });

  test('leave the key of a CA out that has no name for it', async () => {
    const ca = await issue('old', { ca: true });
    const { subject, spki } = readCsr(await request());
    const { name, keyId } = readIssuer(ca.pem);

    expect(keyId).toBeUndefined();
    const pem = await issueCertificate({
      subject, spki, issuer: name, issuerKeyId: keyId, serialNumber: randomSerialNumber(), profile: 'device', notBefore: new Date(0), notAfter: new Date(DAY_MS),
    }, localSigner(KEYS.ECC_NIST_P256!.privateKey));
    expect(openssl('x509', '-in', file('one.pem', pem), '-noout', '-text')).not.toContain('Authority Key Identifier');
  });
});

describe('a certificate', () => {
  test('has the dates it was given, also beyond 2049', async () => {
    const name = nameOf({ commonName: 'a' });
    const pem = await issueCertificate({
      subject: name, issuer: name, spki: spkiOf(KEYS.ECC_NIST_P256!.publicKey), serialNumber: randomSerialNumber(), profile: 'signing-ca',
      notBefore: new Date('2049-12-31T23:59:59.900Z'), notAfter: new Date('2050-01-01T00:00:00Z'),
    }, localSigner(KEYS.ECC_NIST_P256!.privateKey));

    expect([new X509Certificate(pem).validFrom, new X509Certificate(pem).validTo]).toEqual(['Dec 31 23:59:59 2049 GMT', 'Jan  1 00:00:00 2050 GMT']);
  });

  test('has the id that AWS IoT gives it', async () => {
    const { pem } = await issue('device');

    expect(certificateIdOf(pem)).toBe(new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase());
  });

  test('has a serial number that is positive, short enough and never the same', () => {
    const numbers = Array.from({ length: 1000 }, () => randomSerialNumber());

    expect(numbers.every((bytes) => bytes.length === 16 && bytes[0]! >= 0x40 && bytes[0]! < 0x80)).toBe(true);
    expect(new Set(numbers.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(1000);
  });
});

describe('fails for', () => {
  const message = (read: () => unknown): string => {
    try {
      read();
    } catch (error) {
      expect(error).toBeInstanceOf(RequestError);
      return (error as Error).message;
    }
    throw new Error('was accepted');
  };

  test.each<[string, () => string | Promise<string>, string]>([
    ['something else', () => 'hello', 'expected one PEM block that begins with "-----BEGIN CERTIFICATE REQUEST-----", and nothing else'],
    ['a certificate', async () => (await issue('a')).pem, 'expected one PEM block that begins with "-----BEGIN CERTIFICATE REQUEST-----", and nothing else'],
    ['two requests', async () => (await request()) + (await request()), 'expected one PEM block that begins with "-----BEGIN CERTIFICATE REQUEST-----", and nothing else'],
    ['a request that is cut off', async () => rewrap(await request(), 'CERTIFICATE REQUEST', (der) => der.subarray(0, -9)), 'the certificate signing request cannot be read; create it again'],
    ['no bytes', () => rewrap('-----x-----', 'CERTIFICATE REQUEST', () => Buffer.from([5, 0])), 'the certificate signing request cannot be read; create it again'],
    ['a long request', () => 'a'.repeat(4097), 'the certificate signing request must be at most 4096 characters long, got 4097'],
    ['a small RSA key', () => request(rsa(1024)), 'the key must be RSA of at least 2048 bits or EC on P-256, P-384 or P-521, got RSA 1024 bits'],
    ['an RSA-PSS signature', () => request(rsa(2048, 'RSA-PSS')), 'the certificate signing request must be signed with SHA-256, SHA-384 or SHA-512 by its own key, as PKCS #1 v1.5 or ECDSA'],
    ['a weak digest', () => opensslCsr(KEYS.RSA_2048!, '-sha1', '-subj', '/CN=a'), 'the certificate signing request must be signed with SHA-256, SHA-384 or SHA-512 by its own key, as PKCS #1 v1.5 or ECDSA'],
    ['another curve', () => opensslCsr(ec('secp256k1'), '-subj', '/CN=a'), 'the key must be RSA of at least 2048 bits or EC on P-256, P-384 or P-521, got EC secp256k1'],
  ])('%s', async (_, make, expected) => {
    const pem = await make();

    expect(message(() => readCsr(pem))).toBe(expected);
  });

  test('a request that another key signed, or that was changed', async () => {
    const csr = await request();
    const changed = rewrap(csr, 'CERTIFICATE REQUEST', (der) => Buffer.from(der.toString('latin1').replace('device', 'devicf'), 'latin1'));

    expect(message(() => readCsr(changed))).toBe('the certificate signing request is not signed by the private key that belongs to it; create it again');
  });

  test('nesting without an end', () => {
    const deep = Buffer.concat([...Array.from({ length: 1400 }, () => Buffer.from([0x30, 0x80]))]);

    expect(message(() => readCsr(rewrap('-----x-----', 'CERTIFICATE REQUEST', () => deep)))).toMatch(/cannot be read|is not in DER/);
  });

  test('a CA that is none', async () => {
    const { pem } = await issue('device');

    expect(message(() => readIssuer(pem))).toBe('the certificate of the CA does not say that it may sign others');
  });

  test('characters that a field of the subject cannot have', () => {
    expect(message(() => nameOf({ commonName: 'a', country: 'D_' }))).toBe("'country' in a certificate's subject must consist of letters, digits, spaces and '()+,-./:=?");
  });
});

test('a common name that is there twice is none', () => {
  expect(readCsr(opensslCsr(KEYS.ECC_NIST_P256!, '-subj', '/CN=a/CN=b')).commonName).toBeUndefined();
  expect(readCsr(opensslCsr(KEYS.ECC_NIST_P256!, '-subj', '/O=a')).commonName).toBeUndefined();
});

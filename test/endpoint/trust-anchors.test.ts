import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { TrustAnchors } from '../../lib/endpoint';

/** As `openssl` and Amazon write them. */
const fingerprint = ({ fingerprint256 }: X509Certificate) => fingerprint256.replaceAll(':', '').toLowerCase();

describe.each([
  ['Amazon Root CA 1', TrustAnchors.amazonRootCa1(), 'rsa'],
  ['Amazon Root CA 3', TrustAnchors.amazonRootCa3(), 'ec'],
] as const)('%s', (name, anchor, keyType) => {
  const certificate = new X509Certificate(anchor.pem);

  test('is the one that Node.js trusts under this name', () => {
    const known = rootCertificates.map((pem) => new X509Certificate(pem)).filter(({ subject }) => subject.split('\n').includes(`CN=${name}`));
    expect(known.map(fingerprint)).toEqual([anchor.sha256]);
    expect(known[0]!.raw.equals(certificate.raw)).toBe(true);
  });

  test('has the public key that Amazon publishes the hash of', () => {
    // https://www.amazontrust.com/repository/
    const hash = createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest('hex');
    expect([hash, certificate.publicKey.asymmetricKeyType]).toEqual([anchor.publicKeySha256, keyType]);
  });

  test('is a file with this certificate and nothing else', () => {
    expect(readFileSync(anchor.path, 'utf8')).toBe(anchor.pem);
    expect(anchor.pem).toMatch(/^-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n$/);
    expect(anchor.pem.match(/BEGIN/g)).toHaveLength(1);
  });

  test('has signed itself and is a CA', () => {
    expect([certificate.checkIssued(certificate), certificate.verify(certificate.publicKey), certificate.ca]).toEqual([true, true, true]);
  });
});

test('both are in the bundle', () => {
  const pems = TrustAnchors.bundlePem().split(/(?<=-----END CERTIFICATE-----\n)/);
  expect(pems.map((pem) => fingerprint(new X509Certificate(pem)))).toEqual([TrustAnchors.amazonRootCa1().sha256, TrustAnchors.amazonRootCa3().sha256]);
});

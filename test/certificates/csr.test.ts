import { inspectCsr } from '../../lib/certificates/csr';
import { ED25519, generateKeys, P256, P384, P521, request, rewrap, rsa, type Algorithm } from './pki';

function der(pem: string): Buffer {
  return Buffer.from(pem.split('-----')[2] ?? '', 'base64');
}

test.each<[string, Algorithm, string, object]>([
  ['P-256', P256, 'ec', { namedCurve: 'prime256v1' }],
  ['P-384', P384, 'ec', { namedCurve: 'secp384r1' }],
  ['P-521', P521, 'ec', { namedCurve: 'secp521r1' }],
  ['RSA 2048', rsa(2048), 'rsa', { modulusLength: 2048 }],
])('reads the key and verifies the signature of a %s request', async (_name, algorithm, type, details) => {
  const facts = inspectCsr(der(await request(algorithm)));

  expect(facts.publicKey.asymmetricKeyType).toBe(type);
  expect(facts.publicKey.asymmetricKeyDetails).toMatchObject(details);
  expect(facts.signature).toBe('valid');
});

test.each([['RSASSA-PSS', rsa(2048, 'RSA-PSS')], ['Ed25519', ED25519]])('does not judge an %s signature', async (_name, algorithm) => {
  expect(inspectCsr(der(await request(algorithm))).signature).toBe('unknown');
});

test('finds that the signature was made with another key', async () => {
  const [own, other] = [await generateKeys(P256), await generateKeys(P256)];
  const csr = await request(P256, { publicKey: own.publicKey, privateKey: other.privateKey });

  expect(inspectCsr(der(csr)).signature).toBe('invalid');
});

test('finds that the request was changed after it was signed', async () => {
  const changed = rewrap(await request(), 'CERTIFICATE REQUEST', (bytes) => {
    bytes.write('DEVICE', bytes.indexOf('device'));
    return bytes;
  });

  expect(inspectCsr(der(changed)).signature).toBe('invalid');
});

test('fails for bytes that follow the request', async () => {
  const bytes = der(await request());

  expect(() => inspectCsr(Buffer.concat([bytes, bytes]))).toThrow('the request is followed by other data');
});

test.each([['nothing', Buffer.alloc(0)], ['other bytes', Buffer.from('not a request')]])('fails for %s', (_name, bytes) => {
  expect(() => inspectCsr(bytes)).toThrow();
});

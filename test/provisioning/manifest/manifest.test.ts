import { KeyObject, X509Certificate } from 'node:crypto';
import { ManifestError, readCertificateBundle, readSignedManifest, registrationLines, type ManifestDevice } from '../../../lib/provisioning/manifest';
import { issue, privateKey, type Holder } from '../../certificates/pki';

let vendor: Holder;
let device: Holder;
let other: Holder;
beforeAll(async () => {
  [vendor, device, other] = await Promise.all([issue('Vendor'), issue('sn-1'), issue('sn-2')]);
});

const derOf = (pem: string): string => new X509Certificate(pem).raw.toString('base64');

/** An entry as Microchip writes it. */
async function entry(uniqueId: string, holder: Holder, { signer = vendor, certificate = holder.pem, change = {} }: { signer?: Holder; certificate?: string; change?: object } = {}) {
  const jwk = new X509Certificate(holder.pem).publicKey.export({ format: 'jwk' });
  const payload = { version: 1, model: 'ATECC608B', uniqueId, publicKeySet: { keys: [{ kid: '0', ...jwk, x5c: [derOf(certificate), derOf(vendor.pem)] }, { kid: '1', ...jwk }] }, ...change };
  const { FlattenedSign } = await import('jose');
  const signed = await new FlattenedSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader({ typ: 'JWT', alg: 'ES256', kid: 'vendor' }).sign(KeyObject.from(signer.keys.privateKey));
  return { ...signed, header: { uniqueId } };
}

async function read(entries: unknown, certificates = [vendor.pem]): Promise<ManifestDevice[]> {
  const devices: ManifestDevice[] = [];
  for await (const each of readSignedManifest(typeof entries === 'string' ? entries : JSON.stringify(entries), certificates)) {
    devices.push(each);
  }
  return devices;
}

describe('a signed manifest', () => {
  test('gives devices by their unique ids', async () => {
    const devices = await read([await entry('0123abc', device), await entry('0123abd', other)]);
    expect(devices).toEqual([
      { thingName: '0123abc', certificatePem: new X509Certificate(device.pem).toString() },
      { thingName: '0123abd', certificatePem: new X509Certificate(other.pem).toString() },
    ]);
    expect([...registrationLines(devices)].map((line) => JSON.parse(line) as unknown)).toEqual([
      { ThingName: '0123abc', CertificatePem: new X509Certificate(device.pem).toString() },
      { ThingName: '0123abd', CertificatePem: new X509Certificate(other.pem).toString() },
    ]);
  });

  test('may be signed by one of several certificates', async () => {
    expect(await read([await entry('a', device)], [other.pem, vendor.pem])).toHaveLength(1);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['is no JSON', async () => 'nothing', 'the manifest is no JSON'],
    ['is no list', async () => ({}), 'the manifest must be a JSON list of signed entries'],
    ['has an entry that is none', async () => [1], 'entry 1 is not signed by a certificate of the vendor'],
    ['is signed by somebody else', async () => [await entry('a', device, { signer: other })], 'entry 1 is not signed by a certificate of the vendor'],
    ['was changed', async () => [{ ...await entry('a', device), payload: (await entry('b', device)).payload }], 'entry 1 is not signed by a certificate of the vendor'],
    ['is not signed', async () => [{ ...await entry('a', device), protected: Buffer.from('{"alg":"none"}').toString('base64url'), signature: '' }], 'entry 1 is not signed by a certificate of the vendor'],
    ['lacks certificates', async () => [await entry('a', device), await entry('b', device, { change: { publicKeySet: { keys: [] } } })], 'entry 2 must have a unique id and the certificate of its device'],
    ['lacks keys', async () => [await entry('b', device, { change: { publicKeySet: 1 } })], 'entry 1 must have a unique id and the certificate of its device'],
    ['has the certificate of another key', async () => [await entry('a', device, { certificate: other.pem })], 'entry 1 has a certificate of another key than it says'],
    ['names a device that cannot be a thing', async () => [await entry('a/b', device)], 'entry 1 must name its device with 1 to 128 of the characters a-z, A-Z, 0-9, ":", "_" and "-"'],
  ])('that %s is refused', async (_, make, message) => {
    await expect(read(await make())).rejects.toThrow(new ManifestError(message));
  });

  test('takes a certificate of the vendor', async () => {
    await expect(read([], ['nothing'])).rejects.toThrow(new ManifestError('certificate 1 of the vendor cannot be read; give it as PEM'));
    await expect(read([], [])).rejects.toThrow('there must be a certificate of the vendor to check signatures with');
  });
});

describe('a bundle of certificates', () => {
  test('gives devices by their common names', () => {
    expect([...readCertificateBundle(`subject=CN=sn-1\n${device.pem}\n\n${other.pem}`)].map(({ thingName }) => thingName)).toEqual(['sn-1', 'sn-2']);
  });

  test.each<[string, () => Promise<string>, string]>([
    ['has no certificates', async () => 'nothing', 'the file must have certificates in PEM, got none'],
    ['has something else', async () => device.pem.replace(/CERTIFICATE/g, 'PUBLIC KEY'), 'block 1 must be a certificate, got a public key'],
    ['has a private key', async () => device.pem + await privateKey(device.keys), 'the file has a private key, which belongs to its device alone; remove it, and make the device a new one'],
    ['has a damaged certificate', async () => `${device.pem}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`, 'certificate 2 has no certificate that can be read'],
    ['has a device without a name', async () => (await issue('x y')).pem, 'certificate 1 must name its device with 1 to 128 of the characters a-z, A-Z, 0-9, ":", "_" and "-"'],
  ])('that %s is refused', async (_, make, message) => {
    const text = await make();
    expect(() => [...readCertificateBundle(text)]).toThrow(new ManifestError(message));
  });

  test('with a device twice is refused', () => {
    expect(() => [...registrationLines(readCertificateBundle(device.pem + device.pem))]).toThrow('the manifest has two devices with the name sn-1');
  });
});

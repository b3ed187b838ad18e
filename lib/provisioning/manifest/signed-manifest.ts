import { X509Certificate } from 'node:crypto';
import type * as Jose from 'jose' with { 'resolution-mode': 'import' };
import { deviceOf, type ManifestDevice } from './device';
import { ManifestError } from './errors';

/** What manifests are signed with. */
const ALGORITHMS = ['ES256'];

/** The parts of an entry that count. */
interface Entry {
  readonly uniqueId: string;
  readonly publicKeySet: { readonly keys: readonly { readonly x5c?: readonly string[]; readonly x?: string; readonly y?: string }[] };
}

/**
 * The devices of a manifest as Microchip delivers with its secure elements: a JSON list of signed entries, each with the
 * certificate chain of a device, which is named by its unique id.
 *
 * Each entry must be signed by one of the vendor's certificates that are given here, and not by what it says itself.
 *
 * @see https://www.microchip.com/en-us/products/security/trust-platform
 */
export async function* readSignedManifest(text: string, vendorCertificates: readonly string[]): AsyncGenerator<ManifestDevice> {
  const entries = parse('the manifest', text);
  if (!Array.isArray(entries)) {
    throw new ManifestError('the manifest must be a JSON list of signed entries');
  }
  const jose = await import('jose');
  const keys = vendorCertificates.map(vendorKey);
  if (keys.length === 0) {
    throw new ManifestError('there must be a certificate of the vendor to check signatures with');
  }
  for (const [index, signed] of (entries as unknown[]).entries()) {
    const where = `entry ${index + 1}`;
    yield deviceIn(where, parse(where, await verify(jose, where, signed, keys)));
  }
}

function vendorKey(pem: string, index: number): X509Certificate['publicKey'] {
  try {
    return new X509Certificate(pem).publicKey;
  } catch {
    throw new ManifestError(`certificate ${index + 1} of the vendor cannot be read; give it as PEM`);
  }
}

async function verify(jose: typeof Jose, where: string, signed: unknown, keys: readonly X509Certificate['publicKey'][]): Promise<string> {
  for (const key of keys) {
    try {
      const { payload } = await jose.flattenedVerify(signed as Jose.FlattenedJWSInput, key, { algorithms: ALGORITHMS });
      return Buffer.from(payload).toString();
    } catch {
      // Another key may have signed it.
    }
  }
  throw new ManifestError(`${where} is not signed by a certificate of the vendor`);
}

function deviceIn(where: string, value: unknown): ManifestDevice {
  const { uniqueId, publicKeySet } = Object(value) as Partial<Entry>;
  const keys = publicKeySet?.keys;
  const key = Array.isArray(keys) ? (keys as Entry['publicKeySet']['keys']).find(({ x5c }) => Array.isArray(x5c)) : undefined;
  const [leaf] = key?.x5c ?? [];
  if (typeof uniqueId !== 'string' || typeof leaf !== 'string') {
    throw new ManifestError(`${where} must have a unique id and the certificate of its device`);
  }
  const device = deviceOf(where, Buffer.from(leaf, 'base64'), uniqueId);
  const { x, y } = new X509Certificate(device.certificatePem).publicKey.export({ format: 'jwk' });
  if (key?.x !== x || key?.y !== y) {
    throw new ManifestError(`${where} has a certificate of another key than it says`);
  }
  return device;
}

function parse(where: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ManifestError(`${where} is no JSON`);
  }
}

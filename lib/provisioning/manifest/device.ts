import { X509Certificate } from 'node:crypto';
import { ManifestError } from './errors';

/** A device that its maker has given a certificate. */
export interface ManifestDevice {
  readonly thingName: string;
  readonly certificatePem: string;
}

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateThing.html */
const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;

/** Reads a certificate; the maker's name for the device, or else the common name, becomes the name of the thing. */
export function deviceOf(where: string, bytes: Buffer | string, name?: string): ManifestDevice {
  const certificate = read(where, bytes);
  const thingName = name ?? commonNameOf(certificate);
  if (thingName === undefined || !THING_NAME.test(thingName)) {
    throw new ManifestError(`${where} must name its device with 1 to 128 of the characters a-z, A-Z, 0-9, ":", "_" and "-"`);
  }
  return { thingName, certificatePem: certificate.toString() };
}

function read(where: string, bytes: Buffer | string): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new ManifestError(`${where} has no certificate that can be read`);
  }
}

/** The common name, where there is exactly one. */
function commonNameOf(certificate: X509Certificate): string | undefined {
  const { CN: name } = certificate.toLegacyObject().subject as unknown as { readonly CN?: unknown };
  return typeof name === 'string' ? name : undefined;
}

/** One line for each device, as a bulk registration takes them. Fails for a name that is there twice. */
export function* registrationLines(devices: Iterable<ManifestDevice>): Generator<string> {
  const names = new Set<string>();
  for (const { thingName, certificatePem } of devices) {
    if (names.has(thingName)) {
      throw new ManifestError(`the manifest has two devices with the name ${thingName}`);
    }
    names.add(thingName);
    yield `${JSON.stringify({ ThingName: thingName, CertificatePem: certificatePem })}\n`;
  }
}

import { deviceOf, type ManifestDevice } from './device';
import { ManifestError } from './errors';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/** The devices of a file with certificates one after the other, in PEM, each named by its common name. */
export function* readCertificateBundle(text: string): Generator<ManifestDevice> {
  if (/PRIVATE KEY/i.test(text)) {
    throw new ManifestError('the file has a private key, which belongs to its device alone; remove it, and make the device a new one');
  }
  let count = 0;
  for (const { 0: pem, 1: label } of text.matchAll(BLOCK)) {
    count++;
    if (label !== 'CERTIFICATE') {
      throw new ManifestError(`block ${count} must be a certificate, got a ${label?.toLowerCase()}`);
    }
    yield deviceOf(`certificate ${count}`, pem);
  }
  if (count === 0) {
    throw new ManifestError('the file must have certificates in PEM, got none');
  }
}

import { RequestError } from '../custom-resource/errors';

export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST';

/** RFC 7468 wants lines of 64 characters. */
const LINE = /.{1,64}/g;

/** Longer than any certificate or request that AWS IoT takes. */
const MAX_CHARS = 65_536;

export function toPem(label: PemLabel, der: Uint8Array): string {
  const lines = Buffer.from(der).toString('base64').match(LINE) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** The bytes of text with one PEM block and nothing else. No part of the text enters the message: it may be a secret. */
export function fromPem(label: PemLabel, pem: string): Buffer {
  const [, before, base64 = '', after] = pem.length > MAX_CHARS ? [] : /^\s*-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END ([A-Z ]+)-----\s*$/.exec(pem) ?? [];
  // Old versions of OpenSSL write NEW CERTIFICATE REQUEST.
  if (before === undefined || before !== after || before.replace(/^NEW /, '') !== label) {
    throw new RequestError(`expected one PEM block that begins with "-----BEGIN ${label}-----", and nothing else`);
  }
  return Buffer.from(base64, 'base64');
}

import { createHash, X509Certificate } from 'node:crypto';
import { Refusal } from './refusal';

/** The certificate in PEM text; a refusal where there is none. */
export function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Refusal('the certificate cannot be read');
  }
}

/** What tells public keys apart: the SHA-256 of the key with its algorithm. */
export function fingerprintOf(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest('hex');
}

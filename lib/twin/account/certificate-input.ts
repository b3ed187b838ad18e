import type { X509Certificate } from 'node:crypto';
import { readCertificate } from '../pki/certificate-checks';
import { IotError, invalidRequest } from './errors';

const MAX_PEM_LENGTH = 65_536;

/** What callers may set; the states on the way are AWS's own. */
const SETTABLE = ['ACTIVE', 'INACTIVE', 'REVOKED'] as const;

/** @throws IotError for what is no certificate, or one that AWS IoT does not take. */
export function certificateIn(pem: string | undefined, member: string, object: (certificate: X509Certificate) => string | undefined): X509Certificate {
  if (typeof pem !== 'string' || pem === '' || pem.length > MAX_PEM_LENGTH) {
    throw invalidRequest(`'${member}' must be a certificate in PEM form of at most ${MAX_PEM_LENGTH} characters`);
  }
  const certificate = readCertificate(pem);
  const objection = certificate === undefined ? 'it is no X.509 certificate in PEM form' : object(certificate);
  if (certificate === undefined || objection !== undefined) {
    throw new IotError('CertificateValidationException', `The certificate in '${member}' is not valid: ${objection}`);
  }
  return certificate;
}

/** @throws IotError for a status that no caller may set. */
export function settableStatus(status: string | undefined): typeof SETTABLE[number] {
  const wanted = SETTABLE.find((one) => one === status);
  if (wanted === undefined) {
    throw invalidRequest(`'${String(status)}' is not a status that can be set; there are ${SETTABLE.join(', ')}`);
  }
  return wanted;
}

/** The dates of a certificate, as the API gives them. */
export function validityOf(certificate: X509Certificate): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(certificate.validFrom), notAfter: new Date(certificate.validTo) };
}

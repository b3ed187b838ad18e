import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { X509Certificate as ParsedCertificate } from '@peculiar/x509';

const MIN_RSA_BITS = 2048;

/** P-256, P-384 and P-521, as OpenSSL calls them. */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

/** AWS IoT takes SHA-256, SHA-384 and SHA-512. */
const WEAK_HASHES = ['SHA-1', 'MD5', 'MD2'];

/** The certificate in a PEM text, if there is one. */
export function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/**
 * What AWS IoT would not take about a certificate, of a CA or of a device.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html
 */
export function objectToCertificate(certificate: X509Certificate, now: number): string | undefined {
  const hash = (new ParsedCertificate(certificate.raw).signatureAlgorithm as { readonly hash?: { readonly name: string } }).hash?.name;
  if (hash !== undefined && WEAK_HASHES.includes(hash)) {
    return `it is signed with ${hash}; AWS IoT takes SHA-256, SHA-384 and SHA-512`;
  }
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) {
    return `it is valid from ${certificate.validFrom} to ${certificate.validTo}`;
  }
  return objectToKey(certificate.publicKey);
}

/** What AWS IoT would not take about the certificate of a CA. */
export function objectToCaCertificate(certificate: X509Certificate, now: number): string | undefined {
  return certificate.ca ? objectToCertificate(certificate, now) : 'its basicConstraints do not say CA:TRUE';
}

/** What AWS IoT would not take about a key. */
export function objectToKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {};
  switch (asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return modulusLength >= MIN_RSA_BITS ? undefined : `its RSA key has ${modulusLength} bits; AWS IoT asks for at least ${MIN_RSA_BITS}`;
    case 'ec':
      return CURVES.includes(namedCurve) ? undefined : `its key is on the curve ${namedCurve}; AWS IoT takes P-256, P-384 and P-521`;
    default:
      return `its key is of the kind ${String(asymmetricKeyType)}; AWS IoT takes RSA and ECC`;
  }
}

/** Whether a certificate was signed by the key of another, which it names as its issuer. */
export function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey);
}

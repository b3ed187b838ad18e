import { X509Certificate, type KeyObject } from 'node:crypto';
import { Annotations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { CERTIFICATE, CERTIFICATE_REQUEST, readPem, type PemKind } from './pem';
import { invalid } from '../private/errors';
import type * as csrReader from './csr';

/** https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html */
const MIN_RSA_BITS = 2048;

/** NIST P-256, P-384 and P-521, as OpenSSL calls them. Same page. */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate that ends sooner than this is worth a warning. */
const EXPIRES_SOON_DAYS = 30;

/** Fails unless the text is a signing request that AWS IoT would answer with a certificate. */
export function requireCsr(scope: IConstruct, prop: string, csr: string): void {
  const der = readPem(scope, prop, csr, CERTIFICATE_REQUEST);
  if (!der) {
    return;
  }
  const unreadable = `'${prop}' cannot be read as a PKCS #10 certificate signing request; create it again`;
  const { inspectCsr } = require('./csr') as typeof csrReader;
  const facts = readOr(() => inspectCsr(der), () => invalid(scope, unreadable));
  requireKey(scope, prop, facts.publicKey);
  if (facts.signature === 'invalid') {
    throw invalid(scope, `'${prop}' is not signed by the private key that belongs to it; create it again on the device`);
  }
}

/**
 * Fails unless the text is a certificate that AWS IoT would register; adds an error or a warning about its dates.
 *
 * Dates are no reason to throw: a certificate that expires must not keep the other stacks of the app from deploying.
 */
export function requireCertificate(scope: IConstruct, prop: string, pem: string, now: Date): X509Certificate | undefined {
  const certificate = readCertificate(scope, prop, pem);
  if (certificate) {
    checkDates(scope, prop, certificate, now, 'DeviceCertificate');
  }
  return certificate;
}

/** Fails unless the text is a certificate with a key that AWS IoT takes. Says nothing about its dates. */
export function readCertificate(scope: IConstruct, prop: string, pem: string, kind: PemKind = CERTIFICATE): X509Certificate | undefined {
  const der = readPem(scope, prop, pem, kind);
  if (!der) {
    return undefined;
  }
  const unreadable = () => invalid(scope, `'${prop}' cannot be read as an X.509 certificate; export it again as PEM`);
  const certificate = readOr(() => new X509Certificate(der), unreadable);
  // OpenSSL ignores what follows the certificate; it would still reach the template.
  if (certificate.raw.length !== der.length) {
    throw unreadable();
  }
  requireKey(scope, prop, readOr(() => certificate.publicKey, unreadable));
  return certificate;
}

/** Fails unless `ca` is a certificate authority that signed `certificate`. */
export function requireIssued(scope: IConstruct, certificate: X509Certificate, ca: X509Certificate): void {
  if (!ca.ca) {
    throw invalid(scope, "'caCertificatePem' must be the certificate of a certificate authority, got one that may not sign others");
  }
  if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) {
    throw invalid(
      scope,
      "'certificatePem' must be issued by the CA in 'caCertificatePem', got one with another issuer; "
      + 'pass the certificate of the CA that signed it',
    );
  }
}

function requireKey(scope: IConstruct, prop: string, key: KeyObject): void {
  const type = key.asymmetricKeyType ?? 'unknown';
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const strong = type.startsWith('rsa') ? modulusLength >= MIN_RSA_BITS : CURVES.includes(namedCurve);
  if (!strong) {
    const got = `${type.toUpperCase()} ${modulusLength ? `${modulusLength} bits` : namedCurve}`.trim();
    throw invalid(scope, `'${prop}' must have an RSA key of at least ${MIN_RSA_BITS} bits or an EC key on P-256, P-384 or P-521, got ${got}`);
  }
}

/** Adds an error or a warning where the dates of a certificate are over, to come or near. `construct` is the name of the class. */
export function checkDates(scope: IConstruct, prop: string, certificate: X509Certificate, now: Date, construct: string): void {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  if (to < now) {
    Annotations.of(scope).addError(`'${prop}' expired on ${day(to)}; issue a new certificate`);
  } else if (from > now) {
    Annotations.of(scope).addError(`'${prop}' is not valid before ${day(from)}; check the clock of the issuer`);
  } else if (to.getTime() - now.getTime() < EXPIRES_SOON_DAYS * DAY_MS) {
    const message = `'${prop}' expires on ${day(to)}; issue its successor before then`;
    Annotations.of(scope).addWarningV2(`cdk-iot-warden:${construct}.expiresSoon`, message);
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 'YYYY-MM-DD'.length);
}

/** Replaces whatever a parser throws, which might quote its input. */
function readOr<T>(read: () => T, error: () => Error): T {
  try {
    return read();
  } catch {
    throw error();
  }
}

import type { X509Certificate } from 'node:crypto';
import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { checkDates, readCertificate } from './checks';
import type * as derReader from './csr';
import { CERTIFICATE, type PemKind } from './pem';
import { invalid } from '../private/errors';

const CA_CERTIFICATE: PemKind = {
  ...CERTIFICATE,
  mixedUp: { 'CERTIFICATE REQUEST': 'holds a certificate signing request; pass the certificate that was issued for it' },
};

/**
 * What AWS IoT takes: RSA and ECDSA with SHA-256, SHA-384 and SHA-512, RSASSA-PSS, DSA with SHA-256.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html
 */
const SIGNATURE_ALGORITHMS = [
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.113549.1.1.10',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '2.16.840.1.101.3.4.3.2',
];

/** In an account and Region. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_WITH_ONE_SUBJECT = 10;

/** Fails unless the text is the certificate of a CA that AWS IoT would register; adds an error or a warning about its dates. */
export function requireCaCertificate(scope: Construct, prop: string, pem: string, now: Date): X509Certificate | undefined {
  const certificate = readCertificate(scope, prop, pem, CA_CERTIFICATE);
  if (!certificate) {
    return undefined;
  }
  // OpenSSL looks at keyUsage as well, where there is one.
  if (!certificate.ca) {
    throw invalid(scope, `'${prop}' must be the certificate of a CA, with basicConstraints CA:TRUE and keyCertSign in keyUsage; issue it again with these extensions`);
  }
  const { signatureAlgorithmOf } = require('./csr') as typeof derReader;
  if (!SIGNATURE_ALGORITHMS.includes(signatureAlgorithmOf(certificate.raw))) {
    throw invalid(scope, `'${prop}' must be signed with SHA-256, SHA-384 or SHA-512, got another algorithm; issue it again`);
  }
  if (certificate.checkIssued(certificate) && !certificate.verify(certificate.publicKey)) {
    throw invalid(scope, `'${prop}' names itself as its issuer, but another key has signed it; issue it again`);
  }
  checkDates(scope, prop, certificate, now, 'CertificateAuthority');
  return certificate;
}

/**
 * Fails unless the text is a certificate that the CA has signed. Its dates do not matter: AWS IoT looks at it once, and
 * it has to stay in the template as it is for as long as the CA is registered.
 */
export function requireVerification(scope: Construct, prop: string, pem: string, ca: X509Certificate | undefined): void {
  const certificate = readCertificate(scope, prop, pem, CA_CERTIFICATE);
  if (certificate && ca && !certificate.verify(ca.publicKey)) {
    throw invalid(scope, `'${prop}' must be signed by the private key of the CA in 'certificatePem'; sign the account's registration code with it`);
  }
}

/** What other registrations in the app are compared with. */
export interface Registration {
  readonly certificate: X509Certificate;
  /** Whether the mode is DEFAULT. */
  readonly isExclusive: boolean;
}

/** Fails where AWS IoT would refuse a registration because of another one in the app. */
export function requireRegistrable(scope: Construct, own: Registration, registrationOf: (other: IConstruct) => Registration | undefined): void {
  let withSubject = 0;
  for (const other of scope.node.root.node.findAll()) {
    const registration = other === scope ? undefined : registrationOf(other);
    const place = registration && placeOf(scope, other);
    if (!registration || place === 'elsewhere') {
      continue;
    }
    if (registration.certificate.fingerprint256 === own.certificate.fingerprint256) {
      requireSharable(scope, own, registration, other, place === 'here');
    } else if (place === 'here' && registration.certificate.subject === own.certificate.subject) {
      withSubject++;
    }
  }
  if (withSubject >= MAX_WITH_ONE_SUBJECT) {
    throw invalid(
      scope,
      `at most ${MAX_WITH_ONE_SUBJECT} CAs of an account may have the same subject in a Region, got one more; give the CA another subject`,
    );
  }
}

function requireSharable(scope: Construct, own: Registration, registration: Registration, other: IConstruct, isSameAccount: boolean): void {
  if (isSameAccount) {
    throw invalid(scope, `${other.node.path} registers this CA in the same account and Region already; declare it once`);
  }
  if (own.isExclusive || registration.isExclusive) {
    throw invalid(
      scope,
      `a CA in DEFAULT mode belongs to one account of a Region, and ${other.node.path} registers it in another; use CertificateMode.SNI_ONLY for both of them`,
    );
  }
}

/** Where another construct is deployed: in the same account and Region, in another account, or in another Region. */
function placeOf(scope: Construct, other: IConstruct): 'here' | 'other-account' | 'elsewhere' {
  const [a, b] = [Stack.of(scope), Stack.of(other)];
  if (a === b) {
    return 'here';
  }
  // Stacks without an environment of their own may be deployed anywhere.
  if (Token.compareStrings(a.region, b.region) !== TokenComparison.SAME) {
    return 'elsewhere';
  }
  switch (Token.compareStrings(a.account, b.account)) {
    case TokenComparison.SAME: return 'here';
    case TokenComparison.DIFFERENT: return 'other-account';
    default: return 'elsewhere';
  }
}

import { verify, type X509Certificate } from 'node:crypto';
import { Certificate, CertificateList, type Extension } from '@peculiar/asn1-x509';
import { RequestError } from '../custom-resource';
import { parse, writeDer } from '../x509/der';
import { SIGNATURE_ALGORITHMS } from '../x509/signer';

const PEM = /^\s*-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----\s*$/;

/** What a CA says about the certificates that it has revoked. */
export interface RevocationList {
  /** Serial numbers, in hex. */
  readonly revoked: ReadonlySet<string>;
  readonly thisUpdate: Date;
  /** When the CA says something new, at the latest. */
  readonly nextUpdate: Date;
}

/**
 * Reads a revocation list, DER or PEM, that this CA has signed. Fails for any other.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-5
 */
export function readRevocationList(bytes: Uint8Array, ca: X509Certificate): RevocationList {
  const [, base64] = PEM.exec(Buffer.from(bytes.subarray(0, 1)).toString() === '-' ? Buffer.from(bytes).toString('latin1') : '') ?? [];
  const list = parse('the revocation list', base64 === undefined ? bytes : Buffer.from(base64, 'base64'), CertificateList);
  requireIssuer(list, ca);
  const { tbsCertList: { thisUpdate, nextUpdate, revokedCertificates = [], crlExtensions = [] } } = list;
  requireKnown(crlExtensions);
  if (nextUpdate === undefined) {
    throw new RequestError('the revocation list does not say when the next one comes');
  }
  for (const { crlEntryExtensions = [] } of revokedCertificates) {
    requireKnown(crlEntryExtensions);
  }
  return {
    revoked: new Set(revokedCertificates.map(({ userCertificate }) => serialNumberText(Buffer.from(userCertificate).toString('hex')))),
    thisUpdate: thisUpdate.getTime(),
    nextUpdate: nextUpdate.getTime(),
  };
}

/** Serial numbers without leading zeros, as OpenSSL and DER write different numbers of them. */
export function serialNumberText(hex: string): string {
  return hex.toLowerCase().replace(/^0+(?=.)/, '');
}

function requireIssuer({ tbsCertList, tbsCertListRaw, signatureAlgorithm, signature }: CertificateList, ca: X509Certificate): void {
  const { tbsCertificate: { subject } } = parse('the certificate of the CA', ca.raw, Certificate);
  const algorithm = SIGNATURE_ALGORITHMS.find(({ oid }) => oid === signatureAlgorithm.algorithm);
  const isNamed = writeDer(tbsCertList.issuer).equals(writeDer(subject));
  if (algorithm === undefined || tbsCertListRaw === undefined || !isNamed || !verify(algorithm.digest, Buffer.from(tbsCertListRaw), ca.publicKey, Buffer.from(signature))) {
    throw new RequestError('the revocation list is not signed by the CA');
  }
}

/** Whoever does not know a critical extension must not use the list: it may leave out certificates. */
function requireKnown(extensions: readonly Extension[]): void {
  const unknown = extensions.find(({ critical }) => critical);
  if (unknown !== undefined) {
    throw new RequestError(`the revocation list has the critical extension ${unknown.extnID}, as lists of a part of all certificates do; use a complete one`);
  }
}

// The one file with dependencies: the build bundles it in place, and it is loaded only when there is a request to check.
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { CertificationRequest } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';

/** What a certificate signing request says about its key. */
export interface CsrFacts {
  /** The key that the certificate would be for. */
  readonly publicKey: KeyObject;
  /** Whether the holder of the private key made the request; unknown where the signature algorithm is. */
  readonly signature: 'valid' | 'invalid' | 'unknown';
}

/** Digests by the object identifier of the signature algorithm. https://www.rfc-editor.org/rfc/rfc8017 and rfc5758 */
const DIGESTS: { readonly [oid: string]: string } = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** Reads a PKCS #10 request in DER. Throws where it is none. */
export function inspectCsr(der: Uint8Array): CsrFacts {
  const request = AsnConvert.parse(der, CertificationRequest);
  // The parser ignores what follows the request; it would still reach the template.
  if (AsnConvert.serialize(request).byteLength < der.length) {
    throw new RangeError('the request is followed by other data');
  }
  const publicKey = createPublicKey({
    key: Buffer.from(AsnConvert.serialize(request.certificationRequestInfo.subjectPKInfo)),
    format: 'der',
    type: 'spki',
  });
  return { publicKey, signature: checkSignature(request, publicKey) };
}

function checkSignature(request: CertificationRequest, publicKey: KeyObject): CsrFacts['signature'] {
  const digest = DIGESTS[request.signatureAlgorithm.algorithm];
  if (digest === undefined || request.certificationRequestInfoRaw === undefined) {
    return 'unknown';
  }
  const signed = Buffer.from(request.certificationRequestInfoRaw);
  return verify(digest, signed, publicKey, Buffer.from(request.signature)) ? 'valid' : 'invalid';
}

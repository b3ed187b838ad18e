// The one file with dependencies: the build bundles it in place, and it is loaded only when there is a request or a CA to check.
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { Any, BitString, Integer, ObjectIdentifier, Sequence, verifySchema } from 'asn1js';

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

/** https://www.rfc-editor.org/rfc/rfc2986#section-4. Classes for the whole of it took ten times as long to read one. */
const REQUEST = new Sequence({
  value: [
    new Sequence({ name: 'signed', value: [new Integer(), new Sequence(), new Sequence({ name: 'publicKey' }), new Any({ optional: true })] }),
    new Sequence({ value: [new ObjectIdentifier({ name: 'algorithm' }), new Any({ optional: true })] }),
    new BitString({ name: 'signature' }),
  ],
});

/** A request with the parts that `REQUEST` names. */
interface Request extends Sequence {
  readonly signed: Sequence;
  readonly publicKey: Sequence;
  readonly algorithm: ObjectIdentifier;
  readonly signature: BitString;
}

/** Reads a PKCS #10 request in DER. Throws where it is none. */
export function inspectCsr(der: Uint8Array): CsrFacts {
  const { verified, result } = verifySchema(der, REQUEST);
  if (!verified) {
    throw new TypeError('the bytes are no request');
  }
  const request = result as Request;
  // The parser ignores what follows the request; it would still reach the template.
  if (request.valueBeforeDecodeView.length < der.length) {
    throw new RangeError('the request is followed by other data');
  }
  const publicKey = createPublicKey({ key: Buffer.from(request.publicKey.valueBeforeDecodeView), format: 'der', type: 'spki' });
  return { publicKey, signature: checkSignature(request, publicKey) };
}

function checkSignature({ algorithm, signed, signature }: Request, publicKey: KeyObject): CsrFacts['signature'] {
  const digest = DIGESTS[algorithm.getValue()];
  if (digest === undefined) {
    return 'unknown';
  }
  return verify(digest, signed.valueBeforeDecodeView, publicKey, signature.valueBlock.valueHexView) ? 'valid' : 'invalid';
}

/** https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
const CERTIFICATE = new Sequence({
  value: [
    new Sequence(),
    new Sequence({ value: [new ObjectIdentifier({ name: 'algorithm' }), new Any({ optional: true })] }),
    new BitString(),
  ],
});

/** The object identifier of the algorithm that a certificate in DER is signed with. Node does not tell. */
export function signatureAlgorithmOf(der: Uint8Array): string {
  const { verified, result } = verifySchema(der, CERTIFICATE);
  if (!verified) {
    throw new TypeError('the bytes are no certificate');
  }
  return (result as Sequence & { readonly algorithm: ObjectIdentifier }).algorithm.getValue();
}

import { createPublicKey, type KeyObject } from 'node:crypto';
import { RequestError } from '../custom-resource/errors';

/** https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html */
const MIN_RSA_BITS = 2048;

/** The curves that AWS IoT takes, in OpenSSL's words and in those of AWS KMS. Same page. */
const CURVES: { readonly [openssl: string]: string } = {
  prime256v1: 'ECC_NIST_P256',
  secp384r1: 'ECC_NIST_P384',
  secp521r1: 'ECC_NIST_P521',
};

/**
 * The kind and size of a key in the words of AWS KMS, such as `RSA_2048` and `ECC_NIST_P256`. Fails for a key that AWS IoT
 * would not take.
 */
export function keySpecOf(key: KeyObject): string {
  const type = key.asymmetricKeyType ?? 'unknown';
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const spec = type === 'rsa' && modulusLength >= MIN_RSA_BITS ? `RSA_${modulusLength}` : CURVES[namedCurve];
  if (spec === undefined) {
    const got = `${type.toUpperCase()} ${modulusLength ? `${modulusLength} bits` : namedCurve}`.trim();
    throw new RequestError(`the key must be RSA of at least ${MIN_RSA_BITS} bits or EC on P-256, P-384 or P-521, got ${got}`);
  }
  return spec;
}

/** A public key from its SubjectPublicKeyInfo. */
export function publicKeyOf(spki: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
}

import { sign, type KeyObject } from 'node:crypto';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { keySpecOf } from './keys';

/** How a certificate or a request is signed. */
export interface SignatureAlgorithm {
  /** https://www.rfc-editor.org/rfc/rfc8017 and https://www.rfc-editor.org/rfc/rfc5758 */
  readonly oid: string;
  readonly key: 'rsa' | 'ec';
  readonly digest: 'sha256' | 'sha384' | 'sha512';
  /** The word of AWS KMS for it. */
  readonly kms: 'RSASSA_PKCS1_V1_5_SHA_256' | 'RSASSA_PKCS1_V1_5_SHA_384' | 'RSASSA_PKCS1_V1_5_SHA_512' | 'ECDSA_SHA_256' | 'ECDSA_SHA_384' | 'ECDSA_SHA_512';
  /** The word of AWS Private CA for it. */
  readonly privateCa: 'SHA256WITHRSA' | 'SHA384WITHRSA' | 'SHA512WITHRSA' | 'SHA256WITHECDSA' | 'SHA384WITHECDSA' | 'SHA512WITHECDSA';
}

const RSA_SHA_256: SignatureAlgorithm = { oid: '1.2.840.113549.1.1.11', key: 'rsa', digest: 'sha256', kms: 'RSASSA_PKCS1_V1_5_SHA_256', privateCa: 'SHA256WITHRSA' };
const ECDSA_SHA_256: SignatureAlgorithm = { oid: '1.2.840.10045.4.3.2', key: 'ec', digest: 'sha256', kms: 'ECDSA_SHA_256', privateCa: 'SHA256WITHECDSA' };
const ECDSA_SHA_384: SignatureAlgorithm = { oid: '1.2.840.10045.4.3.3', key: 'ec', digest: 'sha384', kms: 'ECDSA_SHA_384', privateCa: 'SHA384WITHECDSA' };
const ECDSA_SHA_512: SignatureAlgorithm = { oid: '1.2.840.10045.4.3.4', key: 'ec', digest: 'sha512', kms: 'ECDSA_SHA_512', privateCa: 'SHA512WITHECDSA' };

/** What AWS IoT takes, without RSASSA-PSS, which few devices sign with. */
export const SIGNATURE_ALGORITHMS: readonly SignatureAlgorithm[] = [
  RSA_SHA_256,
  { oid: '1.2.840.113549.1.1.12', key: 'rsa', digest: 'sha384', kms: 'RSASSA_PKCS1_V1_5_SHA_384', privateCa: 'SHA384WITHRSA' },
  { oid: '1.2.840.113549.1.1.13', key: 'rsa', digest: 'sha512', kms: 'RSASSA_PKCS1_V1_5_SHA_512', privateCa: 'SHA512WITHRSA' },
  ECDSA_SHA_256,
  ECDSA_SHA_384,
  ECDSA_SHA_512,
];

/** AWS KMS lets each curve sign with the digest of its own size alone. */
const BY_CURVE: { readonly [keySpec: string]: SignatureAlgorithm } = {
  ECC_NIST_P256: ECDSA_SHA_256,
  ECC_NIST_P384: ECDSA_SHA_384,
  ECC_NIST_P521: ECDSA_SHA_512,
};

/** How a key signs, by its kind and size in the words of AWS KMS. */
export function signatureAlgorithmFor(keySpec: string): SignatureAlgorithm {
  return BY_CURVE[keySpec] ?? RSA_SHA_256;
}

/** With RSA the parameters must be NULL, with ECDSA there must be none. */
export function identifierOf({ oid, key }: SignatureAlgorithm): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithm: oid, ...key === 'rsa' && { parameters: null } });
}

/** Signs with a private key, which may be far away. */
export interface Signer {
  readonly algorithm: SignatureAlgorithm;

  /** The signature over the bytes as X.509 wants it: PKCS #1 v1.5 of RSA, or a DER sequence of ECDSA. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Signs with a private key in memory. */
export function localSigner(key: KeyObject): Signer {
  const algorithm = signatureAlgorithmFor(keySpecOf(key));
  return { algorithm, sign: (bytes) => Promise.resolve(sign(algorithm.digest, bytes, key)) };
}

import { constants, createECDH, privateEncrypt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Integer, Sequence } from 'asn1js';

/** The names and orders of the curves. https://csrc.nist.gov/pubs/sp/800/186/final */
const CURVES: Readonly<Record<string, { readonly name: string; readonly order: bigint }>> = {
  'P-256': { name: 'prime256v1', order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n },
  'P-384': { name: 'secp384r1', order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n },
  'P-521': { name: 'secp521r1', order: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n },
};

/** What stands before a digest that RSA signs. https://www.rfc-editor.org/rfc/rfc8017#section-9.2 note 1 */
const DIGEST_INFO: Readonly<Record<string, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/**
 * Sign a digest that somebody else has computed: `crypto.sign` computes it itself.
 *
 * With RSA, PKCS #1 v1.5; with an elliptic curve, ECDSA in DER.
 */
export function signDigest(key: KeyObject, hash: string, digest: Buffer): Buffer {
  return key.asymmetricKeyType === 'rsa'
    ? privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([Buffer.from(DIGEST_INFO[hash]!, 'hex'), digest]))
    : signWithCurve(key, digest);
}

/** ECDSA as FIPS 186-5 has it, the curve's arithmetic being Node's. No digest here is longer than the order of its curve. */
function signWithCurve(key: KeyObject, digest: Buffer): Buffer {
  const { crv, d } = key.export({ format: 'jwk' });
  const { name, order } = CURVES[crv ?? '']!;
  const nonce = createECDH(name);
  const point = nonce.generateKeys();
  const r = number(point.subarray(1, (point.length + 1) / 2)) % order;
  const s = inverse(number(nonce.getPrivateKey()), order) * ((number(digest) + r * number(Buffer.from(d!, 'base64url'))) % order) % order;
  // Neither happens but with a probability of 2 to the minus 256.
  return r === 0n || s === 0n
    ? signWithCurve(key, digest)
    : Buffer.from(new Sequence({ value: [Integer.fromBigInt(r), Integer.fromBigInt(s)] }).toBER());
}

function number(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** By Euclid's algorithm. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    [a, b, x, y] = [b % a, a, y - (b / a) * x, x];
  }
  return (x + modulus) % modulus;
}

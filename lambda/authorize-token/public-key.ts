import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { assertIsSignatureJwk, type Jwk } from 'aws-jwt-verify/jwk';
import { supportedSignatureAlgorithms } from 'aws-jwt-verify/jwt-verifier';

/** Less is nobody's to use. https://www.rfc-editor.org/rfc/rfc7518#section-3.3 */
const MIN_RSA_BITS = 2048;

const CURVES: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

/** A key of an issuer, for the algorithms that go with it: an attacker chooses the one that a token names. */
export class PublicKey {
  /** Nothing for a key that signs no tokens, or that is not public. */
  public static ofJwk(jwk: Jwk): PublicKey | undefined {
    try {
      assertIsSignatureJwk(jwk);
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const algorithms = supportedSignatureAlgorithms.filter((algorithm) => (jwk.alg ?? algorithm) === algorithm && suits(key, algorithm));
      return algorithms.length === 0 ? undefined : new PublicKey(key, new Set(algorithms));
    } catch {
      return undefined;
    }
  }

  private readonly options: { readonly key: KeyObject; readonly dsaEncoding: 'ieee-p1363' };

  private constructor(key: KeyObject, private readonly algorithms: ReadonlySet<string>) {
    this.options = { key, dsaEncoding: 'ieee-p1363' };
  }

  public isFor(algorithm: string): boolean {
    return this.algorithms.has(algorithm);
  }

  /** Whether a signature in base64url is that of a text, by an algorithm that the key is for. */
  public verifies(algorithm: string, text: string, signature: string): boolean {
    const hash = algorithm === 'EdDSA' ? null : `sha${algorithm.slice(-3)}`;
    // As UTF-8: in a narrower encoding, characters that decoding leaves out could stand for others.
    return verify(hash, Buffer.from(text), this.options, Buffer.from(signature, 'base64url'));
  }
}

function suits({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject, algorithm: string): boolean {
  switch (type) {
    case 'rsa': return algorithm.startsWith('RS') && (details?.modulusLength ?? 0) >= MIN_RSA_BITS;
    case 'ec': return details?.namedCurve !== undefined && CURVES[algorithm] === details.namedCurve;
    case 'ed25519': case 'ed448': return algorithm === 'EdDSA';
    default: return false;
  }
}

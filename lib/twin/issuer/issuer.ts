import type * as Jose from 'jose' with { 'resolution-mode': 'import' };
import type { Clock } from '../clock';
import type { SigningKey } from './signing-key';

const ALGORITHM = 'RS256';

/** What one login may take, as Amazon Cognito limits it. */
const MAX_TOKEN_LENGTH = 50_000;

export type Claims = Readonly<Record<string, unknown>>;

/** Why a token is not believed. */
export class TokenError extends Error {
  constructor(public readonly reason: 'malformed' | 'signature' | 'expired' | 'issuer', message: string) {
    super(message);
  }
}

const REASONS: Readonly<Record<string, readonly [TokenError['reason'], string]>> = {
  ERR_JWT_EXPIRED: ['expired', 'Token expired'],
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: ['signature', "Couldn't verify signed token"],
  ERR_JOSE_ALG_NOT_ALLOWED: ['signature', "Couldn't verify signed token"],
};

/** Signs tokens in the name of an issuer, and tells its own. */
export class Issuer {
  /** @param url the claim `iss`, which need not be an address of this computer. */
  constructor(public readonly url: string, private readonly key: SigningKey, private readonly clock: Clock) {}

  /** @param lifetime in seconds; a token that has less than none has expired. */
  public async sign(claims: Claims, lifetime: number): Promise<string> {
    const { privateKey, kid } = await this.key.open();
    const jose = await import('jose');
    const now = Math.floor(this.clock.now() / 1000);
    return new jose.SignJWT({ iss: this.url, iat: now, exp: now + lifetime, ...claims }).setProtectedHeader({ kid, alg: ALGORITHM }).sign(privateKey);
  }

  /** @throws TokenError unless this issuer has signed it, and it is good now. */
  public async verify(token: string): Promise<Jose.JWTPayload> {
    if (token.length > MAX_TOKEN_LENGTH) {
      throw new TokenError('malformed', 'it is too long');
    }
    const { publicKey } = await this.key.open();
    const jose = await import('jose');
    try {
      const { payload } = await jose.jwtVerify(token, publicKey, {
        algorithms: [ALGORITHM], issuer: this.url, requiredClaims: ['sub', 'exp'], currentDate: new Date(this.clock.now()),
      });
      return payload;
    } catch (error) {
      const { code = '', claim } = error as Partial<Jose.errors.JWTClaimValidationFailed>;
      throw claim === 'iss' ? new TokenError('issuer', "Issuer doesn't match providerName") : new TokenError(...REASONS[code] ?? ['malformed', 'Not a valid OpenId Connect identity token']);
    }
  }

  /** What others check signatures with. */
  public async jwks(): Promise<object> {
    const { publicKey, kid } = await this.key.open();
    return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: ALGORITHM, use: 'sig' }] };
  }

  /** @see https://openid.net/specs/openid-connect-discovery-1_0.html */
  public discovery(jwksUri: string): object {
    return {
      issuer: this.url,
      jwks_uri: jwksUri,
      id_token_signing_alg_values_supported: [ALGORITHM],
      response_types_supported: ['code', 'token'],
      subject_types_supported: ['public'],
    };
  }
}

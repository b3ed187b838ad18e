import { validateCognitoJwtFields } from 'aws-jwt-verify/cognito-verifier';
import * as errors from 'aws-jwt-verify/error';
import { validateJwtFields, type DecomposedJwt } from 'aws-jwt-verify/jwt';
import { Refusal } from '../../lib/authorizer-kit/errors';
import type { TokenSettings } from '../../lib/authorizer/settings';
import { decompose } from './decompose';
import { Keys, type Surroundings } from './keys';
import type { PublicKey } from './public-key';
import { Recent } from './recent';

/** A payload whose claims have been verified. */
export type Claims = DecomposedJwt['payload'] & { readonly iss: string; readonly sub: string; readonly exp: number };

/** What is wrong with claims, without what they say. */
const REASONS = [
  [errors.JwtExpiredError, 'the token has expired'],
  [errors.JwtNotBeforeError, 'the token is not valid yet'],
  [errors.JwtInvalidIssuerError, 'the token is of another issuer'],
  [errors.JwtInvalidAudienceError, 'the token is for another audience'],
  [errors.CognitoJwtInvalidClientIdError, 'the token is for another client'],
  [errors.CognitoJwtInvalidTokenUseError, 'the token is for another use: an access token in place of an id token, or the other way round'],
  [errors.JwtInvalidScopeError, 'the token has none of the scopes'],
] as const;

/**
 * Verifies tokens of one issuer, with the rules of aws-jwt-verify.
 *
 * Good ones are remembered while their key is fresh: AWS IoT sends the same token again to refresh a connection, and with
 * each request over HTTPS.
 */
export class TokenVerifier {
  private readonly fields: Parameters<typeof validateJwtFields>[1];
  private readonly userPool: Parameters<typeof validateCognitoJwtFields>[1] | undefined;
  private readonly keys: Keys;
  private readonly recent = new Recent<{ readonly token: string; readonly key: PublicKey; readonly kid: string; readonly claims: Claims }>();

  constructor({ issuer, clockToleranceSeconds }: TokenSettings, private readonly around: Surroundings) {
    this.fields = {
      issuer: issuer.issuer,
      audience: issuer.audience === undefined ? null : [...issuer.audience],
      ...issuer.scopes && { scope: [...issuer.scopes] },
      graceSeconds: clockToleranceSeconds,
    };
    this.userPool = issuer.userPool && { tokenUse: issuer.userPool.tokenUse, clientId: [...issuer.userPool.clientIds] };
    this.keys = new Keys(issuer, around);
  }

  /** Fetches the keys before they are needed. */
  public prepare(): Promise<void> {
    return this.keys.refresh();
  }

  /**
   * The claims of a token that is good; at once where its key is at hand.
   *
   * @throws Refusal for any other.
   */
  public claimsOf(token: string): Claims | Promise<Claims> {
    const known = this.recent.find(token);
    if (known !== undefined && known.claims.exp * 1000 > this.around.now() && this.keys.get(known.kid) === known.key) {
      return known.claims;
    }
    const jwt = decompose(token);
    const kid = jwt.header.kid!;
    const key = this.keys.get(kid);
    return key === undefined ? this.keys.find(kid).then((found) => this.check(token, jwt, found)) : this.check(token, jwt, key);
  }

  private check(token: string, { header, payload, signatureB64 }: DecomposedJwt, key: PublicKey): Claims {
    const alg = header.alg!;
    if (!key.isFor(alg)) {
      throw new Refusal('the token has an algorithm that its key is not for');
    }
    if (!key.verifies(alg, token.slice(0, -signatureB64.length - 1), signatureB64)) {
      throw new Refusal('the signature of the token is not good');
    }
    try {
      validateJwtFields(payload, this.fields);
      if (this.userPool !== undefined) {
        validateCognitoJwtFields(payload, this.userPool);
      }
    } catch (error) {
      throw new Refusal(REASONS.find(([type]) => error instanceof type)?.[1] ?? 'the token is not good');
    }
    const claims = payload as unknown as Claims;
    this.recent.put({ token, key, kid: header.kid!, claims });
    return claims;
  }
}

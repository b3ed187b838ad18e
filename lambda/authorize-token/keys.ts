import { assertIsJwks, type Jwks } from 'aws-jwt-verify/jwk';
import { Refusal } from '../../lib/authorizer-kit/errors';
import { isProtected } from '../../lib/authorizer/issuer-url';
import type { IssuerSettings } from '../../lib/authorizer/settings';
import { PublicKey } from './public-key';

/** How old keys may be before they are looked up again, and how old where that fails. */
const FRESH_MS = 60 * 60 * 1000;
const KEPT_MS = 24 * 60 * 60 * 1000;

/** No more than one look-up in so long, whatever key ids callers make up. */
const PAUSE_MS = 10_000;

/** Of the 5 seconds that AWS IoT waits, for each of two requests. */
const TIME_MS = 1500;

/** What the keys are fetched with. */
export interface Surroundings {
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly fetchJson: (uri: string, timeMs: number) => Promise<unknown>;
}

/** The public keys of an issuer, as fresh as need be. */
export class Keys {
  private keys: ReadonlyMap<string, PublicKey> = new Map();
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  private fetching: Promise<void> | undefined;

  constructor(private readonly issuer: IssuerSettings, private readonly around: Surroundings) {}

  /** A key that is fresh; else `find` it. */
  public get(id: string): PublicKey | undefined {
    return this.around.now() - this.fetchedAt < FRESH_MS ? this.keys.get(id) : undefined;
  }

  /**
   * A key, after it has been looked up. One that was fetched within a day still counts when the issuer cannot be reached.
   *
   * @throws Refusal where there is none.
   */
  public async find(id: string): Promise<PublicKey> {
    await this.refresh();
    if (this.around.now() - this.fetchedAt >= KEPT_MS) {
      throw new Refusal('the keys of the issuer are not at hand, as the log says before');
    }
    const key = this.keys.get(id);
    if (key === undefined) {
      throw new Refusal('the issuer publishes no key with the id that the token names');
    }
    return key;
  }

  /** Fetches the keys, unless that has just been tried. It never fails. */
  public refresh(): Promise<void> {
    if (this.fetching === undefined && this.around.now() - this.triedAt >= PAUSE_MS) {
      this.triedAt = this.around.now();
      this.fetching = this.fetch().finally(() => {
        this.fetching = undefined;
      });
    }
    return this.fetching ?? Promise.resolve();
  }

  private async fetch(): Promise<void> {
    const { issuer, around } = this;
    try {
      const jwks = await around.fetchJson(issuer.jwksUri ?? await this.discover(), TIME_MS) as Jwks;
      assertIsJwks(jwks);
      this.keys = new Map(jwks.keys.flatMap((jwk) => {
        const key = jwk.kid === undefined ? undefined : PublicKey.ofJwk(jwk);
        return key === undefined ? [] : [[jwk.kid!, key]];
      }));
      this.fetchedAt = around.now();
    } catch (error) {
      around.log(JSON.stringify({ level: 'ERROR', message: 'the keys of the issuer cannot be fetched', issuer: issuer.issuer, reason: (error as Error).message }));
    }
  }

  /** @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation */
  private async discover(): Promise<string> {
    const document = await this.around.fetchJson(`${this.issuer.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, TIME_MS);
    const { issuer, jwks_uri: jwksUri } = Object(document) as Readonly<Record<string, unknown>>;
    if (issuer !== this.issuer.issuer) {
      throw new Error('the discovery document is of another issuer');
    }
    if (typeof jwksUri !== 'string' || !isProtected(jwksUri)) {
      throw new Error("the discovery document must have a 'jwks_uri' with https:");
    }
    return jwksUri;
  }
}

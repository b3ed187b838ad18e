import { TwinError } from '../errors';
import type { Clock } from '../clock';
import type { StateFolder } from '../pki/state-folder';
import { Issuer } from './issuer';
import type { Claims } from './issuer';
import { SigningKey } from './signing-key';

/** An issuer for tests. */
export interface OidcIssuerOptions {
  /** How it is called here, and in its path. */
  readonly name: string;

  /**
   * The claim `iss`.
   *
   * @default - the address of its documents on the twin
   */
  readonly issuer?: string;

  /** The claim `aud`. */
  readonly audience: string;
}

/** What to make a token of. */
export interface OidcTokenOptions {
  readonly subject: string;

  /** Claims besides, and in the place of, the usual ones. */
  readonly claims?: Claims;

  /**
   * Seconds; a token that has less than none has expired.
   *
   * @default 3600
   */
  readonly expiresIn?: number;
}

export interface OidcIssuer {
  /** The claim `iss`. */
  readonly issuer: string;
  readonly jwksUri: string;
  issueToken(options: OidcTokenOptions): Promise<string>;
}

/** A path of a document. */
export const OIDC_PREFIX = '/_oidc/';
const DOCUMENT = /^\/_oidc\/([\w.-]{1,64})\/\.well-known\/(jwks\.json|openid-configuration)$/;
const NAME = /^[\w.-]{1,64}$/;
const HOUR = 3600;

/** Issuers of OpenID Connect for tests: providers of identity pools, and whom authorizers believe. */
export class OidcIssuers {
  private readonly issuers = new Map<string, Issuer>();

  constructor(private readonly folder: StateFolder, private readonly clock: Clock, private readonly endpoint: () => string) {}

  /** An issuer by its name, new or as it was; its key stays the same. */
  public open({ name, audience, issuer }: OidcIssuerOptions): OidcIssuer {
    if (!NAME.test(name)) {
      throw new TwinError(`'${name}' cannot be the name of an issuer; use letters, digits, '.', '_' and '-', at most 64`);
    }
    const base = `${this.endpoint()}${OIDC_PREFIX}${name}`;
    const opened = new Issuer(issuer ?? base, new SigningKey(this.folder, `oidc-${name}`), this.clock);
    this.issuers.set(name, opened);
    return {
      issuer: opened.url,
      jwksUri: `${base}/.well-known/jwks.json`,
      issueToken: ({ subject, claims = {}, expiresIn = HOUR }) => opened.sign({ sub: subject, aud: audience, ...claims }, expiresIn),
    };
  }

  /** The issuer with a claim `iss`. */
  public find(url: string): Issuer | undefined {
    return [...this.issuers.values()].find((issuer) => issuer.url === url);
  }

  /** The document at a path. */
  public document(path: string): Promise<object> | object | undefined {
    const [, name = '', document] = DOCUMENT.exec(path) ?? [];
    const issuer = this.issuers.get(name);
    return document === 'jwks.json' ? issuer?.jwks() : issuer?.discovery(`${this.endpoint()}${OIDC_PREFIX}${name}/.well-known/jwks.json`);
  }
}

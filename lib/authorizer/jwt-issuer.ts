import { Stack, Token } from 'aws-cdk-lib';
import type * as cognito from 'aws-cdk-lib/aws-cognito';
import type { IConstruct } from 'constructs';
import { isProtected } from './issuer-url';
import type { IssuerSettings } from './settings';
import { invalid, quote } from '../private/errors';

/** What the tokens of a user pool are for. */
export enum TokenUse {
  /** Says who the user is, with the attributes of the user. */
  ID = 'id',
  /** Says what the user may do, with scopes and groups, and without attributes. */
  ACCESS = 'access',
}

/** Options for the tokens of a user pool. */
export interface UserPoolTokenOptions {
  /**
   * Which of its tokens are good.
   *
   * @default TokenUse.ID
   */
  readonly tokenUse?: TokenUse;
}

/** An OpenID Connect issuer. */
export interface OidcIssuerProps {
  /** The issuer, exactly as in the claim `iss`: `https://…`, or `http://` on the own computer for tests. */
  readonly issuer: string;

  /** Whom tokens must be for, in the claim `aud`: one of these. Otherwise a token for any other app would be good here. */
  readonly audience: string[];

  /**
   * Where the issuer has its public keys: `https://…`.
   *
   * @default - where its discovery document says, which is fetched first
   */
  readonly jwksUri?: string;

  /**
   * Scopes of which tokens must have one.
   *
   * @default - none
   */
  readonly scopes?: string[];
}

/** Whose tokens a `JwtAuthorizer` takes. */
export class JwtIssuer {
  /** An Amazon Cognito user pool, for tokens of these of its clients. */
  public static userPool(userPool: cognito.IUserPool, clients: cognito.IUserPoolClient[], options: UserPoolTokenOptions = {}): JwtIssuer {
    return new JwtIssuer((scope) => {
      if (clients.length === 0) {
        throw invalid(scope, "'clients' must have a client; tokens of any other app would be good otherwise");
      }
      // Built from the parts: `userPoolProviderUrl` is not there for imported pools.
      const { region } = userPool.env;
      const issuer = `https://cognito-idp.${region}.${Stack.of(scope).urlSuffix}/${userPool.userPoolId}`;
      return {
        issuer,
        jwksUri: `${issuer}/.well-known/jwks.json`,
        userPool: { id: userPool.userPoolId, tokenUse: options.tokenUse ?? TokenUse.ID, clientIds: clients.map(({ userPoolClientId }) => userPoolClientId) },
      };
    }, userPool);
  }

  /** Any OpenID Connect issuer that signs with RS256, RS384, RS512, ES256, ES384, ES512 or EdDSA. */
  public static oidc(props: OidcIssuerProps): JwtIssuer {
    return new JwtIssuer((scope) => {
      requireHttps(scope, 'issuer', props.issuer);
      requireNoDocument(scope, props.issuer);
      requireHttps(scope, 'jwksUri', props.jwksUri);
      if (props.audience.length === 0) {
        throw invalid(scope, "'audience' must have a value; tokens for any other app would be good otherwise");
      }
      const { issuer, jwksUri, audience, scopes } = props;
      return { issuer, jwksUri, audience, scopes };
    });
  }

  private constructor(
    /** @internal */ public readonly _render: (scope: IConstruct) => IssuerSettings,
    /** @internal */ public readonly _userPool?: cognito.IUserPool,
  ) {}
}

/** The path that OpenID Connect puts behind an issuer. Tokens of that issuer would not name it. */
const DISCOVERY = '/.well-known/openid-configuration';

function requireNoDocument(scope: IConstruct, issuer: string): void {
  if (!Token.isUnresolved(issuer) && (issuer.endsWith(DISCOVERY) || /[?#]/.test(issuer))) {
    throw invalid(scope, `'issuer' must be as in the claim 'iss' of its tokens, without ${DISCOVERY}, "?" and "#", got ${quote(issuer)}`);
  }
}

function requireHttps(scope: IConstruct, prop: string, url: string | undefined): void {
  if (url !== undefined && !Token.isUnresolved(url) && !isProtected(url)) {
    throw invalid(scope, `'${prop}' must be a URL that begins with https://, got ${quote(url)}`);
  }
}

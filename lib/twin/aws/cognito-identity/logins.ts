import { TokenError } from '../../issuer';
import type { Claims, Issuer, OidcIssuers } from '../../issuer';
import type { UserPools } from '../cognito-idp/user-pools';
import type { Input } from '../json-service';
import { ServiceError } from '../service';
import type { IdentityPool } from './identity-pools';

/** https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html */
const MAX_LOGINS = 10;

/** A login whose token is good for a pool. */
export interface Login {
  /** As an identity pool calls it: the issuer without `https://`. */
  readonly provider: string;

  /** What role mappings call it. */
  readonly mappedAs: string;
  readonly sub: string;
  readonly claims: Claims;

  /** How the session says that somebody logged in so. */
  readonly amr: string;
}

/** Who may log in, and by which token. */
export class Logins {
  constructor(private readonly userPools: UserPools, private readonly issuers: OidcIssuers) {}

  /**
   * The logins of a request.
   *
   * @throws ServiceError in the words of Amazon Cognito where a token is not good for the pool.
   */
  public async read(pool: IdentityPool, input: Input): Promise<readonly Login[]> {
    const given = Object.entries(Object(input.Logins ?? {}) as Readonly<Record<string, unknown>>);
    if (given.length > MAX_LOGINS) {
      throw new ServiceError('InvalidParameterException', `'Logins' may have at most ${MAX_LOGINS} entries`);
    }
    const logins: Login[] = [];
    for (const [provider, token] of given) {
      if (typeof token !== 'string') {
        throw new ServiceError('InvalidParameterException', "'Logins' must be tokens by provider");
      }
      logins.push(await this.login(pool, provider, token));
    }
    return logins;
  }

  private login(pool: IdentityPool, provider: string, token: string): Promise<Login> {
    const clients = pool.clients.filter((client) => client.provider === provider);
    const known = pool.issuers.find((issuer) => issuer.provider === provider);
    return clients.length > 0 ? this.ofUserPool(clients, provider, token) : known !== undefined ? this.ofIssuer(known, token) : refuse(UNSUPPORTED);
  }

  private async ofUserPool(clients: IdentityPool['clients'], provider: string, token: string): Promise<Login> {
    const userPool = this.userPools.byProvider(provider) ?? refuse(`the assembly declares no user pool ${provider}, so the twin cannot verify its tokens`);
    const claims = await verified(this.userPools.issuer(userPool), token);
    const { sub = '', aud, token_use: use } = claims;
    // Access tokens have no audience.
    if (aud === undefined) {
      return refuse('Invalid login token. Missing a required claim: aud');
    }
    const client = clients.find(({ clientId }) => clientId === aud);
    if (client === undefined || use !== 'id') {
      return refuse(UNSUPPORTED);
    }
    if (client.checksUser && this.userPools.users(userPool).find(sub)?.enabled !== true) {
      return refuse('Invalid login token. User does not exist or is disabled.');
    }
    return { provider, mappedAs: `${provider}:${client.clientId}`, sub, claims, amr: `${provider}:CognitoSignIn:${sub}` };
  }

  private async ofIssuer({ provider, url, audiences }: IdentityPool['issuers'][number], token: string): Promise<Login> {
    const issuer = this.issuers.find(url) ?? refuse(`no issuer ${url} is open on the twin, so it cannot verify its tokens`);
    const claims = await verified(issuer, token);
    const { sub = '', aud } = claims;
    if (![aud ?? []].flat().some((one) => audiences.includes(one))) {
      return refuse('Invalid login token. Incorrect token audience.');
    }
    // AWS documents the form for user pools only.
    return { provider, mappedAs: provider, sub, claims, amr: `${provider}:OIDC:${sub}` };
  }
}

const UNSUPPORTED = 'Token is not from a supported provider of this identity pool.';

async function verified(issuer: Issuer, token: string): ReturnType<Issuer['verify']> {
  try {
    return await issuer.verify(token);
  } catch (error) {
    if (error instanceof TokenError) {
      refuse(`Invalid login token. ${error.message}.`);
    }
    throw error;
  }
}

function refuse(message: string): never {
  throw new ServiceError('NotAuthorizedException', message);
}

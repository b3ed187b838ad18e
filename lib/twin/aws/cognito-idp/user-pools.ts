import { randomUUID } from 'node:crypto';
import { TwinError } from '../../errors';
import { Issuer, SigningKey } from '../../issuer';
import type { Claims } from '../../issuer';
import { StateFile } from '../state-file';
import type { Surroundings } from '../surroundings';
import { Pools } from './pools';
import type { UserPool, UserPoolClient } from './pools';
import { Tokens, issuerUrl } from './tokens';
import { Users } from './users';
import type { User, UserFile } from './users';

/** What to make a token of. */
export interface TokenOptions {
  /**
   * The id of the user pool, or its logical id in the template.
   *
   * @default - the one there is
   */
  readonly userPool?: string;

  /**
   * The id of the app client, or its logical id in the template.
   *
   * @default - the one there is
   */
  readonly client?: string;

  /** A user of the pool, who is added to it if need be. */
  readonly username: string;

  /** Claims besides, and in the place of, the usual ones. */
  readonly claims?: Claims;

  /** @default 'id' */
  readonly tokenUse?: 'id' | 'access';

  /**
   * Seconds; a token that has less than none has expired.
   *
   * @default 3600
   */
  readonly expiresIn?: number;
}

const HOUR = 3600;

/** The user pools of the deployment with what they keep: users, and the keys that they sign with. */
export class UserPools {
  public readonly pools: Pools;
  public readonly tokens: Tokens;
  private readonly files = new Map<string, UserFile>();
  private readonly issuers = new Map<string, Issuer>();

  constructor(private readonly around: Surroundings) {
    this.pools = new Pools(around);
    this.tokens = new Tokens(this.pools, around.clock);
  }

  public users(pool: UserPool): Users {
    const { folder, clock } = this.around;
    const file = this.files.get(pool.id) ?? new StateFile<Readonly<Record<string, User>>>(folder, `user-pool-${pool.id}`, {});
    this.files.set(pool.id, file);
    return new Users(file, clock, pool);
  }

  public issuer(pool: UserPool): Issuer {
    const { folder, clock } = this.around;
    const issuer = this.issuers.get(pool.id) ?? new Issuer(issuerUrl(pool), new SigningKey(folder, `user-pool-${pool.id}`), clock);
    this.issuers.set(pool.id, issuer);
    return issuer;
  }

  /** The pool that identity pools call so. */
  public byProvider(provider: string): UserPool | undefined {
    return this.pools.all().find((pool) => pool.provider === provider);
  }

  /**
   * A token for tests, signed as those of users who sign in are.
   *
   * @throws TwinError for a pool or client that is not there, or where there are several to choose from.
   */
  public async issueToken({ userPool, client, username, claims = {}, tokenUse = 'id', expiresIn = HOUR }: TokenOptions): Promise<string> {
    const pool = choose('userPool', 'user pool', userPool, this.pools.all());
    const app = choose<UserPoolClient>('client', 'app client', client, this.pools.clients().filter(({ poolId }) => poolId === pool.id));
    const users = this.users(pool);
    const user = users.find(username) ?? users.create(username, {});
    const now = Math.floor(this.around.clock.now() / 1000);
    const usual = this.tokens.claims(app, user, tokenUse, { authTime: now, originJti: randomUUID() });
    return this.issuer(pool).sign({ ...usual, ...claims }, expiresIn);
  }

  /** The document of a pool's issuer at a path. */
  public document(path: string): Promise<object> | object | undefined {
    const [, poolId = '', document] = /^\/([\w-]+)\/\.well-known\/(jwks\.json|openid-configuration)$/.exec(path) ?? [];
    const pool = this.pools.find(poolId);
    if (pool === undefined) {
      return undefined;
    }
    return document === 'jwks.json' ? this.issuer(pool).jwks() : this.issuer(pool).discovery(`${issuerUrl(pool)}/.well-known/jwks.json`);
  }
}

function choose<T extends { readonly id: string; readonly logicalId: string }>(option: string, what: string, wanted: string | undefined, all: readonly T[]): T {
  const fitting = all.filter(({ id, logicalId }) => wanted === undefined || [id, logicalId].includes(wanted));
  const names = all.map(({ logicalId }) => logicalId).join(', ');
  if (fitting.length !== 1) {
    throw new TwinError(all.length === 0 ? `the deployment has no ${what} to issue a token for`
      : wanted === undefined ? `the deployment has several ${what}s; name one of ${names} as '${option}'` : `'${wanted}' is no ${what} of the deployment; there are ${names}`);
  }
  return fitting[0]!;
}

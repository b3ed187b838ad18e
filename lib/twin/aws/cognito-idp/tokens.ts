import { numberAt, textAt, textsAt } from '../../../deployment';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../clock';
import type { Claims, Issuer } from '../../issuer';
import { ServiceError } from '../service';
import type { Pools, UserPool, UserPoolClient } from './pools';
import type { RefreshToken, User, Users } from './users';

const SECONDS: Readonly<Record<string, number>> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };

/** How many devices a user may stay signed in on. */
const MAX_REFRESH_TOKENS = 10;

/** Tokens as Amazon Cognito answers them. */
export interface AuthenticationResult {
  readonly AccessToken: string;
  readonly IdToken: string;
  readonly RefreshToken?: string;
  readonly ExpiresIn: number;
  readonly TokenType: 'Bearer';
}

/** One time that a user signed in. */
type SignIn = Pick<RefreshToken, 'authTime' | 'originJti'>;

/** @see https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html */
export class Tokens {
  constructor(private readonly pools: Pools, private readonly clock: Clock) {}

  /** The tokens of a user who has just signed in. */
  public async signIn(issuer: Issuer, users: Users, client: UserPoolClient, user: User): Promise<AuthenticationResult> {
    const now = this.clock.now();
    const signIn: SignIn = { authTime: Math.floor(now / 1000), originJti: randomUUID() };
    const token = randomBytes(48).toString('base64url');
    const lifetime = lifetimeOf(client, 'RefreshToken', 30, 'days');
    const kept = Object.entries(user.refreshTokens).filter(([, { expires }]) => expires > now).slice(1 - MAX_REFRESH_TOKENS);
    users.change(user, { refreshTokens: Object.fromEntries([...kept, [digest(token), { ...signIn, clientId: client.id, expires: now + 1000 * lifetime }]]) });
    return { ...await this.issue(issuer, client, user, signIn), RefreshToken: token };
  }

  /** Whom a token was given to at sign-in. */
  public holderOf(users: Users, token: string): User | undefined {
    const key = digest(token);
    return users.all().find(({ refreshTokens }) => Object.hasOwn(refreshTokens, key));
  }

  /** New tokens for one that was given at sign-in. */
  public async refresh(issuer: Issuer, client: UserPoolClient, user: User | undefined, token: string): Promise<AuthenticationResult> {
    const found = user?.refreshTokens[digest(token)];
    if (user === undefined || found === undefined || found.clientId !== client.id) {
      throw new ServiceError('NotAuthorizedException', 'Invalid Refresh Token');
    }
    if (found.expires <= this.clock.now()) {
      throw new ServiceError('NotAuthorizedException', 'Refresh Token has expired');
    }
    if (!user.enabled) {
      throw new ServiceError('NotAuthorizedException', 'User is disabled.');
    }
    return this.issue(issuer, client, user, found);
  }

  /** The claims of a user's token, without its times. */
  public claims(client: UserPoolClient, user: User, use: 'id' | 'access', { authTime, originJti }: SignIn): Claims {
    const groups = this.pools.groups(client.poolId).filter(({ name }) => user.groups.includes(name) || this.pools.declaredGroupsOf(client.poolId, user.username).includes(name));
    const names = groups.map(({ name }) => name);
    const common = {
      sub: user.sub, ...names.length > 0 && { 'cognito:groups': names }, origin_jti: originJti, event_id: randomUUID(), jti: randomUUID(), auth_time: authTime, token_use: use,
    };
    if (use === 'access') {
      return { ...common, client_id: client.id, scope: 'aws.cognito.signin.user.admin', username: user.username };
    }
    const [first, second] = groups.filter(({ roleArn }) => roleArn !== undefined).sort((a, b) => a.precedence - b.precedence);
    const roles = groups.flatMap(({ roleArn }) => roleArn ?? []);
    const readable = textsAt(client.properties, 'ReadAttributes');
    const attributes = Object.entries(user.attributes).filter(([name]) => readable.length === 0 || readable.includes(name));
    return {
      ...Object.fromEntries(attributes.map(([name, value]) => [name, name.endsWith('_verified') ? value === 'true' : value])),
      ...common,
      aud: client.id,
      'cognito:username': user.username,
      ...roles.length > 0 && { 'cognito:roles': roles },
      // Of two that count alike, neither is preferred.
      ...first !== undefined && first.precedence !== second?.precedence && { 'cognito:preferred_role': first.roleArn },
    };
  }

  private async issue(issuer: Issuer, client: UserPoolClient, user: User, signIn: SignIn): Promise<AuthenticationResult> {
    const lifetime = lifetimeOf(client, 'AccessToken', 1, 'hours');
    return {
      AccessToken: await issuer.sign(this.claims(client, user, 'access', signIn), lifetime),
      IdToken: await issuer.sign(this.claims(client, user, 'id', signIn), lifetimeOf(client, 'IdToken', 1, 'hours')),
      ExpiresIn: lifetime,
      TokenType: 'Bearer',
    };
  }
}

export function issuerUrl({ provider }: UserPool): string {
  return `https://${provider}`;
}

/** In seconds. */
function lifetimeOf({ properties }: UserPoolClient, token: 'AccessToken' | 'IdToken' | 'RefreshToken', usual: number, unit: string): number {
  return (numberAt(properties, `${token}Validity`) ?? usual) * (SECONDS[textAt(properties, 'TokenValidityUnits', token) ?? unit] ?? SECONDS[unit]!);
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

import { flagAt, textAt, textsAt } from '../../../deployment';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ServiceError } from '../service';
import { StateFile } from '../state-file';
import type { Surroundings } from '../surroundings';
import { Attempts, checkPassword, hashPassword, isPassword } from './passwords';
import type { UserPool, UserPoolClient } from './pools';
import type { UserPools } from './user-pools';
import type { User } from './users';

export type Parameters = Readonly<Record<string, string>>;

/** How a flow is called, and what a client must allow for it. */
const FLOWS: Readonly<Record<string, { readonly kind: 'password' | 'refresh'; readonly byAdmin?: true; readonly allowed: readonly string[] }>> = {
  USER_PASSWORD_AUTH: { kind: 'password', allowed: ['ALLOW_USER_PASSWORD_AUTH', 'USER_PASSWORD_AUTH'] },
  ADMIN_USER_PASSWORD_AUTH: { kind: 'password', byAdmin: true, allowed: ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH'] },
  ADMIN_NO_SRP_AUTH: { kind: 'password', byAdmin: true, allowed: ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH'] },
  // A client that names flows in the old way has this one as well.
  REFRESH_TOKEN_AUTH: { kind: 'refresh', allowed: ['ALLOW_REFRESH_TOKEN_AUTH', 'USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH', 'CUSTOM_AUTH_FLOW_ONLY'] },
  REFRESH_TOKEN: { kind: 'refresh', allowed: ['ALLOW_REFRESH_TOKEN_AUTH', 'USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH', 'CUSTOM_AUTH_FLOW_ONLY'] },
};

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpoolclient.html */
const DEFAULT_FLOWS = ['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH'];

const NEW_PASSWORD_REQUIRED = 'NEW_PASSWORD_REQUIRED';
const CHALLENGE_MS = 3 * 60_000;
const MAX_CHALLENGES = 1000;

interface Challenge {
  readonly clientId: string;
  readonly sub: string;
  readonly expires: number;
}

/** How users sign in. */
export class SignIn {
  private readonly attempts: Attempts;
  private readonly challenges = new Map<string, Challenge>();
  private readonly secrets: StateFile<Parameters>;

  constructor(private readonly around: Surroundings, private readonly userPools: UserPools) {
    this.attempts = new Attempts(() => around.clock.now());
    this.secrets = new StateFile(around.folder, 'user-pool-client-secrets', {});
  }

  /** The secret of a client, if it has one. */
  public secretOf({ id, properties }: UserPoolClient): string | undefined {
    if (!flagAt(properties, 'GenerateSecret')) {
      return undefined;
    }
    const known = this.secrets.read();
    return known[id] ?? this.secrets.write({ ...known, [id]: randomBytes(39).toString('base64url').toLowerCase() })[id];
  }

  public async start(client: UserPoolClient, flow: string, parameters: Parameters, byAdmin: boolean): Promise<object> {
    const { kind, allowed, byAdmin: forAdmin = false } = Object.hasOwn(FLOWS, flow) ? FLOWS[flow]! : unknownFlow(flow);
    const flows = textsAt(client.properties, 'ExplicitAuthFlows');
    if (kind === 'password' && forAdmin !== byAdmin || !(flows.length === 0 ? DEFAULT_FLOWS : flows).some((name) => allowed.includes(name))) {
      throw new ServiceError('InvalidParameterException', `${flow} flow not enabled for this client`);
    }
    const pool = this.userPools.pools.pool(client.poolId);
    const users = this.userPools.users(pool);
    if (kind === 'refresh') {
      const token = needed(parameters, 'REFRESH_TOKEN');
      const user = this.userPools.tokens.holderOf(users, token);
      this.checkSecret(client, parameters, user === undefined ? [] : [user.username, user.sub]);
      return { AuthenticationResult: await this.userPools.tokens.refresh(this.userPools.issuer(pool), client, user, token), ChallengeParameters: {} };
    }
    const name = needed(parameters, 'USERNAME');
    const password = needed(parameters, 'PASSWORD');
    this.checkSecret(client, parameters, [name]);
    const key = `${pool.id} ${users.find(name)?.sub ?? name.toLowerCase().slice(0, 200)}`;
    this.attempts.check(key);
    const isRight = await isPassword(password, users.find(name)?.password);
    this.attempts.count(key, isRight);
    const user = users.find(name);
    if (user === undefined && textAt(client.properties, 'PreventUserExistenceErrors') !== 'ENABLED') {
      throw new ServiceError('UserNotFoundException', 'User does not exist.');
    }
    if (user === undefined || !isRight) {
      throw new ServiceError('NotAuthorizedException', 'Incorrect username or password.');
    }
    if (!user.enabled) {
      throw new ServiceError('NotAuthorizedException', 'User is disabled.');
    }
    return user.status === 'FORCE_CHANGE_PASSWORD' ? this.challenge(client, user) : this.finish(pool, client, user);
  }

  /** A user who signs in with a password that somebody else chose chooses another. */
  public async respond(client: UserPoolClient, name: string, session: string, parameters: Parameters): Promise<object> {
    const challenge = this.challenges.get(session);
    if (name !== NEW_PASSWORD_REQUIRED || challenge === undefined || challenge.clientId !== client.id || challenge.expires <= this.around.clock.now()) {
      throw new ServiceError('NotAuthorizedException', 'Invalid session for the user, session is expired.');
    }
    const pool = this.userPools.pools.pool(client.poolId);
    const users = this.userPools.users(pool);
    const user = users.get(challenge.sub);
    this.checkSecret(client, parameters, [user.username, needed(parameters, 'USERNAME')]);
    if (users.find(needed(parameters, 'USERNAME'))?.sub !== user.sub) {
      throw new ServiceError('NotAuthorizedException', 'Invalid session for the user.');
    }
    const password = needed(parameters, 'NEW_PASSWORD');
    checkPassword(pool, password);
    this.challenges.delete(session);
    const hash = await hashPassword(password);
    const attributes = Object.entries(parameters).flatMap(([key, value]) => (key.startsWith('userAttributes.') ? [[key.slice('userAttributes.'.length), value]] : []));
    const changed = users.change(users.changeAttributes(user, Object.fromEntries(attributes) as Parameters), { password: hash, status: 'CONFIRMED' });
    if (!changed.enabled) {
      throw new ServiceError('NotAuthorizedException', 'User is disabled.');
    }
    return this.finish(pool, client, changed);
  }

  private async finish(pool: UserPool, client: UserPoolClient, user: User): Promise<object> {
    return { AuthenticationResult: await this.userPools.tokens.signIn(this.userPools.issuer(pool), this.userPools.users(pool), client, user), ChallengeParameters: {} };
  }

  private challenge({ id }: UserPoolClient, { sub, username, attributes }: User): object {
    const session = randomBytes(48).toString('base64url');
    this.challenges.set(session, { clientId: id, sub, expires: this.around.clock.now() + CHALLENGE_MS });
    const [oldest = ''] = this.challenges.keys();
    if (this.challenges.size > MAX_CHALLENGES) {
      this.challenges.delete(oldest);
    }
    return {
      ChallengeName: NEW_PASSWORD_REQUIRED,
      Session: session,
      ChallengeParameters: { USER_ID_FOR_SRP: username, requiredAttributes: '[]', userAttributes: JSON.stringify(attributes) },
    };
  }

  /**
   * A client with a secret proves that it has it.
   *
   * @see https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
   */
  private checkSecret(client: UserPoolClient, { SECRET_HASH: given }: Parameters, names: readonly string[]): void {
    const secret = this.secretOf(client);
    if (secret === undefined) {
      return;
    }
    if (given === undefined) {
      throw new ServiceError('NotAuthorizedException', `Client ${client.id} is configured with secret but SECRET_HASH was not received`);
    }
    const isRight = names.some((name) => {
      const expected = createHmac('sha256', secret).update(name + client.id).digest();
      const actual = Buffer.from(given, 'base64');
      return actual.length === expected.length && timingSafeEqual(actual, expected);
    });
    if (!isRight) {
      throw new ServiceError('NotAuthorizedException', `Unable to verify secret hash for client ${client.id}`);
    }
  }
}

function needed(parameters: Parameters, name: string): string {
  return parameters[name] ?? missingParameter(name);
}

function missingParameter(name: string): never {
  throw new ServiceError('InvalidParameterException', `Missing required parameter ${name}`);
}

function unknownFlow(flow: string): never {
  throw new ServiceError('InvalidParameterException', `the twin does not serve the flow ${flow.replace(/\W+/g, '?').slice(0, 50)}; it serves ${Object.keys(FLOWS).join(', ')}`);
}

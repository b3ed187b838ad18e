import { textAt } from '../../../deployment';
import type { JWTPayload } from 'jose' with { 'resolution-mode': 'import' };
import { randomBytes } from 'node:crypto';
import type { AccountScope } from '../../../policy';
import { TokenError } from '../../issuer';
import { flag, optionalText, pageSize, text, texts } from '../input';
import { jsonService } from '../json-service';
import type { Input, Operations } from '../json-service';
import { each, FREE } from '../permissions';
import type { Permissions } from '../permissions';
import { ServiceError } from '../service';
import type { Service } from '../service';
import type { Surroundings } from '../surroundings';
import { checkPassword, hashPassword } from './passwords';
import type { UserPool } from './pools';
import { SignIn } from './sign-in';
import type { Parameters } from './sign-in';
import type { UserPools } from './user-pools';
import type { Attributes, User, Users } from './users';

const MAX_PAGE = 60;

/** Calls that prove who they are for by a password or a token. */
const UNSIGNED = new Set(['InitiateAuth', 'RespondToAuthChallenge', 'GetUser', 'DeleteUser']);

/** What an admin's call is about. */
interface Target {
  readonly pool: UserPool;
  readonly users: Users;
}

/**
 * Calls without a signature take no permission, the others the action of their name on the pool.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html
 */
function permissionsOf(operations: Operations, { partition, region, accountId }: AccountScope): Permissions {
  const admin = Object.keys(operations).filter((operation) => !UNSIGNED.has(operation));
  return { ...each([...UNSIGNED], FREE), ...each(admin, { on: (input) => [`arn:${partition}:cognito-idp:${region}:${accountId}:userpool/${text(input, 'UserPoolId')}`] }) };
}

/** Amazon Cognito user pools that the deployment declares. */
export function cognitoIdpService(around: Surroundings, userPools: UserPools): Service {
  const { pools } = userPools;
  const signIn = new SignIn(around, userPools);

  /** A call about a pool. */
  function admin(operation: string, run: (target: Target, input: Input) => object | Promise<object>): Operations {
    return {
      [operation]: (input: Input) => {
        const pool = pools.pool(text(input, 'UserPoolId'));
        return run({ pool, users: userPools.users(pool) }, input);
      },
    };
  }

  /** A call about a user. */
  function aboutUser(operation: string, run: (user: User, target: Target, input: Input) => object | Promise<object>): Operations {
    return admin(operation, (target, input) => run(target.users.get(text(input, 'Username')), target, input));
  }

  /** Whose access token it is. */
  async function holder(input: Input): Promise<Target & { readonly user: User }> {
    const token = text(input, 'AccessToken');
    for (const pool of pools.all()) {
      const claims = await believed(() => userPools.issuer(pool).verify(token));
      const users = userPools.users(pool);
      const user = claims?.token_use === 'access' ? users.find(claims.sub!) : undefined;
      if (user?.enabled === true) {
        return { pool, users, user };
      }
    }
    throw new ServiceError('NotAuthorizedException', 'Invalid Access Token');
  }

  const operations: Operations = {
    ...admin('AdminCreateUser', async ({ pool, users }, input) => {
      const password = optionalText(input, 'TemporaryPassword') ?? `${randomBytes(18).toString('base64url')}aA1!`;
      checkPassword(pool, password);
      const name = text(input, 'Username');
      const hash = await hashPassword(password);
      return { User: describe(users.create(name, attributesIn(input), hash), 'Attributes') };
    }),
    ...aboutUser('AdminSetUserPassword', async (user, { pool, users }, input) => {
      const password = text(input, 'Password');
      checkPassword(pool, password);
      users.change(user, { password: await hashPassword(password), status: flag(input, 'Permanent') ? 'CONFIRMED' : 'FORCE_CHANGE_PASSWORD' });
      return {};
    }),
    ...aboutUser('AdminGetUser', (user) => describe(user, 'UserAttributes')),
    ...aboutUser('AdminDeleteUser', (user, { users }) => {
      users.remove(user);
      return {};
    }),
    ...aboutUser('AdminDisableUser', (user, { users }) => {
      users.change(user, { enabled: false });
      return {};
    }),
    ...aboutUser('AdminEnableUser', (user, { users }) => {
      users.change(user, { enabled: true });
      return {};
    }),
    ...aboutUser('AdminUpdateUserAttributes', (user, { users }, input) => {
      users.changeAttributes(user, attributesIn(input));
      return {};
    }),
    ...aboutUser('AdminAddUserToGroup', (user, { pool, users }, input) => {
      users.change(user, { groups: [...new Set([...user.groups, groupIn(pool, input)])] });
      return {};
    }),
    ...aboutUser('AdminRemoveUserFromGroup', (user, { pool, users }, input) => {
      const group = groupIn(pool, input);
      users.change(user, { groups: user.groups.filter((name) => name !== group) });
      return {};
    }),
    ...admin('ListUsers', ({ users }, input) => {
      const limit = pageSize(input, 'Limit', MAX_PAGE);
      const after = optionalText(input, 'PaginationToken');
      const wanted = input.AttributesToGet === undefined ? undefined : texts(input, 'AttributesToGet');
      const found = users.all().filter(filterOf(optionalText(input, 'Filter') ?? '')).sort((a, b) => (a.username < b.username ? -1 : 1)).filter(({ username }) => after === undefined || username > after);
      const page = found.slice(0, limit);
      return { Users: page.map((user) => describe(user, 'Attributes', wanted)), ...found.length > limit && { PaginationToken: page.at(-1)?.username } };
    }),
    ...admin('DescribeUserPoolClient', ({ pool }, input) => {
      const client = pools.client(text(input, 'ClientId'), pool.id);
      return { UserPoolClient: { UserPoolId: pool.id, ClientId: client.id, ClientName: textAt(client.properties, 'ClientName') ?? client.logicalId, ClientSecret: signIn.secretOf(client) } };
    }),
    ...admin('AdminInitiateAuth', ({ pool }, input) => signIn.start(pools.client(text(input, 'ClientId'), pool.id), text(input, 'AuthFlow'), parametersIn(input, 'AuthParameters'), true)),
    ...admin('AdminRespondToAuthChallenge', ({ pool }, input) => (
      signIn.respond(pools.client(text(input, 'ClientId'), pool.id), text(input, 'ChallengeName'), text(input, 'Session'), parametersIn(input, 'ChallengeResponses'))
    )),
    InitiateAuth: (input) => signIn.start(pools.client(text(input, 'ClientId')), text(input, 'AuthFlow'), parametersIn(input, 'AuthParameters'), false),
    RespondToAuthChallenge: (input) => signIn.respond(pools.client(text(input, 'ClientId')), text(input, 'ChallengeName'), text(input, 'Session'), parametersIn(input, 'ChallengeResponses')),
    GetUser: async (input) => {
      const { user } = await holder(input);
      return { Username: user.username, UserAttributes: attributeList(user) };
    },
    DeleteUser: async (input) => {
      const { users, user } = await holder(input);
      users.remove(user);
      return {};
    },
  };
  return jsonService('cognito-idp', 'Amazon Cognito user pools', operations, permissionsOf(operations, around.scope), { unsigned: { target: 'AWSCognitoIdentityProviderService', operations: UNSIGNED } });

  function groupIn({ id }: UserPool, input: Input): string {
    const name = text(input, 'GroupName');
    if (!pools.groups(id).some((group) => group.name === name)) {
      throw new ServiceError('ResourceNotFoundException', 'Group not found.');
    }
    return name;
  }
}

async function believed(verify: () => Promise<JWTPayload>): Promise<JWTPayload | undefined> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof TokenError) {
      return undefined;
    }
    throw error;
  }
}

function describe(user: User, attributes: 'Attributes' | 'UserAttributes', wanted?: readonly string[]): object {
  return {
    Username: user.username,
    [attributes]: attributeList(user).filter(({ Name }) => wanted?.includes(Name) ?? true),
    UserCreateDate: user.created / 1000,
    UserLastModifiedDate: user.modified / 1000,
    Enabled: user.enabled,
    UserStatus: user.status,
  };
}

function attributeList({ sub, attributes }: User): readonly { readonly Name: string; readonly Value: string }[] {
  return Object.entries({ sub, ...attributes }).map(([Name, Value]) => ({ Name, Value }));
}

function attributesIn(input: Input): Attributes {
  const list = input.UserAttributes ?? [];
  if (!Array.isArray(list)) {
    throw new ServiceError('InvalidParameterException', "'UserAttributes' must be a list of { Name, Value }");
  }
  return Object.fromEntries(list.map((attribute) => [text(Object(attribute) as Input, 'Name'), optionalText(Object(attribute) as Input, 'Value') ?? '']));
}

function parametersIn(input: Input, name: string): Parameters {
  const given = Object.entries(Object(input[name] ?? {}) as object);
  const wrong = given.find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined) {
    throw new ServiceError('InvalidParameterException', `'${name}' must be texts by name`);
  }
  return Object.fromEntries(given);
}

/**
 * What `Filter` asks for.
 *
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-manage-user-accounts.html
 */
function filterOf(filter: string): (user: User) => boolean {
  if (filter === '') {
    return () => true;
  }
  const [, name, operator, quoted] = /^\s*"?(username|sub|email|phone_number|name|given_name|family_name|preferred_username|cognito:user_status|status)"?\s*(\^?=)\s*"((?:[^"\\]|\\["\\]){0,256})"\s*$/.exec(filter) ?? [];
  if (name === undefined || quoted === undefined) {
    throw new ServiceError('InvalidParameterException', 'Error while parsing filter. The twin takes one condition such as sub = "…" or email ^= "…"');
  }
  const wanted = quoted.replace(/\\(.)/g, '$1');
  return (user) => {
    const values: Attributes = { ...user.attributes, username: user.username, sub: user.sub, 'cognito:user_status': user.status, status: user.enabled ? 'Enabled' : 'Disabled' };
    return operator === '=' ? values[name] === wanted : values[name]?.startsWith(wanted) === true;
  };
}

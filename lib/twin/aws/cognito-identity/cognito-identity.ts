import { UNKNOWN_VALUE } from '../../../policy';
import type { KnownKeys, RolePermissions } from '../../iam';
import type { Claims } from '../../issuer';
import type { RoleSession } from '../access-keys';
import { flag, optionalText, pageSize, text, texts } from '../input';
import { jsonService } from '../json-service';
import type { Input } from '../json-service';
import { each, FREE, requestTags } from '../permissions';
import type { Permissions } from '../permissions';
import { ServiceError } from '../service';
import type { Service } from '../service';
import type { Surroundings } from '../surroundings';
import { HourlyLimit } from './hourly-limit';
import { Identities } from './identities';
import type { Identity } from './identities';
import { IdentityPools } from './identity-pools';
import type { IdentityPool } from './identity-pools';
import type { Login, Logins } from './logins';
import { misconfigured, roleFor } from './roles';

/** Credentials of the enhanced flow last an hour. */
const SESSION_MS = 3_600_000;

/** More than tests and people need. */
const MAX_SESSIONS_PER_HOUR = 20_000;

/** What AWS STS takes as a tag. */
const MAX_TAG_LENGTH = 256;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

const PROVIDER = 'cognito-identity.amazonaws.com';
const MAX_PAGE = 60;

/** Calls that prove who they are for by the token of a login, or are for guests. */
const UNSIGNED = new Set(['GetId', 'GetCredentialsForIdentity', 'GetOpenIdToken']);

/** Amazon Cognito identity pools that the deployment declares. */
export function cognitoIdentityService(around: Surroundings, logins: Logins, roles: RolePermissions): Service {
  const pools = new IdentityPools(around);
  const identities = new Identities(around);
  const limit = new HourlyLimit(MAX_SESSIONS_PER_HOUR, () => around.clock.now());

  /** The identity of a call, and how its owner has logged in; nobody else may have it. */
  async function owned(input: Input): Promise<{ readonly pool: IdentityPool; readonly identity: Identity; readonly given: readonly Login[] }> {
    const identity = identities.get(text(input, 'IdentityId'));
    const pool = pools.get(identity.poolId);
    const given = await logins.read(pool, input);
    const isGuest = Object.keys(identity.logins).length === 0;
    if (given.length === 0 && !isGuest) {
      throw new ServiceError('NotAuthorizedException', `Access to Identity '${identity.identityId}' is forbidden.`);
    }
    if (given.length === 0) {
      checkGuests(pool);
      return { pool, identity, given };
    }
    // A login of somebody else must not become one of this identity.
    const isOwner = given.some(({ provider, sub }) => identity.logins[provider] === sub) || isGuest;
    const conflict = given.find((login) => (identities.find(pool.id, login) ?? identity).identityId !== identity.identityId || (identity.logins[login.provider] ?? login.sub) !== login.sub);
    if (!isOwner || conflict !== undefined) {
      throw new ServiceError('NotAuthorizedException', "Logins don't match. Please include at least one valid login for this identity or identity pool.");
    }
    return { pool, identity: identities.link(identity, given), given };
  }

  /** The pool of identities, as a condition may name it; of several it is not known how AWS names them. */
  function poolOf(identityIds: readonly string[]): KnownKeys {
    const arns = new Set(identityIds.map((id) => pools.get(identities.get(id).poolId).arn));
    return { 'cognito-identity:IdentityPoolArn': arns.size > 1 ? UNKNOWN_VALUE : [...arns][0] };
  }

  /**
   * What is about one identity has no resource: policies must say `*`, and may name the pool in a condition.
   *
   * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitoidentity.html
   */
  const permissions: Permissions = {
    ...each([...UNSIGNED], FREE),
    DescribeIdentity: { keys: (input) => poolOf([text(input, 'IdentityId')]) },
    DeleteIdentities: { keys: (input) => poolOf(texts(input, 'IdentityIdsToDelete')) },
    ListIdentities: { on: (input) => [pools.arnOf(text(input, 'IdentityPoolId'))], keys: (input) => ({ 'cognito-identity:IdentityPoolArn': pools.arnOf(text(input, 'IdentityPoolId')) }) },
  };

  return jsonService('cognito-identity', 'Amazon Cognito identity pools', {
    GetId: async (input) => {
      const pool = pools.get(text(input, 'IdentityPoolId'));
      const given = await logins.read(pool, input);
      if (given.length === 0) {
        checkGuests(pool);
      }
      return { IdentityId: identities.identify(pool.id, given).identityId };
    },
    GetCredentialsForIdentity: async (input) => {
      const { pool, identity, given } = await owned(input);
      const [login] = given;
      const roleArn = roleFor(pool, login, optionalText(input, 'CustomRoleArn'));
      const session = sessionOf(roleArn, identity, given, login === undefined ? {} : tagsOf(pools.tagClaims(pool, login.provider), login.claims));
      const { identityId, identityPoolId, amr } = session.identity!;
      const objection = roles.objectionTo(roleArn, {
        provider: PROVIDER,
        tagged: Object.keys(session.tags ?? {}).length > 0,
        values: {
          [`${PROVIDER}:aud`]: identityPoolId, [`${PROVIDER}:sub`]: identityId, [`${PROVIDER}:amr`]: amr, ...requestTags(Object.entries(session.tags ?? {}).map(([Key, Value]) => ({ Key, Value }))),
        },
      });
      if (objection !== undefined) {
        throw misconfigured(objection);
      }
      limit.take();
      const expiration = around.clock.now() + SESSION_MS;
      const { accessKeyId, secretAccessKey, sessionToken } = around.keys.issue(expiration, session);
      return { IdentityId: identityId, Credentials: { AccessKeyId: accessKeyId, SecretKey: secretAccessKey, SessionToken: sessionToken, Expiration: expiration / 1000 } };
    },
    GetOpenIdToken: async (input) => {
      const { pool } = await owned(input);
      throw pool.allowsClassicFlow
        ? new ServiceError('UnknownOperationException', 'the twin does not serve the basic (classic) flow; use GetCredentialsForIdentity')
        : new ServiceError('InvalidParameterException', 'Basic (classic) flow is not enabled, please use enhanced flow.');
    },
    DescribeIdentity: (input) => describe(identities.get(text(input, 'IdentityId'))),
    ListIdentities: (input) => {
      const pool = pools.get(text(input, 'IdentityPoolId'));
      const after = optionalText(input, 'NextToken') ?? '';
      const found = identities.of(pool.id).filter(({ identityId, logins: linked }) => identityId > after && !(flag(input, 'HideDisabled') && Object.keys(linked).length === 0))
        .sort((a, b) => (a.identityId < b.identityId ? -1 : 1));
      const page = found.slice(0, pageSize(input, 'MaxResults', MAX_PAGE));
      return { IdentityPoolId: pool.id, Identities: page.map(describe), ...found.length > page.length && { NextToken: page.at(-1)?.identityId } };
    },
    DeleteIdentities: (input) => {
      const ids = texts(input, 'IdentityIdsToDelete');
      if (ids.length > MAX_PAGE) {
        throw new ServiceError('InvalidParameterException', `'IdentityIdsToDelete' may have at most ${MAX_PAGE} ids`);
      }
      // One that is not there is refused before any is deleted.
      ids.map((id) => identities.get(id)).forEach(({ identityId }) => identities.remove(identityId));
      return { UnprocessedIdentityIds: [] };
    },
  }, permissions, { unsigned: { target: 'AWSCognitoIdentityService', operations: UNSIGNED } });
}

function checkGuests({ allowsGuests }: IdentityPool): void {
  if (!allowsGuests) {
    throw new ServiceError('NotAuthorizedException', 'Unauthenticated access is not supported for this identity pool.');
  }
}

/** @see https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html */
function sessionOf(roleArn: string, { identityId, poolId }: Identity, logins: readonly Login[], tags: Readonly<Record<string, string>>): RoleSession {
  return {
    kind: 'role',
    roleArn,
    sessionName: 'CognitoIdentityCredentials',
    ...Object.keys(tags).length > 0 && { tags },
    identity: {
      identityId,
      identityPoolId: poolId,
      authenticated: logins.length > 0,
      amr: logins.length === 0 ? ['unauthenticated'] : ['authenticated', ...logins.flatMap(({ provider, amr }) => [provider, amr])],
    },
  };
}

function tagsOf(claimOf: Readonly<Record<string, string>>, claims: Claims): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(claimOf).flatMap(([tag, claim]) => {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    if (value === undefined) {
      return [];
    }
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    if (shown.length > MAX_TAG_LENGTH || !TAG_VALUE.test(shown)) {
      throw new ServiceError('NotAuthorizedException', `the claim ${claim} has a value that cannot be a principal tag`);
    }
    return [[tag, shown]];
  }));
}

function describe({ identityId, logins, created, modified }: Identity): object {
  return { IdentityId: identityId, Logins: Object.keys(logins), CreationDate: created / 1000, LastModifiedDate: modified / 1000 };
}

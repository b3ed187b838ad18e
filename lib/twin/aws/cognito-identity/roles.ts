import { ServiceError } from '../service';
import type { Claims } from '../../issuer';
import type { IdentityPool, RoleMapping } from './identity-pools';
import type { Login } from './logins';

/** How a rule compares a claim with its value. */
const MATCHES: Readonly<Record<string, (actual: string, value: string) => boolean>> = {
  Equals: (actual, value) => actual === value,
  NotEqual: (actual, value) => actual !== value,
  StartsWith: (actual, value) => actual.startsWith(value),
  Contains: (actual, value) => actual.includes(value),
};

/**
 * The role that somebody gets.
 *
 * @param login absent for a guest
 * @param wanted the one that the caller asks for; only claims can let a caller choose
 * @throws ServiceError where there is none
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html
 */
export function roleFor({ roles, mappings }: IdentityPool, login: Login | undefined, wanted: string | undefined): string {
  const mapping = login === undefined ? undefined : mappings.find(({ provider }) => provider === login.mappedAs);
  if (login === undefined || mapping === undefined) {
    if (wanted !== undefined) {
      throw new ServiceError('NotAuthorizedException', 'A role can be asked for only where a role mapping offers it.');
    }
    return (login === undefined ? roles.unauthenticated : roles.authenticated) ?? noRole();
  }
  const { offered, chosen } = mapping.type === 'Token' ? byToken(login.claims) : byRules(mapping, login.claims);
  if (wanted !== undefined) {
    return offered.includes(wanted) ? wanted : ambiguous('The role that is asked for is none that the claims of the token offer.');
  }
  return chosen ?? (mapping.whenAmbiguous === 'AuthenticatedRole' ? roles.authenticated ?? noRole() : ambiguous('No role mapping tells which role the token has.'));
}

interface Offer {
  readonly offered: readonly string[];
  readonly chosen: string | undefined;
}

function byToken(claims: Claims): Offer {
  const roles = claims['cognito:roles'];
  const offered = Array.isArray(roles) ? roles.filter((role): role is string => typeof role === 'string') : [];
  const preferred = claims['cognito:preferred_role'];
  return { offered, chosen: typeof preferred === 'string' ? preferred : offered.length === 1 ? offered[0] : undefined };
}

/** The first rule that matches counts. */
function byRules({ rules }: RoleMapping, claims: Claims): Offer {
  const offered = rules.filter(({ claim, match, value }) => {
    const actual = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    const text = typeof actual === 'string' ? actual : JSON.stringify(actual);
    return actual !== undefined && MATCHES[match]?.(text, value) === true;
  }).map(({ roleArn }) => roleArn);
  return { offered, chosen: offered[0] };
}

function ambiguous(message: string): never {
  throw new ServiceError('NotAuthorizedException', message);
}

/** In the words of AWS, which name no reason, and the reason. */
export function misconfigured(reason: string): ServiceError {
  return new ServiceError('InvalidIdentityPoolConfigurationException', `Invalid identity pool configuration. Check assigned IAM roles for this pool. (${reason})`);
}

function noRole(): never {
  throw misconfigured('no AWS::Cognito::IdentityPoolRoleAttachment of the assembly gives it a role for such identities');
}

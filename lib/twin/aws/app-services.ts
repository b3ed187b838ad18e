import type { RolePermissions } from '../iam';
import { OidcIssuers } from '../issuer';
import type { Functions } from '../lambda/functions';
import { HttpApis } from './api-gateway/api-gateway';
import { cognitoIdentityService } from './cognito-identity/cognito-identity';
import { Logins } from './cognito-identity/logins';
import { cognitoIdpService } from './cognito-idp/cognito-idp';
import { UserPools } from './cognito-idp/user-pools';
import { allowLocalPages } from './cors';
import type { OpenRoute } from './endpoint';
import { jsonAnswer } from './json-service';
import type { Service } from './service';
import type { Surroundings } from './surroundings';

/** What the services of apps and their users need. */
export interface AppServicesOptions {
  readonly around: Surroundings;
  readonly functions: Functions;
  readonly roles: RolePermissions;

  /** The address of the endpoint. */
  readonly endpoint: () => string;
  readonly log: (source: string, line: string) => void;
}

/** Where people sign in and what their apps call: Amazon Cognito, issuers for tests, and HTTP APIs. */
export interface AppServices {
  readonly services: readonly Service[];
  readonly openRoutes: readonly OpenRoute[];
  readonly userPools: UserPools;
  readonly issuers: OidcIssuers;
}

export function appServices({ around, functions, roles, endpoint, log }: AppServicesOptions): AppServices {
  const userPools = new UserPools(around);
  const issuers = new OidcIssuers(around.folder, around.clock, endpoint);
  return {
    userPools,
    issuers,
    services: [
      cognitoIdentityService(around, new Logins(userPools, issuers), roles),
      cognitoIdpService(around, userPools),
    ],
    openRoutes: [
      documents((path) => userPools.document(path) ?? issuers.document(path)),
      new HttpApis(around, functions, roles, (line) => log('API Gateway', line)),
    ],
  };
}

/** What issuers tell everybody: how to check their signatures. */
function documents(find: (path: string) => Promise<object> | object | undefined): OpenRoute {
  return {
    handle: async ({ method, path, headers }) => {
      const found = method === 'GET' ? await find(path) : undefined;
      return found && allowLocalPages(headers, jsonAnswer(200, found, { 'content-type': 'application/json' }));
    },
  };
}

import { ListUsersCommand, type CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import type { Call } from '../custom-resource';
import { hasIdentity, type Identities } from '../identities/has-identity';
import type { Attachment } from '../identities/records';

export interface DirectoryClients {
  readonly identities: Identities;
  readonly users: Pick<CognitoIdentityProviderClient, 'send'>;
}

export interface UserPool {
  /** What identity pools call it. */
  readonly name: string;
  readonly id: string;
}

/** Whether a user is there. Nobody can say of users of other providers than the user pools of the app. */
export type UserState = 'present' | 'disabled' | 'gone' | 'not known';

/** Who there is, in the identity pool and in user pools. */
export class Directory {
  constructor(private readonly clients: DirectoryClients, private readonly userPools: readonly UserPool[]) {}

  public hasIdentity(call: Call, identityId: string): Promise<boolean> {
    return hasIdentity(this.clients.identities, call, identityId);
  }

  /** A `sub` that is not one would change what the filter says. */
  public async stateOf(call: Call, { userPool, userSub }: Attachment): Promise<UserState> {
    const pool = this.userPools.find(({ name }) => name === userPool);
    if (pool === undefined || userSub === undefined || !/^[\w-]+$/.test(userSub)) {
      return 'not known';
    }
    const { Users: [user] = [], PaginationToken: more } = await call(() => this.clients.users.send(new ListUsersCommand({ UserPoolId: pool.id, Filter: `sub = "${userSub}"`, AttributesToGet: ['sub'], Limit: 1 })));
    if (user === undefined) {
      // Nobody on this page, and another one to come: that says nothing about the user.
      return more === undefined ? 'gone' : 'not known';
    }
    return user.Enabled === false ? 'disabled' : 'present';
  }
}

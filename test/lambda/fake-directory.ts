import type { DeleteIdentitiesInput, DescribeIdentityInput, UnprocessedIdentityId } from '@aws-sdk/client-cognito-identity';
import type { ListUsersRequest } from '@aws-sdk/client-cognito-identity-provider';
import { awsError, FaultyClient } from './faulty-client';

/** The identities of an identity pool and the users of a user pool in memory. */
export class FakeDirectory extends FaultyClient {
  public readonly identities = new Set<string>();
  /** Whether they are enabled, by `sub`. */
  public readonly users = new Map<string, boolean>();
  /** Why identities are not deleted. */
  public unprocessed: UnprocessedIdentityId[] = [];
  /** Whether a search answers a page without anybody, and another one to come. */
  public answersEmptyPages = false;
  public readonly client = this.sender;

  protected readonly operations = {
    DescribeIdentity: ({ IdentityId: id = '' }: DescribeIdentityInput) => {
      if (!this.identities.has(id)) {
        throw awsError('ResourceNotFoundException', `Identity '${id}' not found.`);
      }
      return { IdentityId: id };
    },
    DeleteIdentities: ({ IdentityIdsToDelete: ids = [] }: DeleteIdentitiesInput) => {
      if (!ids.some((id) => this.identities.has(id))) {
        throw awsError('ResourceNotFoundException', 'Identity not found.');
      }
      ids.filter((id) => !this.unprocessed.some(({ IdentityId: other }) => other === id)).forEach((id) => this.identities.delete(id));
      return { UnprocessedIdentityIds: this.unprocessed.filter(({ IdentityId: id = '' }) => ids.includes(id)) };
    },
    ListUsers: ({ Filter: filter = '' }: ListUsersRequest) => {
      const [, sub = ''] = /^sub = "([^"]*)"$/.exec(filter)!;
      return this.answersEmptyPages ? { Users: [], PaginationToken: 'more' } : { Users: this.users.has(sub) ? [{ Enabled: this.users.get(sub) }] : [] };
    },
  };
}

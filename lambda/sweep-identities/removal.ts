import { DeleteIdentitiesCommand } from '@aws-sdk/client-cognito-identity';
import { detach, MISSING, RequestError, unless, type Call, type Iot } from '../custom-resource';
import type { Records } from '../identities/records';
import type { DirectoryClients } from './directory';

/** Takes the policies off identities. The record goes last: while it is there, an attempt that failed is found again. */
export class Removal {
  constructor(private readonly clients: Pick<DirectoryClients, 'identities'> & { readonly iot: Iot }, private readonly records: Records, private readonly policyNames: readonly string[]) {}

  public async remove(call: Call, identityId: string, { deletesIdentity }: { readonly deletesIdentity: boolean }): Promise<void> {
    for (const policyName of this.policyNames) {
      await detach(this.clients.iot, call, policyName, identityId);
    }
    if (deletesIdentity) {
      await unless(MISSING, () => this.deleteIdentity(call, identityId));
    }
    await this.records.remove(call, identityId);
  }

  private async deleteIdentity(call: Call, identityId: string): Promise<void> {
    const { UnprocessedIdentityIds: [left] = [] } = await call(() => this.clients.identities.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] })));
    if (left !== undefined) {
      throw new RequestError(`identity ${identityId} could not be deleted: ${left.ErrorCode ?? 'no reason given'}`);
    }
  }
}

import type { Account } from '../../../lib/twin/account';

/** A certificate that something else has made; its id. */
export function putForeignCertificate({ store }: Account): string {
  const certificateId = 'f0'.repeat(32);
  if (store.get('certificates', certificateId) === undefined) {
    store.put('certificates', certificateId, {
      certificateId, logicalId: 'Foreign', status: 'ACTIVE', mode: 'SNI_ONLY', creationDate: 0, lastModifiedDate: 0, policies: [], things: [],
    });
  }
  return certificateId;
}

/** Attaches a thing and a policy to all certificates, as a person might. */
export function attachToAll(account: Account, thingName: string, policyName: string): void {
  for (const { certificateId } of [...account.store.all('certificates')]) {
    const principal = account.arn(`cert/${certificateId}`);
    account.attachThingPrincipal({ thingName, principal });
    account.attachPolicy({ policyName, target: principal });
  }
}

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

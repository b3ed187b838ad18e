import { retire } from '../custom-resource/retirement';
import { deliveryTo } from './destination';
import type { Entry } from './ledger';
import { certificatesOf, publicKeyOf } from './own-certificates';
import type { Item } from './request';
import type { Workshop } from './workshop';

/**
 * Forgets a certificate that is wanted no more, after it has been retired and its key erased, unless it is to be retained.
 *
 * The answer with its id may have been lost: then its key finds it.
 */
export async function clearAway(workshop: Omit<Workshop, 'owner' | 'now'>, name: string, entry: Entry, onRemoval: Item['onRemoval']): Promise<void> {
  const { iot, call, task, ledger } = workshop;
  const delivery = entry.destination && deliveryTo(entry.destination, name, workshop.secrets, workshop.ssm);
  if (onRemoval === 'retain') {
    task.note('the certificate stays', { certificateId: entry.certificateId });
    await delivery?.release(call);
  } else {
    const held = entry.certificateId === undefined ? await delivery?.read(call) : undefined;
    const lost = held === undefined ? [] : await certificatesOf(iot, call, publicKeyOf(held.privateKey), entry.begun);
    const known = entry.certificateId === undefined ? lost.map(({ certificateId }) => certificateId) : [entry.certificateId];
    for (const certificateId of known) {
      await retire(iot, call, certificateId);
    }
    await delivery?.erase(call, entry.certificateId);
  }
  await ledger.remove(name);
}

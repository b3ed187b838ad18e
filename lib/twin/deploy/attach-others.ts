import { isDeepStrictEqual } from 'node:util';
import type { Deployment } from '../../deployment';
import { showText } from '../../policy';
import type { Account, CertificateRecord } from '../account';

/** What resources attach to a certificate. */
type Attached = Pick<CertificateRecord, 'policies' | 'things'>;

/** Where the account remembers what was attached last, by certificate. */
const SETTING = 'attachedToOthers';

const NOTHING: Attached = { policies: [], things: [] };

/**
 * Attach what resources attach to certificates that no resource declares, such as those that handlers of custom resources
 * make. What a template attached and names no more is detached; what something else attached stays.
 *
 * @returns what could not be followed, for a person
 */
export function attachOthers({ otherCertificates }: Deployment, account: Account): readonly string[] {
  const { store } = account;
  const before = (store.get('settings', SETTING)?.value ?? {}) as Readonly<Record<string, Attached>>;
  const wanted = new Map(otherCertificates.map(({ id, policies, things }): [string, Attached] => [id, {
    policies: policies.map(showText),
    things: things.flatMap(({ name, exclusive }) => (typeof name === 'string' ? [{ thingName: name, exclusive }] : [])),
  }]));
  const now: Record<string, Attached> = {};
  for (const id of new Set([...Object.keys(before), ...wanted.keys()])) {
    const record = store.get('certificates', id);
    if (record === undefined) {
      continue;
    }
    const [old = NOTHING, next = NOTHING] = [before[id], wanted.get(id)];
    const attached: Attached = { policies: merge(record.policies, old.policies, next.policies), things: merge(record.things, old.things, next.things) };
    if (!isDeepStrictEqual(attached, { policies: record.policies, things: record.things })) {
      store.put('certificates', id, { ...record, ...attached });
    }
    if (wanted.has(id)) {
      now[id] = next;
    }
  }
  if (!isDeepStrictEqual(now, before)) {
    store.put('settings', SETTING, { value: now });
  }
  return otherCertificates.filter(({ id }) => now[id] === undefined)
    .flatMap(({ id, paths }) => paths.map((path) => `${path}: the certificate ${id} is not in the account`));
}

function merge<T>(present: readonly T[], before: readonly T[], wanted: readonly T[]): readonly T[] {
  const isIn = (list: readonly T[], item: T): boolean => list.some((other) => isDeepStrictEqual(other, item));
  const kept = present.filter((item) => !isIn(before, item) || isIn(wanted, item));
  return [...kept, ...wanted.filter((item) => !isIn(kept, item))];
}

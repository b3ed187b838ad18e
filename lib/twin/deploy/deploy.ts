import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Deployment, Value } from '../../deployment';
import { defaultVersion, withRoomForVersion, withTemplateBody, withVersion } from '../account';
import type { Account, PolicyRecord, ProvisioningTemplateRecord, Records, Table } from '../account';
import { attachOthers } from './attach-others';
import { declaredRecords } from './declared-records';
import type { Declared, DeclaredRecords } from './declared-records';
import type { RequestedCertificates } from './issue-declared';

/** Where the account remembers what was deployed last. */
const SETTING = 'deployed';

/** Those that name others come after them. */
const TABLES = [
  'policies', 'thingTypes', 'thingGroups', 'billingGroups', 'things', 'provisioningTemplates', 'caCertificates', 'certificates', 'roleAliases', 'authorizers',
] as const satisfies readonly Table[];

/**
 * Deploy to an account, as CloudFormation would: what is new in the template is made, what is gone is removed with what
 * hangs on it, and of the rest only what the template changed is changed. What was done while the twin ran lasts.
 *
 * @param options whether what is gone is removed yet
 * @returns what could not be followed, for a person
 * @throws TwinError when a policy is one that AWS would refuse; nothing is changed then
 */
export function deploy(deployment: Deployment, account: Account, now: number, issued: RequestedCertificates, { removes } = { removes: true }): readonly string[] {
  const { records, warnings } = declaredRecords(deployment, issued);
  // Numbers, texts and lists alone, as they come back from the state folder.
  const declared = JSON.parse(JSON.stringify(records)) as DeclaredRecords;
  const before = (account.store.get('settings', SETTING)?.value ?? {}) as DeclaredRecords;
  const wanted = removes ? declared : Object.fromEntries(TABLES.map((table) => [table, { ...before[table], ...declared[table] }])) as DeclaredRecords;
  for (const table of [...TABLES].reverse()) {
    Object.keys(before[table] ?? {}).filter((key) => !Object.hasOwn(wanted[table] ?? {}, key)).forEach((key) => remove(account, table, key));
  }
  TABLES.forEach((table) => applyTable(account, table, before[table] ?? {}, wanted[table] ?? {}, now));
  if (!isDeepStrictEqual(wanted, before)) {
    account.store.put('settings', SETTING, { value: wanted });
  }
  return [...warnings, ...attachOthers(deployment, account)];
}

/** Remove a record with what hangs on it. */
function remove(account: Account, table: typeof TABLES[number], key: string): void {
  switch (table) {
    case 'policies': return account.removePolicy(key);
    case 'things': return account.removeThing(key);
    case 'thingGroups': return account.removeThingGroup(key);
    case 'certificates': return account.removeCertificate(key);
    default: return account.store.remove(table, key);
  }
}

function applyTable<K extends typeof TABLES[number]>(
  account: Account, table: K, before: Readonly<Record<string, Declared<K>>>, wanted: Readonly<Record<string, Declared<K>>>, now: number,
): void {
  Object.entries(wanted).forEach(([key, fields]) => apply(account, table, key, before[key], fields, now));
}

function apply<K extends typeof TABLES[number]>(account: Account, table: K, key: string, before: Declared<K> | undefined, wanted: Declared<K>, now: number): void {
  if (isDeepStrictEqual(before, wanted)) {
    return;
  }
  const existing: Records[K] | undefined = account.store.get(table, key);
  const record: object = existing === undefined
    ? { ...freshRecord(table, wanted, now), ...withoutDocument(wanted) }
    : { ...existing, ...changedFields(existing, withoutDocument(before ?? {}), withoutDocument(wanted)) };
  account.store.put(table, key, (existing === undefined ? record : withVersions(record, wanted, now)) as Records[K]);
}

type Fields = Readonly<Record<string, unknown>>;

/** A document is kept in versions. */
function withoutDocument({ document, ...fields }: object & { readonly document?: unknown }): Fields {
  return fields;
}

function changedFields(existing: object, before: Fields, wanted: Fields): Fields {
  const names = [...new Set([...Object.keys(before), ...Object.keys(wanted)])].filter((name) => !isDeepStrictEqual(before[name], wanted[name]));
  return Object.fromEntries(names.map((name) => {
    const [present, old = [], list] = [(existing as Fields)[name], before[name], wanted[name]];
    return [name, isList(present) && isList(old) && isList(list) ? mergeLists(present, old, list) : list];
  }));
}

/** What the template took away goes, what it added comes, what was added while the twin ran stays. */
function mergeLists(present: readonly unknown[], before: readonly unknown[], wanted: readonly unknown[]): readonly unknown[] {
  const isIn = (list: readonly unknown[], item: unknown): boolean => list.some((other) => isDeepStrictEqual(other, item));
  const kept = present.filter((item) => !isIn(before, item) || isIn(wanted, item));
  return [...kept, ...wanted.filter((item) => !isIn(before, item) && !isIn(kept, item))];
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** A changed document or body is a new version, and the default one. */
function withVersions(record: object, { document, templateBody }: { readonly document?: Value; readonly templateBody?: string }, now: number): object {
  if (document !== undefined) {
    const policy = withRoomForVersion(record as PolicyRecord);
    return isDeepStrictEqual(defaultVersion(policy).document, document) ? record : withVersion(policy, document, now, true);
  }
  const template = record as ProvisioningTemplateRecord;
  return templateBody === undefined || template.versions.some(({ versionId, templateBody: body }) => versionId === template.defaultVersionId && body === templateBody)
    ? record
    : withTemplateBody(template, templateBody, now);
}

/** What a record has besides the fields of the template. */
function freshRecord(table: typeof TABLES[number], { document, templateBody }: { readonly document?: Value; readonly templateBody?: string }, now: number): object {
  const common = { creationDate: now };
  switch (table) {
    case 'things': return { ...common, thingId: randomUUID(), version: 1 };
    case 'thingTypes': return { ...common, thingTypeId: randomUUID() };
    case 'thingGroups': return { ...common, thingGroupId: randomUUID(), version: 1 };
    case 'billingGroups': return { ...common, billingGroupId: randomUUID(), version: 1 };
    case 'policies': return { ...common, versions: [{ versionId: '1', document, creationDate: now }], defaultVersionId: '1', lastVersion: 1 };
    case 'provisioningTemplates': return { ...common, versions: [{ versionId: 1, templateBody, creationDate: now }], defaultVersionId: 1, lastModifiedDate: now };
    case 'authorizers': return common;
    default: return { ...common, lastModifiedDate: now };
  }
}

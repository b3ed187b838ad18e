import { showText } from '../../policy';
import type { Account, Records, Table, ThingGroupRecord, ThingRecord, ThingTypeRecord } from '../account';

/** The kinds of registry event that are published once `UpdateEventConfigurations` switches them on. */
type EventKind = 'THING' | 'THING_TYPE' | 'THING_TYPE_ASSOCIATION' | 'THING_GROUP' | 'THING_GROUP_MEMBERSHIP' | 'THING_GROUP_HIERARCHY';

/** An event without what all have. */
interface RegistryEvent {
  readonly kind: EventKind;
  readonly topic: string;
  readonly operation: 'CREATED' | 'UPDATED' | 'DELETED' | 'ADDED' | 'REMOVED';
  readonly details: object;
}

/** What a change of a record means. */
type Describe<R> = (account: Account, before: R | undefined, after: R | undefined) => readonly RegistryEvent[];

const DESCRIBE: { readonly [table in Table]?: Describe<Records[table]> } = {
  things: describeThing,
  thingTypes: describeThingType,
  thingGroups: describeThingGroup,
};

export interface RegistryEventsProps {
  readonly account: Account;
  readonly now: () => number;
  readonly newEventId: () => string;

  /** Publish as AWS IoT itself. */
  readonly publish: (topic: string, payload: Buffer) => void;
}

/**
 * Publish what happens to things, thing types and thing groups, as far as the account asks for it.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/registry-events.html
 */
export function publishRegistryEvents({ account, now, newEventId, publish }: RegistryEventsProps): void {
  account.store.onChange((table, _key, before, after) => {
    const describe = DESCRIBE[table] as Describe<typeof before> | undefined;
    if (describe === undefined) {
      return;
    }
    const { eventConfigurations } = account.describeEventConfigurations();
    for (const { kind, topic, operation, details } of describe(account, before, after)) {
      if (eventConfigurations[kind]?.Enabled === true) {
        const event = { eventType: `${kind}_EVENT`, eventId: newEventId(), timestamp: now(), operation, accountId: account.scope.accountId, ...details };
        publish(`$aws/events/${topic}/${operation.toLowerCase()}`, Buffer.from(JSON.stringify(event)));
      }
    }
  });
}

function describeThing(account: Account, before: ThingRecord | undefined, after: ThingRecord | undefined): readonly RegistryEvent[] {
  const thing = after ?? before!;
  const { thingName, thingId } = thing;
  const attributes = Object.fromEntries(Object.entries(thing.attributes).map(([name, value]) => [name, showText(value)]));
  const itself = lifeOf('THING', `thing/${thingName}`, before, after, { thingId, thingName, versionNumber: thing.version, thingTypeName: thing.thingTypeName ?? null, attributes });
  const membership = (groupName: string, operation: 'ADDED' | 'REMOVED'): RegistryEvent => ({
    kind: 'THING_GROUP_MEMBERSHIP',
    topic: `thingGroupMembership/thingGroup/${groupName}/thing/${thingName}`,
    operation,
    details: {
      groupArn: account.arn(`thinggroup/${groupName}`),
      groupId: account.store.get('thingGroups', groupName)?.thingGroupId,
      thingArn: account.arn(`thing/${thingName}`),
      thingId,
      membershipId: `${account.store.get('thingGroups', groupName)?.thingGroupId}:${thingId}`,
    },
  });
  const association = (thingTypeName: string | undefined, operation: 'ADDED' | 'REMOVED'): readonly RegistryEvent[] => (thingTypeName === undefined ? [] : [{
    kind: 'THING_TYPE_ASSOCIATION', topic: `thingTypeAssociation/thing/${thingName}/thingType/${thingTypeName}`, operation, details: { thingId, thingName, thingTypeName },
  }]);
  return [
    ...itself,
    ...before?.thingTypeName === after?.thingTypeName ? [] : [...association(before?.thingTypeName, 'REMOVED'), ...association(after?.thingTypeName, 'ADDED')],
    ...differences(before?.groups, after?.groups, membership),
  ];
}

function describeThingType(_account: Account, before: ThingTypeRecord | undefined, after: ThingTypeRecord | undefined): readonly RegistryEvent[] {
  const { thingTypeName, thingTypeId, deprecationDate, searchableAttributes, thingTypeDescription } = after ?? before!;
  const details = {
    thingTypeId, thingTypeName, isDeprecated: deprecationDate !== undefined, deprecationDate: deprecationDate ?? null, searchableAttributes, description: thingTypeDescription ?? null,
  };
  const changed = before?.deprecationDate !== after?.deprecationDate || before?.thingTypeDescription !== after?.thingTypeDescription;
  return before !== undefined && after !== undefined && !changed ? [] : [{ kind: 'THING_TYPE', topic: `thingType/${thingTypeName}`, operation: operationOf(before, after), details }];
}

function describeThingGroup(account: Account, before: ThingGroupRecord | undefined, after: ThingGroupRecord | undefined): readonly RegistryEvent[] {
  const { thingGroupName, thingGroupId, thingGroupDescription, parentGroupName, attributes, version } = after ?? before!;
  const parentOf = (name: string | undefined): ThingGroupRecord | undefined => (name === undefined ? undefined : account.store.get('thingGroups', name));
  const ancestry = (name: string | undefined): readonly ThingGroupRecord[] => {
    const group = parentOf(name);
    return group === undefined ? [] : [...ancestry(group.parentGroupName), group];
  };
  const itself = lifeOf('THING_GROUP', `thingGroup/${thingGroupName}`, before, after, {
    thingGroupId,
    thingGroupName,
    versionNumber: version,
    parentGroupName: parentGroupName ?? null,
    parentGroupId: parentOf(parentGroupName)?.thingGroupId ?? null,
    description: thingGroupDescription ?? null,
    rootToParentThingGroups: ancestry(parentGroupName).map((group) => ({ groupArn: account.arn(`thinggroup/${group.thingGroupName}`), groupId: group.thingGroupId })),
    attributes,
    dynamicGroupMappingId: null,
  });
  const hierarchy = (parent: string, operation: 'ADDED' | 'REMOVED'): RegistryEvent => ({
    kind: 'THING_GROUP_HIERARCHY',
    topic: `thingGroupHierarchy/thingGroup/${parent}/childThingGroup/${thingGroupName}`,
    operation,
    details: { thingGroupId: parentOf(parent)?.thingGroupId, thingGroupName: parent, childGroupId: thingGroupId, childGroupName: thingGroupName },
  });
  return [...itself, ...differences(listOf(before?.parentGroupName), listOf(after?.parentGroupName), hierarchy)];
}

/** Created, deleted, or updated: the latter is what a new version is. */
function lifeOf(
  kind: EventKind, topic: string, before: { readonly version: number } | undefined, after: { readonly version: number } | undefined, details: object,
): readonly RegistryEvent[] {
  return before?.version === after?.version ? [] : [{ kind, topic, operation: operationOf(before, after), details }];
}

function operationOf(before: object | undefined, after: object | undefined): 'CREATED' | 'UPDATED' | 'DELETED' {
  return before === undefined ? 'CREATED' : after === undefined ? 'DELETED' : 'UPDATED';
}

function differences(
  before: readonly string[] = [], after: readonly string[] = [], describe: (name: string, operation: 'ADDED' | 'REMOVED') => RegistryEvent,
): readonly RegistryEvent[] {
  return [
    ...before.filter((name) => !after.includes(name)).map((name) => describe(name, 'REMOVED')),
    ...after.filter((name) => !before.includes(name)).map((name) => describe(name, 'ADDED')),
  ];
}

function listOf(name: string | undefined): readonly string[] {
  return name === undefined ? [] : [name];
}

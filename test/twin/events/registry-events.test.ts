import { publishRegistryEvents } from '../../../lib/twin/events';
import type { Account } from '../../../lib/twin/account';
import { newAccount } from '../provisioning/account';

type Published = readonly [topic: string, event: Record<string, unknown>];

let account: Account;
let published: Published[];

beforeEach(() => {
  account = newAccount();
  published = [];
  publishRegistryEvents({ account, now: () => 1000, newEventId: () => 'id', publish: (topic, payload) => published.push([topic, JSON.parse(payload.toString()) as Record<string, unknown>]) });
});

function enable(...kinds: readonly string[]): void {
  account.updateEventConfigurations({ eventConfigurations: Object.fromEntries(kinds.map((kind) => [kind, { Enabled: true }])) });
}

const COMMON = { eventId: 'id', timestamp: 1000, accountId: '123456789012' };

test('tells nothing until it is switched on', () => {
  account.createThing({ thingName: 'a' });
  account.createThingGroup({ thingGroupName: 'g' });
  account.createThingType({ thingTypeName: 't' });
  account.addThingToThingGroup({ thingName: 'a', thingGroupName: 'g' });
  expect(published).toEqual([]);
});

test('tells what becomes of things', () => {
  enable('THING');
  account.createThing({ thingName: 'a', attributePayload: { attributes: { site: 'x' } } });
  account.updateThing({ thingName: 'a', attributePayload: { attributes: { site: 'y' } } });
  account.deleteThing({ thingName: 'a' });
  expect(published.map(([topic, { operation, versionNumber, attributes }]) => [topic, operation, versionNumber, attributes])).toEqual([
    ['$aws/events/thing/a/created', 'CREATED', 1, { site: 'x' }],
    ['$aws/events/thing/a/updated', 'UPDATED', 2, { site: 'y' }],
    ['$aws/events/thing/a/deleted', 'DELETED', 2, { site: 'y' }],
  ]);
  expect(published[0]![1]).toEqual({
    ...COMMON, eventType: 'THING_EVENT', operation: 'CREATED', thingId: expect.any(String), thingName: 'a', versionNumber: 1, thingTypeName: null, attributes: { site: 'x' },
  });
});

test('tells what becomes of thing types and their things', () => {
  enable('THING_TYPE', 'THING_TYPE_ASSOCIATION');
  account.createThingType({ thingTypeName: 't', thingTypeProperties: { searchableAttributes: ['s'] } });
  account.createThing({ thingName: 'a', thingTypeName: 't' });
  account.updateThing({ thingName: 'a', removeThingType: true });
  account.deprecateThingType({ thingTypeName: 't' });
  expect(published.map(([topic, { eventType, operation }]) => [topic, eventType, operation])).toEqual([
    ['$aws/events/thingType/t/created', 'THING_TYPE_EVENT', 'CREATED'],
    ['$aws/events/thingTypeAssociation/thing/a/thingType/t/added', 'THING_TYPE_ASSOCIATION_EVENT', 'ADDED'],
    ['$aws/events/thingTypeAssociation/thing/a/thingType/t/removed', 'THING_TYPE_ASSOCIATION_EVENT', 'REMOVED'],
    ['$aws/events/thingType/t/updated', 'THING_TYPE_EVENT', 'UPDATED'],
  ]);
  expect(published[3]![1]).toMatchObject({ isDeprecated: true, searchableAttributes: ['s'], thingTypeName: 't' });
});

test('tells what becomes of groups, their things and their children', () => {
  enable('THING_GROUP', 'THING_GROUP_MEMBERSHIP', 'THING_GROUP_HIERARCHY');
  account.createThing({ thingName: 'a' });
  account.createThingGroup({ thingGroupName: 'parent' });
  account.createThingGroup({ thingGroupName: 'child', parentGroupName: 'parent' });
  account.addThingToThingGroup({ thingName: 'a', thingGroupName: 'child' });
  account.removeThingFromThingGroup({ thingName: 'a', thingGroupName: 'child' });
  account.deleteThingGroup({ thingGroupName: 'child' });
  expect(published.map(([topic]) => topic)).toEqual([
    '$aws/events/thingGroup/parent/created',
    '$aws/events/thingGroup/child/created',
    '$aws/events/thingGroupHierarchy/thingGroup/parent/childThingGroup/child/added',
    '$aws/events/thingGroupMembership/thingGroup/child/thing/a/added',
    '$aws/events/thingGroupMembership/thingGroup/child/thing/a/removed',
    '$aws/events/thingGroup/child/deleted',
    '$aws/events/thingGroupHierarchy/thingGroup/parent/childThingGroup/child/removed',
  ]);
  const [, child, hierarchy, added] = published.map(([, one]) => one);
  expect(child).toMatchObject({ ...COMMON, thingGroupName: 'child', parentGroupName: 'parent', rootToParentThingGroups: [{ groupArn: 'arn:aws:iot:us-east-1:123456789012:thinggroup/parent' }], dynamicGroupMappingId: null });
  expect(hierarchy).toMatchObject({ eventType: 'THING_GROUP_HIERARCHY_EVENT', thingGroupName: 'parent', childGroupName: 'child' });
  expect(added).toMatchObject({ groupArn: 'arn:aws:iot:us-east-1:123456789012:thinggroup/child', thingArn: 'arn:aws:iot:us-east-1:123456789012:thing/a', membershipId: expect.any(String) });
});

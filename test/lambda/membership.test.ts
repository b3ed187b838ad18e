import * as assignThingType from '../../lambda/assign-thing-type';
import * as attachGroupPolicies from '../../lambda/attach-group-policies';
import * as joinBillingGroup from '../../lambda/join-billing-group';
import * as joinThingGroup from '../../lambda/join-thing-group';
import { FakeIot, groupArn } from './fake-iot';
import { FakeStack } from './stack';

let iot: FakeIot;

beforeEach(() => {
  iot = new FakeIot().addThings('a', 'b', 'c').addGroups('g', 'h');
  iot.thingTypes.set('s', { deprecated: false }).set('t', { deprecated: false });
  iot.billingGroups.add('s').add('t');
  ['p', 'q', 'r'].forEach((name) => iot.addPolicy(name));
});

const groupsOf = (thing: string) => [...iot.things.get(thing)!.groups];

describe('things of a thing group', () => {
  let stack: FakeStack;

  beforeEach(() => {
    stack = new FakeStack(joinThingGroup.createHandler, iot.client);
  });

  test('are changed by the difference alone', async () => {
    await stack.deploy({ ThingGroupName: 'g', ThingNames: ['a', 'b'] });
    const before = iot.requests.length;
    await stack.deploy({ ThingGroupName: 'g', ThingNames: ['b', 'c'] });

    expect(iot.requests.slice(before)).toEqual(['ListThingGroupsForThing', 'ListThingGroupsForThing', 'AddThingToThingGroup', 'RemoveThingFromThingGroup']);
    expect([groupsOf('a'), groupsOf('b'), groupsOf('c')]).toEqual([[], ['g'], ['g']]);
  });

  test('move between groups of one hierarchy', async () => {
    iot.thingGroups.set('north', { isDynamic: false, parent: 'g' }).set('south', { isDynamic: false, parent: 'g' });
    await stack.deploy({ ThingGroupName: 'north', ThingNames: ['a'] });

    expect(await stack.deploy({ ThingGroupName: 'south', ThingNames: ['a'] })).toMatchObject({ Status: 'SUCCESS' });
    expect(groupsOf('a')).toEqual(['south']);
  });

  test('that were there before stay when the rest cannot be added', async () => {
    iot.things.get('a')!.groups.add('g');

    const answer = await stack.deploy({ ThingGroupName: 'g', ThingNames: ['a', 'b', 'missing'] });
    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: 'cannot add thing "missing" to thing group "g": ResourceNotFoundException: Thing missing not found; it must exist in the account and Region of the stack before this resource does',
    });
    expect([groupsOf('a'), groupsOf('b')]).toEqual([['g'], []]);
  });

  test('may be created so late that AWS IoT does not find them at first', async () => {
    iot.lag('found:a', 3);

    expect(await stack.deploy({ ThingGroupName: 'g', ThingNames: ['a'] })).toMatchObject({ Status: 'SUCCESS' });
  });

  test('may be gone when they are removed, and the group as well', async () => {
    await stack.deploy({ ThingGroupName: 'g', ThingNames: ['a', 'b'] });
    iot.things.delete('a');
    iot.thingGroups.delete('g');

    expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.system.time).toBe(0);
  });

  test('cannot be declared for a dynamic group', async () => {
    iot.thingGroups.set('dynamic', { isDynamic: true });

    expect(await stack.deploy({ ThingGroupName: 'dynamic', ThingNames: ['a'] })).toMatchObject({
      Status: 'FAILED',
      Reason: 'cannot add thing "a" to thing group "dynamic": InvalidRequestException: Cannot add a thing to a dynamic thing group',
    });
  });

  test('can be a thousand', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `thing-${index}`);
    iot.addThings(...names);

    expect(await stack.deploy({ ThingGroupName: 'g', ThingNames: names })).toMatchObject({ Status: 'SUCCESS' });
    expect(groupsOf('thing-999')).toEqual(['g']);
  });
});

describe('the thing type', () => {
  let stack: FakeStack;

  beforeEach(() => {
    stack = new FakeStack(assignThingType.createHandler, iot.client);
  });

  test('of somebody else is not overwritten', async () => {
    iot.things.get('b')!.thingTypeName = 's';

    expect(await stack.deploy({ ThingTypeName: 't', ThingNames: ['a', 'b'] })).toMatchObject({
      Status: 'FAILED',
      Reason: 'cannot give thing "b" the thing type "t": it has "s" from elsewhere; take that away first, or declare it here instead',
    });
    expect(iot.things.get('a')!.thingTypeName).toBeUndefined();
  });

  test('of somebody else is not taken away', async () => {
    await stack.deploy({ ThingTypeName: 't', ThingNames: ['a', 'b'] });
    iot.things.get('b')!.thingTypeName = 's';
    await stack.destroy();

    expect([iot.things.get('a')!.thingTypeName, iot.things.get('b')!.thingTypeName]).toEqual([undefined, 's']);
  });

  test('must not be deprecated', async () => {
    iot.thingTypes.set('old', { deprecated: true });

    expect(await stack.deploy({ ThingTypeName: 'old', ThingNames: ['a'] })).toMatchObject({
      Status: 'FAILED',
      Reason: 'cannot add thing "a" to thing type "old": InvalidRequestException: Thing type old is deprecated',
    });
  });
});

test('a thing changes its billing group although leaving the old one takes a while', async () => {
  const stack = new FakeStack(joinBillingGroup.createHandler, iot.client);
  await stack.deploy({ BillingGroupName: 's', ThingNames: ['a'] });
  iot.lag('left:a', 3);

  expect(await stack.deploy({ BillingGroupName: 't', ThingNames: ['a'] })).toMatchObject({ Status: 'SUCCESS' });
  expect(iot.things.get('a')!.billingGroupName).toBe('t');
});

describe('policies of a thing group', () => {
  let stack: FakeStack;

  beforeEach(() => {
    stack = new FakeStack(attachGroupPolicies.createHandler, iot.client);
  });

  test('are added before others are removed, so that the group is never without', async () => {
    await stack.deploy({ ThingGroupArn: groupArn('g'), PolicyNames: ['p'] });
    const before = iot.requests.length;
    await stack.deploy({ ThingGroupArn: groupArn('g'), PolicyNames: ['q'] });

    expect(iot.requests.slice(before).filter((name) => /tach/.test(name))).toEqual(['ListAttachedPolicies', 'AttachPolicy', 'DetachPolicy']);
  });

  test('are removed first where the group has no room for both', async () => {
    await stack.deploy({ ThingGroupArn: groupArn('g'), PolicyNames: ['p', 'q'] });
    iot.lag('detached:p', 2);

    expect(await stack.deploy({ ThingGroupArn: groupArn('g'), PolicyNames: ['q', 'r'] })).toMatchObject({ Status: 'SUCCESS' });
    expect(['p', 'q', 'r'].filter((name) => iot.policies.get(name)!.targets.has(groupArn('g')))).toEqual(['q', 'r']);
  });

  test('of somebody else count', async () => {
    ['p', 'q'].forEach((name) => iot.policies.get(name)!.targets.add(groupArn('g')));

    expect(await stack.deploy({ ThingGroupArn: groupArn('g'), PolicyNames: ['r'] })).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('cannot add policy "r" to thing group') as string,
    });
  });
});

import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iot from 'aws-cdk-lib/aws-iot';
import { BillingGroupMembership, QuarantineGroup, ThingGroupMembership, ThingGroupPolicyAttachment, ThingTypeAssociation } from '../../lib/membership';
import { BillingGroup, DynamicThingGroup, Thing, ThingGroup, ThingType } from '../../lib/registry';
import { Device, policyDocuments } from '../access/device';
import { granted, needed } from '../lambda/permissions';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const ARN = 'arn:aws:iot:eu-central-1:123456789012';

let app: App;
let stack: Stack;

beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack', { env: ENV });
});

const policy = (id: string) => new iot.CfnPolicy(stack, id, { policyName: id, policyDocument: {} });
const things = (...names: string[]) => names.map((name) => Thing.fromThingName(stack, name, name));

describe('things of a thing group', () => {
  test('are named by one custom resource, whatever their number', () => {
    const group = new ThingGroup(stack, 'Group');
    const membership = new ThingGroupMembership(stack, 'Members', { thingGroup: group, things: things('b', 'a') });
    membership.addThing(new Thing(stack, 'New', { thingName: 'new' }));
    membership.addThing(things('c')[0]!);
    membership.addThing(Thing.fromThingName(stack, 'c again', 'c'));

    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 1);
    Template.fromStack(stack).hasResource('Custom::IotThingGroupMembership', {
      Properties: {
        ServiceToken: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CdkIotWardenjointhinggroupFunction'), 'Arn'] },
        ServiceTimeout: '1800',
        ThingGroupName: { Ref: stack.getLogicalId(group.node.defaultChild as iot.CfnThingGroup) },
        ThingNames: [{ Ref: Match.stringLikeRegexp('^New') }, 'a', 'b', 'c'],
        OverrideDynamicGroups: 'false',
      },
      DependsOn: [Match.stringLikeRegexp('^MembersPermissions')],
      DeletionPolicy: 'Delete',
    });
  });

  test('can be none yet', () => {
    new ThingGroupMembership(stack, 'Members', { thingGroup: new ThingGroup(stack, 'Group') });

    Template.fromStack(stack).hasResourceProperties('Custom::IotThingGroupMembership', { ThingNames: [] });
  });

  test('are all that the function may touch', () => {
    new ThingGroupMembership(stack, 'Members', { thingGroup: ThingGroup.fromThingGroupName(stack, 'Group', 'g'), things: things('a', 'b') });

    const [group, members] = [[`${ARN}:thing/a`, `${ARN}:thing/b`, `${ARN}:thinggroup/g`], [`${ARN}:thing/a`, `${ARN}:thing/b`]];
    expect(granted(stack)).toEqual(new Map([
      ['iot:AddThingToThingGroup', group],
      ['iot:RemoveThingFromThingGroup', group],
      ['iot:UpdateThingGroupsForThing', group],
      ['iot:ListThingGroupsForThing', members],
    ]));
    expect([...granted(stack).keys()].sort()).toEqual(needed('join-thing-group'));
  });

  test('are not named one by one where a role has no room for them', () => {
    const names = Array.from({ length: 21 }, (_, index) => `t${index}`);
    new ThingGroupMembership(stack, 'Members', { thingGroup: ThingGroup.fromThingGroupName(stack, 'Group', 'g'), things: things(...names) });

    expect(granted(stack).get('iot:AddThingToThingGroup')).toEqual([`${ARN}:thing/*`, `${ARN}:thinggroup/g`]);
  });

  test('keep the old permissions until the update is over', () => {
    const idOf = (name: string) => {
      const other = new Stack(new App(), 'Stack', { env: ENV });
      new ThingGroupMembership(other, 'Members', { thingGroup: ThingGroup.fromThingGroupName(other, 'Group', 'g'), things: [Thing.fromThingName(other, 'Thing', name)] });
      return Object.keys(Template.fromStack(other).findResources('AWS::IAM::Policy')).find((id) => id.includes('Permissions'));
    };

    expect(idOf('a')).toBe(idOf('a'));
    expect(idOf('a')).not.toBe(idOf('b'));
  });

  test('fail for a dynamic group', () => {
    const thingGroup = new DynamicThingGroup(stack, 'Dynamic', { queryString: 'attributes.a:1' });

    expect(() => new ThingGroupMembership(stack, 'Members', { thingGroup })).toThrow("'thingGroup' must be a static thing group, got the dynamic one at Stack/Dynamic (at Stack/Members)");
  });

  test('fail for the thousand and first', () => {
    const names = Array.from({ length: 1001 }, (_, index) => `t${index}`);

    expect(() => new ThingGroupMembership(stack, 'Members', { thingGroup: new ThingGroup(stack, 'Group'), things: things(...names) })).toThrow(
      "'things' must have at most 1000 entries, got one more; divide them, or let a provisioning template do it when things are registered (at Stack/Members)",
    );
  });

  test('fail for another account or Region', () => {
    const thing = Thing.fromThingArn(stack, 'Far', 'arn:aws:iot:us-east-1:123456789012:thing/a');

    expect(() => new ThingGroupMembership(stack, 'Members', { thingGroup: new ThingGroup(stack, 'Group'), things: [thing] })).toThrow(
      'Stack/Far must be in the region of the stack, eu-central-1, got us-east-1 (at Stack/Members)',
    );
  });

  test('can be of another stack, which is deployed first', () => {
    const other = new Stack(app, 'Other', { env: ENV });
    new ThingGroupMembership(stack, 'Members', { thingGroup: new ThingGroup(other, 'Group'), things: [new Thing(other, 'Thing')] });

    Template.fromStack(stack).hasResourceProperties('Custom::IotThingGroupMembership', {
      ThingGroupName: { 'Fn::ImportValue': Match.anyValue() },
      ThingNames: [{ 'Fn::ImportValue': Match.anyValue() }],
    });
    expect(stack.dependencies).toContain(other);
  });

  test('can be in a stack without an environment', () => {
    const anywhere = new Stack(app, 'Anywhere');
    new ThingGroupMembership(anywhere, 'Members', { thingGroup: new ThingGroup(anywhere, 'Group'), things: [new Thing(anywhere, 'Thing')] });

    expect(() => Template.fromStack(anywhere)).not.toThrow();
  });
});

test('things get a thing type', () => {
  new ThingTypeAssociation(stack, 'Type', { thingType: new ThingType(stack, 'Sensor', { thingTypeName: 's' }), things: things('a') }).addThing(things('b')[0]!);

  Template.fromStack(stack).hasResourceProperties('Custom::IotThingTypeAssociation', { ThingTypeName: { Ref: Match.stringLikeRegexp('^Sensor') }, ThingNames: ['a', 'b'] });
  expect(granted(stack)).toEqual(new Map(needed('assign-thing-type').map((action) => [action, [`${ARN}:thing/a`, `${ARN}:thing/b`]])));
});

test('things get a billing group', () => {
  new BillingGroupMembership(stack, 'Members', { billingGroup: BillingGroup.fromBillingGroupName(stack, 'Group', 'g'), things: things('a') }).addThing(things('b')[0]!);

  Template.fromStack(stack).hasResourceProperties('Custom::IotBillingGroupMembership', { BillingGroupName: 'g', ThingNames: ['a', 'b'] });
  const [group, members] = [[`${ARN}:billinggroup/g`, `${ARN}:thing/a`, `${ARN}:thing/b`], [`${ARN}:thing/a`, `${ARN}:thing/b`]];
  expect(granted(stack)).toEqual(new Map([['iot:AddThingToBillingGroup', group], ['iot:RemoveThingFromBillingGroup', group], ['iot:DescribeThing', members]]));
  expect([...granted(stack).keys()].sort()).toEqual(needed('join-billing-group'));
});

describe('policies of a thing group', () => {
  const thingGroup = () => ThingGroup.fromThingGroupName(stack, 'Group', 'g');

  test('are attached and detached by one custom resource', () => {
    new ThingGroupPolicyAttachment(stack, 'Attachment', { thingGroup: thingGroup(), policies: [policy('Read'), policy('Deny')] });

    Template.fromStack(stack).hasResourceProperties('Custom::IotThingGroupPolicyAttachment', { PolicyNames: [{ Ref: 'Deny' }, { Ref: 'Read' }] });
    expect(granted(stack)).toEqual(new Map([
      ['iot:AttachPolicy', [`${ARN}:thinggroup/g`]],
      ['iot:DetachPolicy', [`${ARN}:thinggroup/g`]],
      // AWS IoT has no resource for it.
      ['iot:ListAttachedPolicies', ['*']],
    ]));
    expect([...granted(stack).keys()].sort()).toEqual(needed('attach-group-policies'));
  });

  test.each([0, 3])('fail for %d', (count) => {
    const policies = Array.from({ length: count }, (_, index) => policy(`P${index}`));

    expect(() => new ThingGroupPolicyAttachment(stack, 'Attachment', { thingGroup: thingGroup(), policies })).toThrow(
      `'policies' must have one or 2 entries, got ${count}; merge some of them into one policy (at Stack/Attachment)`,
    );
  });

  test('fail for a dynamic group', () => {
    const dynamic = new DynamicThingGroup(stack, 'Dynamic', { queryString: 'attributes.a:1' });

    expect(() => new ThingGroupPolicyAttachment(stack, 'Attachment', { thingGroup: dynamic, policies: [policy('P')] })).toThrow("'thingGroup' must be a static thing group");
  });
});

describe('the quarantine group', () => {
  test('denies everything to its things', () => {
    const allowAll = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
    const quarantine = new QuarantineGroup(stack, 'Quarantine', { thingGroupName: 'quarantine', things: things('a') });
    quarantine.addThing(things('b')[0]!);
    const device = new Device([allowAll, ...policyDocuments(stack)], { thingName: 'a' });

    for (const [action, resource] of [['iot:Connect', 'a'], ['iot:Publish', 'x'], ['iot:Subscribe', 'x'], ['iot:Receive', 'x']] as const) {
      expect(new Device([allowAll], { thingName: 'a' }).decide(action, resource)).toBe('allow');
      expect(device.decide(action, resource)).toBe('deny');
    }
    Template.fromStack(stack).hasResourceProperties('Custom::IotThingGroupMembership', { ThingNames: ['a', 'b'], OverrideDynamicGroups: 'true' });
    Template.fromStack(stack).resourceCountIs('Custom::IotThingGroupPolicyAttachment', 1);
  });

  test('is a thing group that others can name', () => {
    const quarantine = new QuarantineGroup(stack, 'Quarantine');
    new ThingGroupMembership(stack, 'More', { thingGroup: quarantine, things: things('a') });

    Template.fromStack(stack).hasResourceProperties('Custom::IotThingGroupMembership', { ThingGroupName: { Ref: Match.stringLikeRegexp('^QuarantineGroup') } });
    expect(quarantine.env).toMatchObject(ENV);
  });
});

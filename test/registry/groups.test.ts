import { App, Lazy, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iot from 'aws-cdk-lib/aws-iot';
import { BillingGroup, DynamicThingGroup, ThingGroup } from '../../lib/registry';

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: '123456789012', region: 'eu-central-1' } });
});

function onlyResource(): unknown {
  return Object.values(Template.fromStack(stack).toJSON().Resources)[0];
}

describe('a thing group', () => {
  test('is bare by default', () => {
    new ThingGroup(stack, 'Group');

    expect(onlyResource()).toEqual({ Type: 'AWS::IoT::ThingGroup' });
  });

  test('has the properties it is given', () => {
    const group = new ThingGroup(stack, 'Group', {
      thingGroupName: 'berlin',
      description: 'Berlin',
      attributes: { country: 'de' },
      parent: ThingGroup.fromThingGroupName(stack, 'Parent', 'europe'),
    });
    Tags.of(group).add('team', 'climate');

    Template.fromStack(stack).hasResourceProperties('AWS::IoT::ThingGroup', {
      ThingGroupName: 'berlin',
      ParentGroupName: 'europe',
      QueryString: Match.absent(),
      ThingGroupProperties: { ThingGroupDescription: 'Berlin', AttributePayload: { Attributes: { country: 'de' } } },
      Tags: [{ Key: 'team', Value: 'climate' }],
    });
  });

  test('refers to its parent, so that it is deleted first', () => {
    const parent = new ThingGroup(stack, 'Parent');
    new ThingGroup(stack, 'Child', { parent });

    Template.fromStack(stack).hasResourceProperties('AWS::IoT::ThingGroup', { ParentGroupName: stack.resolve(parent.thingGroupName) });
  });

  test('knows its name, ARN and id', () => {
    const group = new ThingGroup(stack, 'Group');
    const logicalId = stack.getLogicalId(group.node.defaultChild as never);

    expect(stack.resolve({ ...group.thingGroupRef, id: group.thingGroupId })).toEqual({
      thingGroupName: { Ref: logicalId },
      thingGroupArn: { 'Fn::GetAtt': [logicalId, 'Arn'] },
      id: { 'Fn::GetAtt': [logicalId, 'Id'] },
    });
  });

  test('fails below a dynamic one, L1 or L2', () => {
    const dynamic = new DynamicThingGroup(stack, 'Dynamic', { queryString: 'attributes.site:berlin' });
    const l1 = new iot.CfnThingGroup(stack, 'L1', { queryString: 'attributes.site:berlin' });

    expect(() => new ThingGroup(stack, 'One', { parent: dynamic })).toThrow("'parent' must be a static thing group, got the dynamic one at Stack/Dynamic (at Stack/One)");
    expect(() => new ThingGroup(stack, 'Two', { parent: l1 })).toThrow("'parent' must be a static thing group, got the dynamic one at Stack/L1 (at Stack/Two)");
  });

  test('warns of a colon in its name', () => {
    new ThingGroup(stack, 'Group', { thingGroupName: 'site:berlin' });

    Annotations.fromStack(stack).hasWarning(
      '/Stack/Group',
      '\'thingGroupName\' contains a colon, which other AWS services take for a delimiter, got "site:berlin" [ack: cdk-iot-warden:ThingGroup.colonInName]',
    );
  });

  test('fails for a bad name, description or attribute', () => {
    const attributes = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`a${i}`, '']));

    expect(() => new ThingGroup(stack, 'A', { thingGroupName: 'a b' })).toThrow("'thingGroupName' must consist of");
    expect(() => new ThingGroup(stack, 'B', { description: 'a\tb' })).toThrow("'description' must consist of");
    expect(() => new ThingGroup(stack, 'C', { attributes: { site: 'a b' } })).toThrow("'attributes.site' must consist of");
    expect(() => new ThingGroup(stack, 'D', { attributes })).toThrow("'attributes' must have at most 50 entries, got 51: AWS IoT keeps no more for a thing group (at Stack/D)");
  });

  test('from outside the app is known by name or ARN', () => {
    const arn = 'arn:aws:iot:us-east-1:210987654321:thinggroup/berlin';
    const group = ThingGroup.fromThingGroupArn(stack, 'Arn', arn);

    expect(group.thingGroupRef).toEqual({ thingGroupName: 'berlin', thingGroupArn: arn });
    expect(group.env).toEqual({ account: '210987654321', region: 'us-east-1' });
    expect(stack.resolve(ThingGroup.fromThingGroupName(stack, 'Name', 'berlin').thingGroupArn)).toEqual({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-central-1:123456789012:thinggroup/berlin']],
    });
  });
});

describe('a dynamic thing group', () => {
  test('has a query', () => {
    new DynamicThingGroup(stack, 'Group', { queryString: 'attributes.site:berlin', thingGroupName: 'berlin', description: 'Berlin', attributes: { country: 'de' } });

    Template.fromStack(stack).hasResourceProperties('AWS::IoT::ThingGroup', {
      ThingGroupName: 'berlin',
      QueryString: 'attributes.site:berlin',
      ThingGroupProperties: { ThingGroupDescription: 'Berlin', AttributePayload: { Attributes: { country: 'de' } } },
    });
  });

  test.each([
    ['', `'queryString' must consist of one or more characters, got "" (at Stack/Group)`],
    ['a'.repeat(1001), "'queryString' must be at most 1000 characters long, got 1001 (at Stack/Group)"],
  ])('fails for the query %j', (queryString, message) => {
    expect(() => new DynamicThingGroup(stack, 'Group', { queryString })).toThrow(message);
  });

  test('accepts the longest query', () => {
    new DynamicThingGroup(stack, 'Group', { queryString: 'a'.repeat(1000) });
  });
});

describe('a billing group', () => {
  test('is bare by default', () => {
    new BillingGroup(stack, 'Group');

    expect(onlyResource()).toEqual({ Type: 'AWS::IoT::BillingGroup' });
  });

  test('has the properties it is given, and tags', () => {
    Tags.of(new BillingGroup(stack, 'Group', { billingGroupName: 'berlin', description: 'Berlin' })).add('cost', '42');

    Template.fromStack(stack).hasResourceProperties('AWS::IoT::BillingGroup', {
      BillingGroupName: 'berlin',
      BillingGroupProperties: { BillingGroupDescription: 'Berlin' },
      Tags: [{ Key: 'cost', Value: '42' }],
    });
  });

  test('knows its name, ARN and id', () => {
    const group = new BillingGroup(stack, 'Group');
    const logicalId = stack.getLogicalId(group.node.defaultChild as never);

    expect(stack.resolve({ ...group.billingGroupRef, id: group.billingGroupId })).toEqual({
      billingGroupName: { Ref: logicalId },
      billingGroupArn: { 'Fn::GetAtt': [logicalId, 'Arn'] },
      id: { 'Fn::GetAtt': [logicalId, 'Id'] },
    });
  });

  test('fails for a bad name or description', () => {
    expect(() => new BillingGroup(stack, 'A', { billingGroupName: 'a b' })).toThrow("'billingGroupName' must consist of");
    expect(() => new BillingGroup(stack, 'B', { description: 'a\nb' })).toThrow("'description' must consist of");
  });

  test('from outside the app is known by name or ARN', () => {
    const arn = 'arn:aws:iot:us-east-1:210987654321:billinggroup/berlin';
    const group = BillingGroup.fromBillingGroupArn(stack, 'Arn', arn);

    expect(group.billingGroupRef).toEqual({ billingGroupName: 'berlin', billingGroupArn: arn });
    expect(group.env).toEqual({ account: '210987654321', region: 'us-east-1' });
    expect(BillingGroup.fromBillingGroupName(stack, 'Name', 'berlin').billingGroupName).toBe('berlin');
  });
});

test('tokens are not checked', () => {
  const text = Lazy.string({ produce: () => 'x' });
  new ThingGroup(stack, 'Static', { thingGroupName: text, description: text, attributes: { site: text } });
  new DynamicThingGroup(stack, 'Dynamic', { thingGroupName: text, queryString: text });
  new BillingGroup(stack, 'Billing', { billingGroupName: text, description: text });
});

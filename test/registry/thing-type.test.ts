import { App, Fn, Lazy, Stack, Tags } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ConnectionAttribute, PropagatingAttribute, ThingType } from '../../lib/registry';

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: '123456789012', region: 'eu-central-1' } });
});

test('a thing type is bare by default', () => {
  new ThingType(stack, 'Type');

  expect(Object.values(Template.fromStack(stack).toJSON().Resources)).toEqual([{ Type: 'AWS::IoT::ThingType' }]);
});

test('a thing type has the properties it is given', () => {
  const type = new ThingType(stack, 'Type', {
    thingTypeName: 'sensor',
    description: 'Measures – in °C',
    searchableAttributes: ['site', 'floor', 'room'],
    propagatingAttributes: [
      PropagatingAttribute.thingAttribute('site', 'site'),
      PropagatingAttribute.connectionAttribute('$thing', ConnectionAttribute.THING_NAME),
      PropagatingAttribute.connectionAttribute('client.id', ConnectionAttribute.CLIENT_ID),
    ],
    deprecated: true,
  });
  Tags.of(type).add('team', 'climate');

  Template.fromStack(stack).hasResourceProperties('AWS::IoT::ThingType', {
    ThingTypeName: 'sensor',
    DeprecateThingType: true,
    ThingTypeProperties: {
      ThingTypeDescription: 'Measures – in °C',
      SearchableAttributes: ['site', 'floor', 'room'],
      Mqtt5Configuration: {
        PropagatingAttributes: [
          { UserPropertyKey: 'site', ThingAttribute: 'site' },
          { UserPropertyKey: '$thing', ConnectionAttribute: 'iot:Thing.ThingName' },
          { UserPropertyKey: 'client.id', ConnectionAttribute: 'iot:ClientId' },
        ],
      },
    },
    Tags: [{ Key: 'team', Value: 'climate' }],
  });
});

test('a thing type knows its name, ARN and id', () => {
  const type = new ThingType(stack, 'Type');
  const logicalId = stack.getLogicalId(type.node.defaultChild as never);

  expect(stack.resolve({ ...type.thingTypeRef, id: type.thingTypeId })).toEqual({
    thingTypeName: { Ref: logicalId },
    thingTypeArn: { 'Fn::GetAtt': [logicalId, 'Arn'] },
    id: { 'Fn::GetAtt': [logicalId, 'Id'] },
  });
});

test.each<[string, ConstructorParameters<typeof ThingType>[2], string]>([
  ['a bad name', { thingTypeName: 'a b' }, `'thingTypeName' must consist of one or more of a-z, A-Z, 0-9, ":", "_" and "-", got "a b" (at Stack/Type)`],
  ['a long description', { description: 'a'.repeat(2029) }, "'description' must be at most 2028 characters long, got 2029 (at Stack/Type)"],
  ['a description of two lines', { description: 'a\nb' }, `'description' must consist of one line without tabs and other control characters, got "a\\nb" (at Stack/Type)`],
  ['four searchable attributes', { searchableAttributes: ['a', 'b', 'c', 'd'] }, "'searchableAttributes' must have at most 3 entries, got 4 (at Stack/Type)"],
  [
    'a bad searchable attribute',
    { searchableAttributes: ['a b'] },
    `'searchableAttributes' must consist of one or more of a-z, A-Z, 0-9, "_", ".", ",", "@", "/", ":", "#" and "-", got "a b" (at Stack/Type)`,
  ],
  [
    'a bad user property key',
    { propagatingAttributes: [PropagatingAttribute.thingAttribute('my-site', 'site')] },
    `'userPropertyKey' must consist of one or more of a-z, A-Z, 0-9, ":", "$" and ".", got "my-site" (at Stack/Type)`,
  ],
  [
    'a bad attribute to propagate',
    { propagatingAttributes: [PropagatingAttribute.thingAttribute('site', 'my site')] },
    `'attribute' must consist of one or more of a-z, A-Z, 0-9, "_", ".", ",", "@", "/", ":", "#" and "-", got "my site" (at Stack/Type)`,
  ],
])('a thing type fails for %s', (_name, props, message) => {
  expect(() => new ThingType(stack, 'Type', props)).toThrow(message);
});

test('tokens are not checked', () => {
  const text = Lazy.string({ produce: () => 'x' });
  new ThingType(stack, 'Type', {
    thingTypeName: text,
    description: text,
    searchableAttributes: Fn.split(',', text),
    propagatingAttributes: [PropagatingAttribute.thingAttribute(text, text)],
  });
});

test('a thing type from outside the app is known by name or ARN', () => {
  const arn = 'arn:aws-cn:iot:cn-north-1:210987654321:thingtype/sensor';
  const byArn = ThingType.fromThingTypeArn(stack, 'Arn', arn);
  const byName = ThingType.fromThingTypeName(stack, 'Name', 'sensor');

  expect(byArn.thingTypeRef).toEqual({ thingTypeName: 'sensor', thingTypeArn: arn });
  expect(byArn.env).toEqual({ account: '210987654321', region: 'cn-north-1' });
  expect(byName.thingTypeName).toBe('sensor');
  expect(stack.resolve(byName.thingTypeArn)).toEqual({
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-central-1:123456789012:thingtype/sensor']],
  });
  expect(() => ThingType.fromThingTypeName(stack, 'Bad', 'a b')).toThrow("'thingTypeName' must consist of");
});

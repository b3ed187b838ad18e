import { App, CfnOutput, CfnParameter, Lazy, PhysicalName, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import fc from 'fast-check';
import { Thing } from '../../lib/registry';

let app: App;
let stack: Stack;

beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack', { env: { account: '123456789012', region: 'eu-central-1' } });
});

test('a thing has a generated name and no attributes by default', () => {
  new Thing(stack, 'Thing');

  Template.fromStack(stack).hasResource('AWS::IoT::Thing', { Type: 'AWS::IoT::Thing', Properties: Match.absent() });
});

test('a thing has the name and the attributes it is given', () => {
  new Thing(stack, 'Thing', { thingName: 'sensor:1', attributes: { site: 'berlin', 'a/b#c': '' } });

  Template.fromStack(stack).hasResourceProperties('AWS::IoT::Thing', {
    ThingName: 'sensor:1',
    AttributePayload: { Attributes: { site: 'berlin', 'a/b#c': '' } },
  });
});

test('a thing knows its name, ARN and id', () => {
  const thing = new Thing(stack, 'Thing', { thingName: 'one' });
  const logicalId = stack.getLogicalId(thing.node.defaultChild as never);

  expect(stack.resolve({ ...thing.thingRef, id: thing.thingId })).toEqual({
    thingName: { Ref: logicalId },
    thingArn: { 'Fn::GetAtt': [logicalId, 'Arn'] },
    id: { 'Fn::GetAtt': [logicalId, 'Id'] },
  });
});

test('a thing can be used in another stack', () => {
  const other = new Stack(app, 'Other', { env: { account: stack.account, region: stack.region } });
  new CfnOutput(other, 'Output', { value: new Thing(stack, 'Thing').thingArn });

  Template.fromStack(other).hasOutput('Output', { Value: { 'Fn::ImportValue': Match.stringLikeRegexp('^Stack:') } });
});

test('a thing can be used in another region', () => {
  const other = new Stack(app, 'Other', { env: { account: '123456789012', region: 'us-east-1' } });
  const thing = new Thing(stack, 'Thing', { thingName: PhysicalName.GENERATE_IF_NEEDED });
  new CfnOutput(other, 'Output', { value: thing.thingArn });

  Template.fromStack(other).hasOutput('Output', {
    Value: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, Match.stringLikeRegexp('^:iot:eu-central-1:123456789012:thing/stack')]] },
  });
});

describe('thingName', () => {
  test.each(['a', 'a'.repeat(128), 'A-z_0:9'])('accepts %s', (thingName) => {
    new Thing(stack, 'Thing', { thingName });
  });

  test.each(['', 'my thing', 'a/b', 'a+', 'ä', 'a\n'])('fails for %j', (thingName) => {
    expect(() => new Thing(stack, 'Thing', { thingName })).toThrow(
      `'thingName' must consist of one or more of a-z, A-Z, 0-9, ":", "_" and "-", got ${JSON.stringify(thingName)} (at Stack/Thing)`,
    );
  });

  test('fails for 129 characters', () => {
    expect(() => new Thing(stack, 'Thing', { thingName: 'a'.repeat(129) })).toThrow("'thingName' must be at most 128 characters long, got 129 (at Stack/Thing)");
  });
});

describe('attributes', () => {
  test('fail for more than 3', () => {
    expect(() => new Thing(stack, 'Thing', { attributes: { a: '1', b: '2', c: '3', d: '4' } })).toThrow(
      "'attributes' must have at most 3 entries, got 4: CloudFormation cannot give a thing the thing type that more would need (at Stack/Thing)",
    );
  });

  test.each<[Record<string, string>, string]>([
    [{ 'my site': '' }, '\'attributes\' must consist of one or more of a-z, A-Z, 0-9, "_", ".", ",", "@", "/", ":", "#" and "-", got "my site" (at Stack/Thing)'],
    [{ ['a'.repeat(129)]: '' }, "'attributes' must be at most 128 characters long, got 129 (at Stack/Thing)"],
    [
      { site: 'a b' },
      '\'attributes.site\' must consist of a-z, A-Z, 0-9, "_", ".", ",", "@", "/", ":", "#", "=", "[", "]" and "-", got "a b" (at Stack/Thing)',
    ],
    [{ site: 'a'.repeat(801) }, "'attributes.site' must be at most 800 characters long, got 801 (at Stack/Thing)"],
  ])('fail for %j', (attributes, message) => {
    expect(() => new Thing(stack, 'Thing', { attributes })).toThrow(message);
  });

  test('accept the longest name and value', () => {
    new Thing(stack, 'Thing', { attributes: { ['a'.repeat(128)]: 'a=[b]'.repeat(160) } });
  });
});

test('tokens are not checked, wherever they stand', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const text = `${before}${Lazy.string({ produce: () => 'x' })}${after}`;
      new Thing(stack, 'Thing', { thingName: text, attributes: { [text]: text, site: text } });
      Thing.fromThingName(stack, 'Name', text);
      stack.node.tryRemoveChild('Thing');
      stack.node.tryRemoveChild('Name');
    }),
  );
});

describe('a thing from outside the app', () => {
  test('is known by its name, in the environment of the stack', () => {
    const thing = Thing.fromThingName(stack, 'Thing', 'one');

    expect(thing.thingName).toBe('one');
    expect(thing.env).toEqual({ account: '123456789012', region: 'eu-central-1' });
    expect(stack.resolve(thing.thingArn)).toEqual({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-central-1:123456789012:thing/one']] });
  });

  test('is known by its ARN, with account and region', () => {
    const thing = Thing.fromThingArn(stack, 'Thing', 'arn:aws-cn:iot:cn-north-1:210987654321:thing/site:7');

    expect(thing.thingRef).toEqual({ thingName: 'site:7', thingArn: 'arn:aws-cn:iot:cn-north-1:210987654321:thing/site:7' });
    expect(thing.env).toEqual({ account: '210987654321', region: 'cn-north-1' });
  });

  test('can be known at deployment only', () => {
    const arn = new CfnParameter(stack, 'Arn').valueAsString;
    const thing = Thing.fromThingArn(stack, 'Thing', arn);

    expect(stack.resolve(thing.env.region)).toEqual({ 'Fn::Select': [3, { 'Fn::Split': [':', { Ref: 'Arn' }] }] });
  });

  test('fails for a name or an ARN that is none', () => {
    expect(() => Thing.fromThingName(stack, 'Thing', 'a b')).toThrow("'thingName' must consist of");
    expect(() => Thing.fromThingArn(stack, 'Thing', 'one')).toThrow(`'thingArn' must look like "arn:aws:iot:REGION:ACCOUNT:thing/NAME", got "one" (at Stack)`);
  });

  test('creates nothing', () => {
    Thing.fromThingName(stack, 'Thing', 'one');

    expect(Template.fromStack(stack).toJSON()).not.toHaveProperty('Resources');
  });
});

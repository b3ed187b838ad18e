import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { iotArn, nameFromArn } from '../../lib/private/arns';

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});

test('an ARN follows partition, region and account of the stack', () => {
  expect(stack.resolve(iotArn(stack, 'thing', 'one'))).toEqual({
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, ':thing/one']],
  });
});

test('a name is read from an ARN, colons included', () => {
  expect(nameFromArn(stack, 'thingArn', 'arn:aws-us-gov:iot:us-gov-west-1:123456789012:thing/site:7', 'thing')).toBe('site:7');
});

test('a name is read from a token at deployment, colons included', () => {
  const arn = new CfnParameter(stack, 'Arn').valueAsString;

  expect(stack.resolve(nameFromArn(stack, 'thingArn', arn, 'thing'))).toEqual({ 'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: 'Arn' }] }] });
});

test.each([
  'one',
  'arn:aws:iot:eu-central-1:123456789012:thing',
  'arn:aws:iot:eu-central-1:123456789012:thing/',
  'arn:aws:iot:eu-central-1:123456789012:thing/a/b',
  'arn:aws:iot:eu-central-1:123456789012:thinggroup/one',
  'arn:aws:sns:eu-central-1:123456789012:thing/one',
])('a name cannot be read from %s', (arn) => {
  expect(() => nameFromArn(stack, 'thingArn', arn, 'thing')).toThrow(`'thingArn' must look like "arn:aws:iot:REGION:ACCOUNT:thing/NAME", got "${arn.slice(0, 40)}`);
});

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { HandlerFunction } from '../../lib/private/custom-resource';
import { handlerCode } from '../../lib/private/handler-code';

const KIND = { name: 'describe-endpoint', description: 'Looks something up' };

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});

test('a stack has one function of a kind', () => {
  const [one, two] = [HandlerFunction.of(stack, KIND), HandlerFunction.of(stack, KIND)];

  expect(one).toBe(two);
  Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 1);
});

test('a function is up to date, has its own log that ends, and may do nothing else', () => {
  HandlerFunction.of(stack, KIND);

  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Lambda::Function', {
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    Timeout: 900,
    LoggingConfig: { LogGroup: { Ref: Match.stringLikeRegexp('Logs') } },
    Environment: Match.absent(),
  });
  template.hasResource('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 30 }, DeletionPolicy: 'Delete' });
  template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: [{ Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('Logs'), 'Arn'] } }] },
  });
});

test('fails where the package has not been built', () => {
  expect(() => handlerCode(stack, 'missing')).toThrow(/the code of the Lambda function 'missing' is not in .*bundle.lambda; run 'npm run bundle' in the source tree of cdk-iot-warden \(at Stack\)/);
});

describe('the bundles', () => {
  const root = join(__dirname, '..', '..');
  const names = readdirSync(join(root, 'lambda')).filter((name) => !['custom-resource', 'x509'].includes(name) && existsSync(join(root, 'lambda', name, 'index.ts')));

  test.each(names)('of %s is small and has a handler', (name) => {
    const file = join(root, 'bundle', 'lambda', name, 'index.js');

    expect(statSync(file).size).toBeLessThan(150_000);
    const { handler, createHandler } = jest.requireActual<{ handler: unknown; createHandler: unknown }>(file);
    expect([typeof handler, typeof createHandler]).toEqual(['function', 'function']);
  });
});

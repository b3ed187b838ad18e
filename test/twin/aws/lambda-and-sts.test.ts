import { AwsClient } from 'aws4fetch';
import type { Functions } from '../../../lib/twin/lambda';
import { FunctionError, FunctionUnavailableError } from '../../../lib/twin/lambda';
import { EndpointOf } from './endpoint-of';

const invoked: unknown[][] = [];
const functions: Functions = {
  invoke: async (name, payload) => {
    await Promise.resolve();
    invoked.push([name, payload]);
    switch (name) {
      case 'good': return { got: payload };
      case 'bad': throw new FunctionError('bad', 'RangeError', 'too far', ['RangeError: too far', '    at x']);
      default: throw new FunctionUnavailableError(name, 'it is not in the assembly');
    }
  },
};
const ROLE = 'arn:aws:iam::123456789012:role/backend';
const endpoint = new EndpointOf({ Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'backend' } } }, functions);

beforeAll(() => endpoint.start());
afterAll(() => endpoint.stop());

function send(service: string, path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  const { endpoint: url, credentials, region } = endpoint.config;
  return new AwsClient({ ...credentials, region, service, retries: 0 }).fetch(`${url}${path}`, { method: 'POST', body, headers });
}

function invoke(name: string, body = '{"a":1}', headers: Record<string, string> = {}): Promise<Response> {
  return send('lambda', `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`, body, headers);
}

test('a function is invoked, and answers', async () => {
  const response = await invoke('good');
  expect([response.status, await response.json()]).toEqual([200, { got: { a: 1 } }]);
});

test("the handler's error is an answer of its own kind", async () => {
  const response = await invoke('bad');
  expect([response.status, response.headers.get('x-amz-function-error'), await response.json()]).toEqual([
    200, 'Unhandled', { errorType: 'RangeError', errorMessage: 'too far', trace: ['RangeError: too far', '    at x'] },
  ]);
});

test('nobody waits for an event, and its failure is told', async () => {
  const response = await invoke('bad', '{}', { 'x-amz-invocation-type': 'Event' });
  expect(response.status).toBe(202);
  expect(endpoint.faults.splice(0)).toEqual(['function bad: RangeError: too far']);
});

test.each([
  ['a function that is not there', () => invoke('other'), 404, 'ResourceNotFoundException'],
  ['a payload that is not JSON', () => invoke('good', '{'), 400, 'InvalidRequestContentException'],
  ['another operation', () => send('lambda', '/2015-03-31/functions', '{}'), 400, 'UnknownOperationException'],
  ['a name that is no part of a URL', () => send('lambda', '/2015-03-31/functions/%E0%A4%A/invocations', '{}'), 400, 'InvalidParameterValueException'],
  ['another function behind the name of one', () => invoke('mine:function:good'), 400, 'InvalidParameterValueException'],
  ['a function of another account', () => invoke('arn:aws:lambda:eu-west-1:999999999999:function:good'), 404, 'ResourceNotFoundException'],
])('fails for %s', async (_, request, status, name) => {
  const response = await request();
  expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([status, name]);
  expect(endpoint.faults).toEqual([]);
});

test('who asks is somebody of the account', async () => {
  const response = await send('sts', '/', 'Action=GetCallerIdentity&Version=2011-06-15');
  expect(await response.text()).toContain('<Account>123456789012</Account>');
  expect(await (await send('sts', '/', 'Action=GetFederationToken')).text()).toContain('<Code>UnknownOperationException</Code>');
});

describe('a role is assumed', () => {
  const assume = async (input: Record<string, string>): Promise<string> => (
    (await send('sts', '/', new URLSearchParams({ Action: 'AssumeRole', RoleSessionName: 'tester', ...input }).toString())).text()
  );

  test('if the deployment has it, with tags', async () => {
    const answer = await assume({ RoleArn: ROLE, 'Tags.member.1.Key': 'site', 'Tags.member.1.Value': 'north' });
    expect(answer).toContain('<Arn>arn:aws:sts::123456789012:assumed-role/backend/tester</Arn>');
    expect(endpoint.sessionOf(/<AccessKeyId>(\w+)</.exec(answer)![1]!)).toEqual({ kind: 'role', roleArn: ROLE, sessionName: 'tester', tags: { site: 'north' } });
  });

  test.each<[string, Record<string, string>, string]>([
    ['another role', { RoleArn: `${ROLE}-2` }, 'AccessDenied'], ['a name that STS does not take', { RoleArn: ROLE, RoleSessionName: 'a b' }, 'ValidationError'],
    ['a policy of the session', { RoleArn: ROLE, Policy: '{}' }, 'ValidationError'], ['policies of the session', { 'RoleArn': ROLE, 'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/ReadOnlyAccess' }, 'ValidationError'],
    ['a source identity', { RoleArn: ROLE, SourceIdentity: 'admin' }, 'ValidationError'], ['tags that pass on', { 'RoleArn': ROLE, 'TransitiveTagKeys.member.1': 'site' }, 'ValidationError'],
    ['too long a time', { RoleArn: ROLE, DurationSeconds: '43201' }, 'ValidationError'],
  ])('and fails for %s', async (_, input, code) => {
    expect(await assume(input)).toContain(`<Code>${code}</Code>`);
  });
});

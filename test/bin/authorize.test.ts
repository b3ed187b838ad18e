import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { AuthorizerStatus, CustomAuthorizer, TokenSigning } from '../../lib/authorizer';
import { run, scratch } from './cli';

/** Lets in who knows the word, for the topics of the device that the user name says. */
const HANDLER = `
exports.handler = async (event, { invokedFunctionArn }) => {
  const [, partition, , region, account] = invokedFunctionArn.split(':');
  const arn = (resource) => \`arn:\${partition}:iot:\${region}:\${account}:\${resource}\`;
  const { username = '', password = '', clientId } = event.protocolData.mqtt ?? {};
  const word = event.token ?? Buffer.from(password, 'base64').toString();
  console.log('asked with', word, JSON.stringify(event));
  if (word === 'throw') throw new Error('I cannot read ' + word);
  if (word === 'wait') await new Promise(() => setInterval(() => undefined, 1000));
  if (word === 'odd') return { isAuthenticated: true, principalId: 'a-b' };
  if (word === 'broken') return { isAuthenticated: true, principalId: 'a', disconnectAfterInSeconds: 300, refreshAfterInSeconds: 300, policyDocuments: [{ Version: '2012-10-17', Statement: [{ Effect: 'Maybe', Action: 'iot:Connect', Resource: '*' }] }] };
  const isAuthenticated = word === (process.env.WORD ?? 'please') && (event.token === undefined || event.signatureVerified);
  return {
    isAuthenticated, principalId: 'ann1', disconnectAfterInSeconds: 3600, refreshAfterInSeconds: 600,
    policyDocuments: isAuthenticated ? [{ Version: '2012-10-17', Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/' + clientId) },
      { Effect: 'Allow', Action: ['iot:Publish'], Resource: [arn('topic/cmd/' + username + '/*')] },
    ] }] : [],
  };
};
exports.other = async () => ({ isAuthenticated: false });
`;

let file: string;
let assembly: string;
const secret = (word: string): string => {
  const path = scratch(`${word}.txt`);
  writeFileSync(path, `${word}\n`);
  return path;
};

beforeAll(() => {
  // Beside the CLI, as in the package.
  cpSync(resolve('bundle/lambda-runtime'), scratch('lambda-runtime'), { recursive: true });
  const code = scratch('code');
  mkdirSync(code, { recursive: true });
  file = `${code}/index.js`;
  writeFileSync(file, HANDLER);
  assembly = scratch('cdk.out');
  const app = new App({ outdir: assembly });
  const stack = new Stack(app, 'Stack');
  const handler = new lambda.Function(stack, 'Function', { code: lambda.Code.fromAsset(code), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, environment: { WORD: 'template' } });
  new CustomAuthorizer(stack, 'Open', { authorizerName: 'open', handler, tokenSigning: TokenSigning.unsignedAnyoneMayInvoke() });
  new CustomAuthorizer(stack, 'Off', { authorizerName: 'off', handler, tokenSigning: TokenSigning.unsignedAnyoneMayInvoke(), status: AuthorizerStatus.INACTIVE });
  app.synth();
});

test('prints who is let in, for how long, and to what', async () => {
  const { code, stdout, stderr } = await run(['authorize', file, '--username', 'sensor-1', '--password-file', secret('please'), '--client-id', 'phone', '--simulate', 'iot:Publish', 'cmd/sensor-1/x']);
  expect(stdout).toMatch(/decision +allow\nprincipal ann1\nsession +ends after 3600 s, asked again after 600 s\n/);
  expect(stdout).toContain('arn:aws:iot:us-east-1:123456789012:topic/cmd/sensor-1/*');
  expect(stdout).toMatch(/iot:Publish +│ +cmd\/sensor-1\/x +│ +allow +│ +explicit-allow/);
  expect(code).toBe(0);
  expect(`${stdout}${stderr}`).not.toMatch(/please|cGxlYXNl/);
  expect(stderr).toContain('asked with …');
});

test('prints JSON, and exits with 1 when something simulated is denied', async () => {
  const { code, stdout } = await run(['authorize', file, '--username', 'sensor-1', '--password-file', secret('please'), '--client-id', 'phone', '--json', '--simulate', 'iot:Connect', 'phone', 'iot:Publish', 'cmd/sensor-2/x']);
  expect(JSON.parse(stdout)).toMatchObject({
    authenticated: true, problems: [], answer: { principalId: 'ann1' },
    decisions: [{ action: 'iot:Connect', resource: 'phone', decision: 'allow', reason: 'explicit-allow' }, { action: 'iot:Publish', resource: 'cmd/sensor-2/x', decision: 'deny', reason: 'implicit-deny' }],
  });
  expect(code).toBe(1);
});

test.each<[string, string[], string[]]>([
  ['a wrong word', ['--password-file', 'wrong'], []],
  ['an error', ['--password-file', 'throw'], ['function index: Error: I cannot read …']],
  ['no answer within 5 seconds', ['--password-file', 'wait'], ['function index: Sandbox.Timedout: Task timed out after 5.00 seconds']],
  ['an answer that AWS IoT does not take', ['--password-file', 'odd'], [
    "'principalId' must have 1 to 128 letters and digits", "'disconnectAfterInSeconds' must be a whole number from 300 to 86400", "'refreshAfterInSeconds' must be a whole number from 300 to 86400",
  ]],
  ['a policy that AWS IoT does not take', ['--password-file', 'broken'], [expect.stringContaining("'Maybe' is not an effect")]],
  ['another handler', ['--handler', 'other'], []],
  ['an unchecked signature', ['--token', 'please', '--unverified'], []],
])('exits with 1 for %s', async (_, args, problems) => {
  const given = args.map((arg, index) => (args[index - 1] === '--password-file' ? secret(arg) : arg));
  const { code, stdout } = await run(['authorize', file, ...given, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ authenticated: false, problems });
  expect(code).toBe(1);
});

test.each<[string, () => string[]]>([
  ['a token whose signature was checked', () => ['--token-file', secret('please')]],
  ['an event', () => {
    const event = scratch('event.json');
    writeFileSync(event, JSON.stringify({ token: 'please', signatureVerified: true, protocolData: {} }));
    return ['--event', event];
  }],
  ['a variable', () => ['--env', 'WORD=magic', '--token', 'magic']],
])('takes %s', async (_, args) => {
  expect(JSON.parse((await run(['authorize', file, ...args(), '--json'])).stdout)).toMatchObject({ authenticated: true });
});

describe('an assembly', () => {
  test('has the function of an authorizer, with its variables, in its account', async () => {
    const { stdout } = await run(['authorize', assembly, 'open', '--password-file', secret('template'), '--username', 'a', '--region', 'eu-west-1', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ authenticated: true });
    expect(stdout).toContain('arn:aws:iot:eu-west-1:123456789012:topic/cmd/a/*');
  });

  test('says that an authorizer without signing has checked none', async () => {
    expect((await run(['authorize', assembly, 'Stack/Open', '--token', 'template'])).code).toBe(1);
  });
});

test.each<[string, () => string[], string]>([
  ['several authorizers', () => [assembly], 'name one of its authorizers, expected one of: open, off'],
  ['an authorizer that is not there', () => [assembly, 'none'], "there is no authorizer 'none', expected one of: open, off"],
  ['an inactive one', () => [assembly, 'off'], 'the authorizer off is INACTIVE'],
  ['no such file', () => ['nowhere.js'], 'nowhere.js: there is no such file'],
  ['no such assembly', () => ['nowhere'], 'nowhere'],
  ['a file that cannot be read', () => [file, '--password-file', 'none.txt'], 'none.txt: cannot be read (ENOENT)'],
  ['an event and parts of one', () => [file, '--event', 'e.json', '--client-id', 'a'], '--event has all of the event'],
  ['an action that is none', () => [file, '--simulate', 'iot:Publsh', 'a'], "--simulate: 'iot:Publsh' is no action; there are iot:Connect, "],
  ['half a request', () => [file, '--simulate', 'iot:Publish'], '--simulate takes an action and a resource'],
])('exits with 2 and one line for %s', async (_, args, message) => {
  const { code, stdout, stderr } = await run(['authorize', ...args()]);
  expect(stderr).toContain(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect([code, stdout]).toEqual([2, '']);
});

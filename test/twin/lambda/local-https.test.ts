import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDeployment } from '../../../lib/deployment';
import { systemClock } from '../../../lib/twin/clock';
import { functionsOf, LambdaFunctions } from '../../../lib/twin/lambda';
import { StateFolder } from '../../../lib/twin/pki/state-folder';
import { USERS } from '../aws/app-template';
import { EndpointOf } from '../aws/endpoint-of';

/** Ways to get JSON over HTTPS; what fails is told by its code. */
const CODE = `
const https = require('node:https');
const { request } = https;
const body = (open) => new Promise((resolve, reject) => open((response) => {
  let text = '';
  response.on('data', (chunk) => { text += chunk; }).on('end', () => resolve(JSON.parse(text)));
}).on('error', reject));
const ways = {
  get: ({ url }) => body((done) => https.get(url, done)),
  getWithOptions: ({ url }) => body((done) => https.get(new URL(url), { headers: { Host: new URL(url).host, accept: '*/*' } }, done)),
  request: ({ url }) => body((done) => { const { hostname, pathname: path } = new URL(url); const sent = https.request({ hostname, path, method: 'GET' }, done); sent.end(); return sent; }),
  fetch: async ({ url }) => (await fetch(url)).json(),
  fetchRequest: async ({ url }) => (await fetch(new Request(url, { headers: { accept: '*/*' } }))).json(),
  verify: async ({ token, userPoolId, clientId }) => require('aws-jwt-verify').CognitoJwtVerifier.create({ userPoolId, clientId, tokenUse: 'id' }).verify(token),
};
exports.handler = async (event) => {
  try {
    return await ways[event.way](event);
  } catch (error) {
    return { failed: error.code ?? error.cause?.code ?? error.constructor.name };
  }
};`;

const endpoint = new EndpointOf(USERS);
let functions: LambdaFunctions;
let keys: string;

beforeAll(async () => {
  await endpoint.start();
  keys = `https://cognito-idp.eu-west-1.amazonaws.com/${endpoint.ref('Users')}/.well-known/jwks.json`;
  functions = new LambdaFunctions({
    access: () => ({ endpoint: endpoint.unsigned.endpoint, region: 'eu-west-1', credentials: endpoint.config.credentials }),
    folder: StateFolder.create(join(endpoint.folder, 'state')),
    clock: systemClock,
    project: process.cwd(),
    log: (_, line) => endpoint.lines.push(line),
  });
  const file = join(endpoint.folder, 'Function.json');
  writeFileSync(file, JSON.stringify({ Resources: { Verify: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'verify', Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 30, Code: { ZipFile: CODE } } } } }));
  functions.replace(functionsOf(readDeployment(file, { accountId: '123456789012', region: 'eu-west-1' })));
});
afterAll(() => {
  functions.stop();
  endpoint.stop();
});

function invoke(event: object): Promise<unknown> {
  return functions.invoke('verify', event, { timeoutMs: 30_000 });
}

test.each(['get', 'getWithOptions', 'request', 'fetch', 'fetchRequest'])('a function gets the keys of a user pool with %s', async (way) => {
  await expect(invoke({ way, url: keys })).resolves.toEqual({ keys: [expect.objectContaining({ kty: 'RSA', alg: 'RS256', use: 'sig' })] });
});

test('a function verifies tokens as it does on AWS', async () => {
  const token = await endpoint.apps.userPools.issueToken({ userPool: 'Users', client: 'Web', username: 'ada' });
  const event = { way: 'verify', userPoolId: endpoint.ref('Users'), clientId: endpoint.ref('Web') };
  await expect(invoke({ ...event, token })).resolves.toMatchObject({ 'cognito:username': 'ada' });
  await expect(invoke({ ...event, token: `${token.slice(0, -8)}AAAAAAAA` })).resolves.toEqual({ failed: 'JwtInvalidSignatureError' });
});

test.each(['get', 'fetch'])('what is elsewhere stays elsewhere with %s', async (way) => {
  await expect(invoke({ way, url: 'https://127.0.0.1:4/cognito-idp.eu-west-1.amazonaws.com' })).resolves.toEqual({ failed: 'ECONNREFUSED' });
});

import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import * as cognito from '@aws-sdk/client-cognito-identity';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsClient } from 'aws4fetch';
import type { Functions } from '../../../lib/twin/lambda';
import { FunctionError } from '../../../lib/twin/lambda';
import { IDENTITIES } from './app-template';
import { EndpointOf } from './endpoint-of';

type Event = Record<string, unknown> & { readonly requestContext: Record<string, unknown> };

const events: Event[] = [];
let answer: () => unknown = () => ({ statusCode: 200 });
const functions: Functions = {
  invoke: async (name, payload) => {
    expect(name).toBe('arn:aws:lambda:eu-west-1:123456789012:function:attach');
    events.push(payload as Event);
    return Promise.resolve().then(answer);
  },
};
const endpoint = new EndpointOf(IDENTITIES, functions);
let base: string;

beforeAll(async () => {
  await endpoint.start();
  base = `${endpoint.unsigned.endpoint}/_api/${endpoint.ref('Api')}`;
});
afterEach(() => {
  answer = () => ({ statusCode: 200 });
  events.length = 0;
  endpoint.lines.length = 0;
  endpoint.ahead = 0;
});
afterAll(() => endpoint.stop());

/** Credentials of a user, or of a guest. */
async function enter(username?: string) {
  const app = new cognito.CognitoIdentityClient(endpoint.unsigned);
  const provider = `cognito-idp.eu-west-1.amazonaws.com/${endpoint.ref('Users')}`;
  const Logins = username === undefined ? undefined : { [provider]: await endpoint.apps.userPools.issueToken({ userPool: 'Users', client: 'Web', username }) };
  const { IdentityId } = await app.send(new cognito.GetIdCommand({ IdentityPoolId: endpoint.ref('Pool'), Logins }));
  const { Credentials } = await app.send(new cognito.GetCredentialsForIdentityCommand({ IdentityId, Logins }));
  return { identityId: IdentityId!, accessKeyId: Credentials!.AccessKeyId!, secretAccessKey: Credentials!.SecretKey!, sessionToken: Credentials!.SessionToken! };
}

function signer(credentials: Awaited<ReturnType<typeof enter>>, more: object = {}): AwsClient {
  return new AwsClient({ ...credentials, service: 'execute-api', region: 'eu-west-1', retries: 0, ...more });
}

async function read(response: Response): Promise<unknown[]> {
  return [response.status, await response.text()];
}

const FORBIDDEN = [403, '{"message":"Forbidden"}'];

describe('a route with IAM authorization', () => {
  test('tells the function which identity has called', async () => {
    const user = await enter('ada');
    answer = () => ({ attached: true });
    const response = await signer(user).fetch(`${base}/attachment?a=1&a=2&b=x%20y`, { method: 'POST', body: '{"identityId":"eu-west-1:of-another"}', headers: { 'content-type': 'application/json', cookie: 'one=1; two=2' } });
    expect([response.headers.get('content-type'), ...await read(response)]).toEqual(['application/json', 200, '{"attached":true}']);

    const [event] = events;
    const role = endpoint.ref('UserRole');
    expect(event).toMatchObject({
      version: '2.0', routeKey: 'POST /attachment', rawPath: '/attachment', rawQueryString: 'a=1&a=2&b=x%20y', queryStringParameters: { a: '1,2', b: 'x y' }, cookies: ['one=1', 'two=2'],
      body: '{"identityId":"eu-west-1:of-another"}', isBase64Encoded: false, headers: { 'content-type': 'application/json' },
    });
    expect(event!.requestContext).toMatchObject({
      accountId: '123456789012', apiId: endpoint.ref('Api'), stage: '$default', routeKey: 'POST /attachment', domainName: `${endpoint.ref('Api')}.execute-api.eu-west-1.amazonaws.com`,
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      http: { method: 'POST', path: '/attachment', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      authorizer: {
        iam: {
          accessKey: user.accessKeyId, accountId: '123456789012', callerId: expect.stringMatching(/^AROA[0-9A-F]{16}:CognitoIdentityCredentials$/), principalOrgId: null,
          userArn: `arn:aws:sts::123456789012:assumed-role/${role}/CognitoIdentityCredentials`, userId: expect.stringMatching(/:CognitoIdentityCredentials$/),
          cognitoIdentity: { identityId: user.identityId, identityPoolId: endpoint.ref('Pool'), amr: ['authenticated', expect.any(String), expect.stringContaining(':CognitoSignIn:')] },
        },
      },
    });
  });

  test('takes what the library of the AWS SDK signs, and calls of the operator have no identity', async () => {
    const { hostname, port } = new URL(base);
    const sha256 = class {
      private readonly hash;
      constructor(secret?: Uint8Array) {
        this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
      }
      update(data: Uint8Array) { this.hash.update(data); }
      digest() { return Promise.resolve(new Uint8Array(this.hash.digest())); }
      reset() {}
    };
    const signature = new SignatureV4({ service: 'execute-api', region: 'eu-west-1', credentials: endpoint.config.credentials, sha256: sha256 as never });
    const path = new URL(`${base}/attachment`).pathname;
    const signed = await signature.sign({ method: 'POST', protocol: 'http:', hostname, port: Number(port), path, headers: { host: `${hostname}:${port}` }, query: {}, body: 'x' });
    await expect(read(await fetch(`${base}/attachment`, { method: 'POST', headers: signed.headers, body: 'x' }))).resolves.toEqual([200, '']);
    expect(events[0]!.requestContext.authorizer).toMatchObject({ iam: { cognitoIdentity: null } });
  });

  test.each<[string, (user: Awaited<ReturnType<typeof enter>>) => Promise<Response>, RegExp]>([
    ['without a signature', () => fetch(`${base}/attachment`, { method: 'POST' }), /MissingAuthenticationToken/],
    ['of a guest', async () => signer(await enter()).fetch(`${base}/attachment`, { method: 'POST' }), /GuestRole\S* does not allow execute-api:Invoke on arn:aws:execute-api:eu-west-1:123456789012:\w+\/\$default\/POST\/attachment/],
    ['with another secret key', (user) => signer({ ...user, secretAccessKey: 'guessed' }).fetch(`${base}/attachment`, { method: 'POST' }), /InvalidSignatureException/],
    ['with another session token', (user) => signer({ ...user, sessionToken: 'guessed' }).fetch(`${base}/attachment`, { method: 'POST' }), /UnrecognizedClientException/],
    ['for another service', (user) => signer(user, { service: 'iot' }).fetch(`${base}/attachment`, { method: 'POST' }), /signed for iot in eu-west-1/],
    ['for another Region', (user) => signer(user, { region: 'us-east-1' }).fetch(`${base}/attachment`, { method: 'POST' }), /signed for execute-api in us-east-1/],
    ['whose body was altered', async (user) => {
      const signed = await signer(user).sign(`${base}/attachment`, { method: 'POST', body: 'a' });
      return fetch(signed.url, { method: 'POST', headers: signed.headers, body: 'b' });
    }, /InvalidSignatureException/],
    ['that was made for another path', async (user) => {
      const signed = await signer(user).sign(`${base}/public/x`, { method: 'POST' });
      return fetch(`${base}/attachment`, { method: 'POST', headers: signed.headers });
    }, /InvalidSignatureException/],
    ['that is repeated later', async (user) => {
      const signed = await signer(user).sign(`${base}/attachment`, { method: 'POST' });
      endpoint.ahead = 10 * 60_000;
      return fetch(signed);
    }, /Signature expired/],
    ['with credentials that have expired', async (user) => {
      const signed = await signer(user).sign(`${base}/attachment`, { method: 'POST' });
      endpoint.ahead = 2 * 3_600_000;
      return fetch(signed);
    }, /ExpiredTokenException/],
    ['of a page of another site', (user) => signer(user).fetch(`${base}/attachment`, { method: 'POST', headers: { origin: 'https://app.example' } }), /not of this computer/],
  ])('refuses a request %s, and says why to who runs the twin alone', async (_, send, reason) => {
    expect(await read(await send(await enter('ada')))).toEqual(FORBIDDEN);
    expect(endpoint.lines).toEqual([expect.stringMatching(reason)]);
    expect(events).toEqual([]);
  });
});

describe('a request reaches the route that fits it best', () => {
  test.each([
    ['GET', '/public/list', 'GET /public/list', undefined],
    ['POST', '/public/list', 'ANY /public/{thing}', { thing: 'list' }],
    ['GET', '/public/a%2Fb', 'ANY /public/{thing}', { thing: 'a/b' }],
    ['GET', '/files/a/b', 'GET /files/{path+}', { path: 'a/b' }],
    ['GET', '/slow/files/a', 'GET /files/{path+}', { path: 'a' }],
  ])('%s %s', async (method, path, routeKey, pathParameters) => {
    expect((await fetch(`${base}${path}`, { method })).status).toBe(200);
    expect(events[0]).toMatchObject({ routeKey, rawPath: path, ...pathParameters && { pathParameters } });
    expect(events[0]!.requestContext).not.toHaveProperty('authorizer');
  });

  test.each([['GET', '/attachment'], ['GET', '/'], ['GET', '/public/'], ['GET', '/public/a/b'], ['POST', '/files/a']])('no route: %s %s', async (method, path) => {
    expect(await read(await fetch(`${base}${path}`, { method }))).toEqual([404, '{"message":"Not Found"}']);
  });
});

test('a body that is no text is base64, in both directions', async () => {
  answer = () => ({ statusCode: 201, headers: { 'Content-Type': 'image/png', 'x-trace': 't' }, cookies: ['a=1; Secure', 'b=2'], body: 'AAEC', isBase64Encoded: true });
  const response = await fetch(`${base}/public/x`, { method: 'POST', body: Buffer.from([255, 0]), headers: { 'content-type': 'application/octet-stream' } });
  expect(events[0]).toMatchObject({ body: '/wA=', isBase64Encoded: true });
  expect([response.status, response.headers.get('content-type'), response.headers.getSetCookie()]).toEqual([201, 'image/png', ['a=1; Secure', 'b=2']]);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from([0, 1, 2]));
});

test.each<[string, () => unknown, unknown[]]>([
  ['text without a status', () => 'hello', [200, 'hello']],
  ['nothing', () => null, [200, 'null']],
  ['an error', () => { throw new FunctionError('attach', 'Error', 'secret detail'); }, [500, '{"message":"Internal Server Error"}']],
  ['nothing in time', () => { throw new FunctionError('attach', 'Sandbox.Timedout', 'Task timed out after 30.00 seconds'); }, [503, '{"message":"Service Unavailable"}']],
  ['a status that is none', () => ({ statusCode: 'often' }), [500, '{"message":"Internal Server Error"}']],
  ['a header with a line break', () => ({ statusCode: 200, headers: { 'x-a': 'b\r\nx-c: d' } }), [500, '{"message":"Internal Server Error"}']],
])('a function answers with %s', async (_, given, expected) => {
  answer = given;
  expect(await read(await fetch(`${base}/public/x`))).toEqual(expected);
});

describe('CORS', () => {
  const preflight = async (origin: string) => {
    const response = await fetch(`${base}/attachment`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } });
    return [response.status, ...['origin', 'methods', 'headers'].map((name) => response.headers.get(`access-control-allow-${name}`)), response.headers.get('access-control-max-age')];
  };

  test('is what the API says, for pages of this computer', async () => {
    expect(await preflight('http://localhost:5173')).toEqual([204, 'http://localhost:5173', 'POST', 'authorization,x-amz-date', '60']);
    expect(await preflight('http://localhost:4000')).toEqual([204, null, null, null, null]);
    expect(await preflight('https://app.example')).toEqual([403, null, null, null, null]);
  });

  test('of the API goes before what the function says', async () => {
    answer = () => ({ statusCode: 200, headers: { 'access-control-allow-origin': '*' } });
    const origins = await Promise.all(['http://localhost:5173', 'http://localhost:4000'].map(async (origin) => {
      const { headers } = await fetch(`${base}/public/x`, { headers: { origin } });
      return [headers.get('access-control-allow-origin'), headers.get('access-control-expose-headers')];
    }));
    expect(origins).toEqual([['http://localhost:5173', 'x-trace'], [null, null]]);
  });
});

test('a stage lets so many requests through', async () => {
  const statuses: number[] = [];
  endpoint.ahead = 10_000;
  for (let count = 0; count < 4; count++) {
    statuses.push((await fetch(`${base}/slow/public/x`)).status);
  }
  expect(statuses).toEqual([200, 200, 429, 429]);
  endpoint.ahead = 11_000;
  expect((await fetch(`${base}/slow/public/x`)).status).toBe(200);
});

test.each([
  ['an API that is not there', () => fetch(`${endpoint.unsigned.endpoint}/_api/unknown/x`), [404, '{"message":"Not Found"}']],
  ['another authorization', () => fetch(`${base}/jwt`), FORBIDDEN],
  ['a body that is too large', () => fetch(`${base}/public/x`, { method: 'POST', body: Buffer.alloc(11 * 1024 * 1024) }), [413, '{"message":"Request Entity Too Large"}']],
])('fails for %s', async (_, call, expected) => {
  expect(await read(await call())).toEqual(expected);
  expect(events).toEqual([]);
  expect(endpoint.faults).toEqual([]);
});

test('fails for oversized headers', async () => {
  const status = await new Promise((resolve, reject) => {
    request(`${base}/public/x`, { headers: { 'x-large': 'x'.repeat(20_000) } }, ({ statusCode }) => resolve(statusCode)).on('error', reject).end();
  });
  expect(status).toBe(431);
});

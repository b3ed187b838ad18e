import { AwsClient } from 'aws4fetch';
import { AccessKeys, verifySignature } from '../../../lib/twin/aws';
import type { SignedRequest } from '../../../lib/twin/aws';

const NOW = Date.UTC(2026, 0, 1, 12);
const keys = new AccessKeys(() => NOW);
const credentials = keys.issue(NOW + 3_600_000, { kind: 'role', roleArn: 'arn:aws:iam::123456789012:role/backend', sessionName: 'test' });
const BODY = '{"on":true}';

/** A request that a library signed which is none of the twin's. */
async function signed(url: string, options: { readonly query?: boolean; readonly at?: number; readonly service?: string; readonly expires?: number; readonly secret?: string } = {}): Promise<SignedRequest> {
  const { query = false, at = NOW, service = 'iotdata', expires, secret } = options;
  const client = new AwsClient({ ...credentials, ...(secret && { secretAccessKey: secret }), region: 'eu-west-1', service });
  const target = new URL(url);
  if (expires !== undefined) {
    target.searchParams.set('X-Amz-Expires', String(expires));
  }
  const request = await client.sign(target.href, {
    method: query ? 'GET' : 'POST', ...(query ? {} : { body: BODY }), aws: { signQuery: query, datetime: new Date(at).toISOString().replace(/[-:]|\.\d+/g, '') },
  });
  const sent = new URL(request.url);
  return {
    method: request.method,
    url: `${sent.pathname}${sent.search}`,
    headers: { ...Object.fromEntries(request.headers), host: sent.host },
    body: Buffer.from(query ? '' : BODY),
  };
}

const PUBLISH = 'https://localhost:8443/topics/dt%2Fpump%201%2Ftelemetry?qos=1';
const MQTT = 'wss://localhost:8443/mqtt';
const presign = (options: Parameters<typeof signed>[1] = {}): Promise<SignedRequest> => signed(MQTT, { query: true, service: 'iotdevicegateway', ...options });
const verify = (request: SignedRequest, now = NOW): ReturnType<typeof verifySignature> => verifySignature(request, keys, now);
const changed = (request: SignedRequest, change: Partial<SignedRequest>): SignedRequest => ({ ...request, ...change });

test.each([
  ['in a header', () => signed(PUBLISH), 'iotdata'],
  ['in the query, with the token added afterwards', () => presign(), 'iotdevicegateway'],
  ['in the query, with the token signed', () => signed('https://localhost/x?b=2&a=1&a=0', { query: true, service: 'execute-api' }), 'execute-api'],
])('a good signature %s tells who signed', async (_, request, service) => {
  expect(await verify(await request())).toEqual({
    accessKeyId: credentials.accessKeyId, region: 'eu-west-1', service, expiration: NOW + 3_600_000,
    session: { kind: 'role', roleArn: 'arn:aws:iam::123456789012:role/backend', sessionName: 'test' },
  });
});

test('a presigned URL is good until its time', async () => {
  const request = await presign({ expires: 60 });
  expect(await verify(request, NOW + 60_000)).toMatchObject({ service: 'iotdevicegateway' });
  expect(await verify(request, NOW + 61_000)).toMatchObject({ refused: 'InvalidSignatureException', message: expect.stringMatching(/^Signature expired: 20260101T120000Z is now earlier than /) });
});

test.each<[string, () => Promise<SignedRequest>, string]>([
  ['no signature', async () => changed(await signed(PUBLISH), { headers: { host: 'localhost:8443' } }), 'MissingAuthenticationTokenException'],
  ['another secret key', () => signed(PUBLISH, { secret: 'guessed' }), 'InvalidSignatureException'],
  ['another body', async () => changed(await signed(PUBLISH), { body: Buffer.from('{"on":false}') }), 'InvalidSignatureException'],
  ['another path', async () => { const request = await signed(PUBLISH); return changed(request, { url: request.url.replace('pump', 'door') }); }, 'InvalidSignatureException'],
  ['another query', async () => { const request = await signed(PUBLISH); return changed(request, { url: request.url.replace('qos=1', 'qos=0') }); }, 'InvalidSignatureException'],
  ['another method', async () => changed(await signed(PUBLISH), { method: 'PUT' }), 'InvalidSignatureException'],
  ['another host', async () => { const request = await signed(PUBLISH); return changed(request, { headers: { ...request.headers, host: 'evil.example' } }); }, 'InvalidSignatureException'],
  ['a path that is another one when it is cleaned up', async () => changed(await signed('https://localhost:8443/topics/dt/b'), { url: '/topics/dt/x/../b' }), 'InvalidSignatureException'],
  ['a path with an empty part', async () => changed(await signed('https://localhost:8443/topics/dt/b'), { url: '/topics/dt//b' }), 'InvalidSignatureException'],
  ['an altered signature', async () => { const request = await presign(); return changed(request, { url: request.url.replace(/Signature=./, (found) => `Signature=${found.endsWith('0') ? '1' : '0'}`) }); }, 'InvalidSignatureException'],
  ['a longer time than it was signed for', async () => { const request = await presign({ expires: 60 }); return changed(request, { url: request.url.replace('Expires=60', 'Expires=600') }); }, 'InvalidSignatureException'],
  ['a time that is too long', () => presign({ expires: 700_000 }), 'InvalidSignatureException'],
  ['a clock that is behind', () => signed(PUBLISH, { at: NOW - 301_000 }), 'InvalidSignatureException'],
  ['a clock that is ahead', () => presign({ at: NOW + 301_000, expires: 60 }), 'InvalidSignatureException'],
  ['another session token', async () => { const request = await signed(PUBLISH); return changed(request, { headers: { ...request.headers, 'x-amz-security-token': 'x' } }); }, 'UnrecognizedClientException'],
  ['no session token', async () => { const request = await presign(); return changed(request, { url: request.url.replace(/&X-Amz-Security-Token=[^&]+/, '') }); }, 'UnrecognizedClientException'],
  ['a scope without a service', async () => { const request = await presign(); return changed(request, { url: request.url.replace('iotdevicegateway%2F', '') }); }, 'IncompleteSignatureException'],
  ['an algorithm that the twin does not know', async () => { const request = await presign(); return changed(request, { url: request.url.replace('AWS4-HMAC-SHA256', 'none') }); }, 'IncompleteSignatureException'],
  ['a query that is no text', async () => changed(await presign(), { url: '/mqtt?X-Amz-Algorithm=%E0%A4%A' }), 'MissingAuthenticationTokenException'],
])('%s is refused', async (_, request, refused) => {
  expect(await verify(await request())).toMatchObject({ refused });
});

/** A request with headers that were added when it had been signed. */
const added = (request: SignedRequest, headers: SignedRequest['headers']): SignedRequest => changed(request, { headers: { ...request.headers, ...headers } });

test.each<[string, () => Promise<SignedRequest>, string, string]>([
  ['in a request', () => signed(PUBLISH), 'x-amz-target', 'InvalidSignatureException'],
  ['in a presigned URL', () => presign(), 'x-amz-mqtt5-user-properties', 'InvalidSignatureException'],
  ['for Amazon S3', () => signed('https://localhost/bucket/key', { service: 's3', query: true }), 'x-amz-copy-source', 'AccessDenied'],
])('a header of AWS that was added when a request had been signed is refused: %s', async (_, request, header, refused) => {
  expect(await verify(added(await request(), { [header]: 'x' }))).toEqual({ refused, message: `There were headers present in the request which were not signed: ${header}` });
});

test('headers that clients, browsers and proxies add may be unsigned', async () => {
  const request = added(await presign(), { 'user-agent': 'x', 'content-type': 'text/plain', 'x-amzn-trace-id': 'Root=1', 'amz-sdk-request': 'attempt=1', 'sec-websocket-key': 'x' });
  expect(await verify(request)).toMatchObject({ service: 'iotdevicegateway' });
});

test('the date must be signed', async () => {
  const request = await signed(PUBLISH);
  const authorization = request.headers.authorization!.replace(';x-amz-date', '');
  expect(await verify(added(request, { authorization }))).toMatchObject({ refused: 'InvalidSignatureException', message: expect.stringMatching(/not signed: x-amz-date$/) });
});

test('expired credentials are told from unknown ones', async () => {
  const later = new AccessKeys(() => NOW + 7_200_000);
  const old = later.issue(NOW + 3_600_000);
  const request = await new AwsClient({ ...old, region: 'eu-west-1', service: 'iotdevicegateway' }).sign(MQTT, { aws: { signQuery: true, datetime: '20260101T140000Z' } });
  const { pathname, search, host } = new URL(request.url);
  expect(await verifySignature({ method: 'GET', url: `${pathname}${search}`, headers: { host }, body: Buffer.alloc(0) }, later, NOW + 7_200_000)).toMatchObject({ refused: 'ExpiredTokenException' });
});

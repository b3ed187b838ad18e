import { AwsClient } from 'aws4fetch';
import { AccessKeys, Presigning, createAwsEndpoint, presign, verifySignature } from '../../../lib/twin/aws';
import type { RoleSession, Service } from '../../../lib/twin/aws';
import { listen } from '../../../lib/twin/listen';
import { FakeClock } from '../support/fake-clock';

const NOW = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;
const SESSION: RoleSession = { kind: 'role', roleArn: 'arn:aws:iam::123456789012:role/downloads', sessionName: 'iot' };
const clock = new FakeClock(NOW);
const keys = new AccessKeys(() => clock.now());
const credentials = keys.issue(NOW + HOUR, SESSION);
const common = { endpoint: 'http://127.0.0.1:4566', region: 'eu-west-1', credentials, expiresSec: 60, now: NOW };

const KEYS = ['firmware/v2.bin', "odd/a b+c!'()*~%2F&=ü/ö", '${not}/a/placeholder'];

test.each(KEYS)('signs as another library does: %s', async (key) => {
  const url = new URL(presign({ ...common, method: 'GET', bucket: 'files', key }));
  const target = new URL(`${url.origin}${url.pathname}`);
  target.searchParams.set('X-Amz-Expires', '60');
  const client = new AwsClient({ ...credentials, region: 'eu-west-1', service: 's3' });
  const other = new URL((await client.sign(target.href, { method: 'GET', aws: { signQuery: true, datetime: '20260101T120000Z' } })).url);
  expect(Object.fromEntries(url.searchParams)).toEqual(Object.fromEntries(other.searchParams));
  expect(url.pathname.split('/').map(decodeURIComponent).join('/')).toBe(`/files/${key}`);
});

describe('is taken', () => {
  const request = (url: string, method: 'GET' | 'PUT', body = ''): Parameters<typeof verifySignature>[0] => {
    const { host, pathname, search } = new URL(url);
    return { method, url: `${pathname}${search}`, headers: { host }, body: Buffer.from(body) };
  };

  test.each(['GET', 'PUT'] as const)('for %s, whatever the body is', async (method) => {
    for (const key of KEYS) {
      const url = presign({ ...common, method, bucket: 'files', key, versionId: 'a/1' });
      expect(await verifySignature(request(url, method, method === 'PUT' ? 'a body' : ''), keys, NOW)).toMatchObject({ service: 's3', session: SESSION });
    }
  });

  test('until its time is over', async () => {
    const asked = request(presign({ ...common, method: 'GET', bucket: 'files', key: 'a' }), 'GET');
    expect(await verifySignature(asked, keys, NOW + 60_000)).toMatchObject({ session: SESSION });
    expect(await verifySignature(asked, keys, NOW + 61_000)).toMatchObject({ refused: 'InvalidSignatureException', message: expect.stringContaining('Signature expired') });
  });

  test('for nothing but what it was made for', async () => {
    const url = presign({ ...common, method: 'GET', bucket: 'files', key: 'a' });
    for (const [other, method] of [[url.replace('/files/a?', '/files/b?'), 'GET'], [url, 'PUT'], [url.replace('Expires=60', 'Expires=600'), 'GET'], [url.replace('127.0.0.1', 'localhost'), 'GET']] as const) {
      expect(await verifySignature(request(other, method), keys, NOW)).toMatchObject({ refused: 'InvalidSignatureException' });
    }
  });
});

test('the endpoint serves it until its time is over, and says so then', async () => {
  let now = NOW;
  const s3: Service = { name: 's3', needs: () => [], handle: ({ path, caller }) => Promise.resolve({ status: 200, body: `${path} for ${caller?.kind === 'role' ? caller.roleArn : ''}` }) };
  const listening = await listen(createAwsEndpoint({ services: [s3], openRoutes: [], keys, guard: { objectionTo: () => undefined }, now: () => now, onFault: (reason) => expect(reason).toBe('') }), 0, '127.0.0.1', '');
  const url = presign({ ...common, endpoint: `http://127.0.0.1:${listening.port}`, method: 'GET', bucket: 'files', key: 'a' });
  const served = await fetch(url);
  expect([served.status, await served.text()]).toEqual([200, `/files/a for ${SESSION.roleArn}`]);
  now += 61_000;
  const late = await fetch(url);
  expect([late.status, await late.text()]).toEqual([403, expect.stringContaining('Signature expired')]);
  await listening.close();
});

test('all URLs of a role come from one session, as long as it outlasts them', () => {
  const presigning = new Presigning({ endpoint: () => common.endpoint, region: 'eu-west-1', keys, clock, now: () => clock.now() });
  const idIn = (session = SESSION): string => new URL(presigning.urlOf({ method: 'GET', bucket: 'files', key: 'a' }, session, 3600)).searchParams.get('X-Amz-Credential')!.split('/')[0]!;
  const first = idIn();
  expect(keys.find(first)).toMatchObject({ session: SESSION, expiration: NOW + 2 * HOUR });
  clock.advance(3600);
  expect(idIn()).toBe(first);
  expect(idIn({ ...SESSION, roleArn: 'arn:aws:iam::123456789012:role/other' })).not.toBe(first);
  clock.advance(1);
  expect(idIn()).not.toBe(first);
});

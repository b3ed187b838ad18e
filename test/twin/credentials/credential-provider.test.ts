import { request } from 'node:https';
import type { ConnectionKit } from '../../../lib/twin/kit';
import { DeviceTwin, PREFIX } from '../provisioning/device-twin';

let twin: DeviceTwin;
let device: ConnectionKit;

beforeAll(async () => {
  twin = await DeviceTwin.start();
  for (const roleAlias of ['Device', 'Admin', 'thing-sensor']) {
    twin.account.createRoleAlias({ roleAlias, roleArn: 'arn:aws:iam::123456789012:role/r', credentialDurationSeconds: 900 });
  }
  device = await twin.client('sensor', [
    { Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: [`${PREFIX}rolealias/Device`, `${PREFIX}rolealias/thing-\${iot:Connection.Thing.ThingName}`, `${PREFIX}rolealias/none`] },
  ], { thing: 'sensor' });
});

afterAll(() => twin.stop());

async function get(alias: string, headers: Record<string, string> = {}, kit: Partial<ConnectionKit> = device): Promise<{ status: number; body: Record<string, never> }> {
  return new Promise((resolve, reject) => {
    request({
      host: '127.0.0.1', servername: 'localhost', port: twin.httpsPort, path: `/role-aliases/${alias}/credentials`, headers, agent: false,
      ca: twin.authority.rootCaPem, ...(kit.certificatePem === undefined ? {} : { key: kit.privateKeyPem, cert: kit.certificatePem }),
    }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) as Record<string, never> }));
    }).on('error', reject).end();
  });
}

test('gives credentials that the AWS endpoint takes until they expire', async () => {
  const { status, body } = await get('Device');
  expect(status).toBe(200);
  expect(body).toEqual({ credentials: { accessKeyId: expect.stringMatching(/^ASIA/), secretAccessKey: expect.any(String), sessionToken: expect.any(String), expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) } });
  const { accessKeyId, expiration } = (body as unknown as { credentials: Record<string, string> }).credentials;
  expect(Math.abs(Date.parse(expiration!) - twin.clock.now() - 900_000)).toBeLessThan(1000);
  const issued = twin.keys.find(accessKeyId!)!;
  expect(twin.keys.hasExpired(issued)).toBe(false);
  twin.clock.advance(900);
  expect(twin.keys.hasExpired(issued)).toBe(true);
});

test.each([
  ['an alias that the policy does not name', 'Admin', {}, 403],
  ['an alias that does not exist', 'none', {}, 404],
  ['an alias whose name is not encoded well', '%E0%A4%A', {}, 404],
  ['a thing that the certificate is not attached to', 'Device', { 'x-amzn-iot-thingname': 'other' }, 403],
  ['a thing variable without the header', 'thing-sensor', {}, 403],
  ['a thing variable with the header', 'thing-sensor', { 'x-amzn-iot-thingname': 'sensor' }, 200],
])('answers %s', async (_, alias, headers, status) => {
  expect((await get(alias, headers)).status).toBe(status);
});

test('answers nobody without a registered certificate', async () => {
  expect((await get('Device', {}, {})).status).toBe(403);
  expect((await get('Device', {}, await twin.authority.deviceCertificate('stranger'))).status).toBe(403);
});

test('HTTPS clients publish no requests to reserved topics', async () => {
  const kit = await twin.client('https', [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]);
  for (const topic of ['$aws/certificates/create/json', '$aws/events/presence/connected/a']) {
    const status = await new Promise<number>((resolve, reject) => {
      request({ host: '127.0.0.1', servername: 'localhost', port: twin.httpsPort, method: 'POST', path: `/topics/${encodeURIComponent(topic)}`, agent: false, ca: twin.authority.rootCaPem, key: kit.privateKeyPem, cert: kit.certificatePem }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      }).on('error', reject).end('{}');
    });
    expect(status).toBe(403);
  }
});

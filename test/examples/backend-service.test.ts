import { readFileSync } from 'node:fs';
import { runDevice, startDevice } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { makeRequest } from './support/openssl';
import { BackendServiceStack } from '../../examples/backend-service/stack';

const sensor = makeRequest('sensor-1');
let example: ExampleTwin;
let kit: string;
let env: Record<string, string>;

beforeAll(async () => {
  example = await ExampleTwin.start((app) => new BackendServiceStack(app, 'BackendService', { csr: sensor.pem }));
  const [{ certificatePem }] = await example.certificatesOf('sensor-1') as [{ certificatePem: string }];
  kit = example.kit('sensor-1', { thingName: 'sensor-1', privateKeyPem: sensor.privateKeyPem, certificatePem }, readFileSync(example.twin.endpoints.rootCa, 'utf8'));
  env = await example.environmentOfRole();
});

afterAll(() => example.stop());

test('the service hears a sensor that is too hot, and tells it to cool down', async () => {
  const service = startDevice('backend-service', ['--client-id', 'cooling-1', '--answers', '1'], { env, script: 'service' });
  await service.lines.next('the subscription', (line) => line.startsWith('subscribed'));

  expect(await runDevice('backend-service', ['--kit', kit])).toEqual({ code: 0, signal: null, stderr: '', stdout: 'published 35 °C\ntold on cmd/sensors/sensor-1/cool\n' });
  expect(await service.ended).toEqual({
    code: 0, signal: null, stderr: '', stdout: 'connected as cooling-1\nsubscribed to dt/sensors/+/telemetry\nsensor-1 has 35 °C\ntold sensor-1 to cool down\n',
  });
});

test('a command over HTTPS takes no connection', async () => {
  const device = startDevice('backend-service', ['--kit', kit, '--celsius', '20']);
  await device.lines.next('the reading', (line) => line.startsWith('published'));

  expect(await runDevice('backend-service', ['--thing', 'sensor-1', '--command', 'restart'], { env, script: 'publish' }))
    .toEqual({ code: 0, signal: null, stderr: '', stdout: 'published to cmd/sensors/sensor-1/restart\n' });
  expect((await device.ended).stdout).toContain('told on cmd/sensors/sensor-1/restart\n');
});

test('the service cannot connect as a sensor', async () => {
  const { code, stderr } = await runDevice('backend-service', ['--client-id', 'sensor-1', '--attempts', '1'], { env, script: 'service' });
  expect(stderr).toMatch(/^service: cannot connect to localhost:\d+ as sensor-1: NotAuthorized.*\n$/);
  expect(code).toBe(1);
});

test('credentials with another secret are refused', async () => {
  const { code, stdout, stderr } = await runDevice('backend-service', ['--thing', 'sensor-1'], { env: { ...env, AWS_SECRET_ACCESS_KEY: 'another' }, script: 'publish' });
  expect(stderr).toMatch(/^publish: cannot publish to cmd\/sensors\/sensor-1\/cool at localhost:\d+: /);
  expect(stderr).not.toContain('another');
  expect([code, stdout]).toEqual([1, '']);
});

test.each([['', 'error: required option'], ['not an address', 'the endpoint must look like HOST or HOST:PORT, got "not an address"']])('the endpoint %j is refused in one line', async (address, message) => {
  const { IOT_ENDPOINT: _, ...others } = env;
  const { code, stderr } = await runDevice('backend-service', ['--thing', 'sensor-1', ...address === '' ? [] : ['--endpoint', address]], { env: others, script: 'publish' });
  expect(stderr).toContain(message);
  expect(code).toBe(1);
});

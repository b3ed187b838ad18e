import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDevice } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { makeAuthority, makeDevice } from './support/openssl';
import { JitpStack } from '../../examples/jitp/stack';

const maker = mkdtempSync(join(tmpdir(), 'iot-warden-maker-'));
const authority = makeAuthority(join(maker, 'ca'));
let example: ExampleTwin;
let rootCaPem: string;

beforeAll(async () => {
  example = await ExampleTwin.start((app) => new JitpStack(app, 'Jitp', { caCertificatePem: readFileSync(join(authority, 'ca.pem'), 'utf8') }));
  rootCaPem = readFileSync(example.twin.endpoints.rootCa, 'utf8');
});

afterAll(async () => {
  await example.stop();
  rmSync(maker, { recursive: true });
});

test('a sensor is dropped once, is set up meanwhile, and publishes', async () => {
  const { privateKeyPem, pem } = makeDevice(authority, '7', join(maker, '7'));
  const kit = example.kit('sensor-7', { thingName: 'sensor-7', privateKeyPem, certificatePem: pem }, rootCaPem);

  const first = await runDevice('jitp', ['--kit', kit]);
  expect(first.stderr).toBe('');
  expect(first.stdout).toMatch(/^(not connected: .*\n)+connected as sensor-7\npublished to dt\/sensors\/sensor-7\/telemetry\n$/);
  expect(first.code).toBe(0);
  expect(await example.things()).toEqual(['sensor-7']);
  expect(await example.certificatesOf('sensor-7')).toMatchObject([{ status: 'ACTIVE', certificatePem: pem }]);

  expect(await runDevice('jitp', ['--kit', kit])).toMatchObject({ code: 0, stdout: 'connected as sensor-7\npublished to dt/sensors/sensor-7/telemetry\n' });
});

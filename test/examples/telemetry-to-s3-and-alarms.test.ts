import { readFileSync } from 'node:fs';
import { runDevice } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { makeRequest } from './support/openssl';
import { TelemetryStack } from '../../examples/telemetry-to-s3-and-alarms/stack';

const sensor = makeRequest('sensor-1');
let example: ExampleTwin;

beforeAll(async () => {
  example = await ExampleTwin.start((app) => new TelemetryStack(app, 'Telemetry', { csr: sensor.pem }));
});
afterAll(() => example.stop());

test('the sensor publishes readings on the topic that the rules listen to', async () => {
  const [{ certificatePem }] = await example.certificatesOf('sensor-1') as [{ certificatePem: string }];
  const kit = example.kit('sensor-1', { thingName: 'sensor-1', privateKeyPem: sensor.privateKeyPem, certificatePem }, readFileSync(example.twin.endpoints.rootCa, 'utf8'));

  expect(await runDevice('telemetry-to-s3-and-alarms', ['--kit', kit, '--celsius', '35']))
    .toEqual({ code: 0, signal: null, stderr: '', stdout: 'published 35 °C to dt/sensors/sensor-1/telemetry\n' });
});

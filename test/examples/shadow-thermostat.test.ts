import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runDevice, startDevice } from './support/device';
import type { Ended } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { makeRequest } from './support/openssl';
import { ThermostatStack } from '../../examples/shadow-thermostat/stack';

const EXAMPLE = 'shadow-thermostat';
const THING = 'thermostat-1';
const GOOD = { code: 0, signal: null, stderr: '' };

const thermostat = makeRequest(THING);
let example: ExampleTwin;
let kit: string;
let env: Record<string, string>;

beforeAll(async () => {
  example = await ExampleTwin.start((app) => new ThermostatStack(app, 'Thermostat', { csr: thermostat.pem }));
  const [{ certificatePem }] = await example.certificatesOf(THING) as [{ certificatePem: string }];
  kit = example.kit(THING, { thingName: THING, privateKeyPem: thermostat.privateKeyPem, certificatePem }, readFileSync(example.twin.endpoints.rootCa, 'utf8'));
  env = await example.environmentOfRole();
});

afterAll(() => example.stop());

function control(...args: readonly string[]): Promise<Ended> {
  return runDevice(EXAMPLE, [...args, '--thing', THING], { env, script: 'control' });
}

test('the thermostat follows a target that it is told while it listens, and one that it was told while it was away', async () => {
  const device = startDevice(EXAMPLE, ['--kit', kit, '--changes', '1']);
  await device.lines.next('that there is no target', (line) => line === 'no target yet');

  expect(await control('set', '--celsius', '21')).toEqual({ ...GOOD, stdout: 'told thermostat-1 21 °C\n' });
  expect(await device.ended).toEqual({ ...GOOD, stdout: 'no target yet\ntarget 21 °C, measured 19 °C: heating on\n' });
  expect(await control('show')).toEqual({ ...GOOD, stdout: '{"celsius":19,"target":21,"heating":true}\n' });

  expect(await control('set', '--celsius', '18')).toMatchObject(GOOD);
  expect(await runDevice(EXAMPLE, ['--kit', kit, '--changes', '1'])).toEqual({ ...GOOD, stdout: 'target 18 °C, measured 19 °C: heating off\n' });
});

test('who has the key of the thermostat cannot set its target', async () => {
  // Its timestamp is the time at which it is asked for.
  const target = () => ({ ...example.twin.shadow(THING, 'target') as object, timestamp: 0 });
  const before = target();
  const pem = (name: string): string => join(kit, name);
  await promisify(execFile)('mosquitto_pub', [
    '-h', 'localhost', '-p', String(example.twin.mqttPort), '--cafile', pem('root-ca.pem'), '--cert', pem('certificate.pem'), '--key', pem('private.key'), '-i', THING,
    '-q', '1', '-t', `$aws/things/${THING}/shadow/name/target/update`, '-m', '{"state":{"desired":{"celsius":30}}}',
  ]).catch(() => undefined);

  const { decision } = await example.journal.next('a decision about it', ({ action, resource }) => action === 'iot:Publish' && resource === `$aws/things/${THING}/shadow/name/target/update`);
  expect(decision?.decision).toBe('deny');
  expect(target()).toEqual(before);
});

test('the app cannot say what the thermostat measures, and asks for no target that is not safe', async () => {
  const { code, stderr } = await runDevice(EXAMPLE, ['set', '--celsius', '60', '--thing', THING], { env, script: 'control' });
  expect([code, stderr]).toEqual([1, 'control: a target must be a number from 5 to 30, got 60\n']);

  const { IoTDataPlaneClient, UpdateThingShadowCommand } = await import('@aws-sdk/client-iot-data-plane');
  const { region, endpoint } = example.sdk;
  const client = new IoTDataPlaneClient({
    region, endpoint, credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID!, secretAccessKey: env.AWS_SECRET_ACCESS_KEY!, sessionToken: env.AWS_SESSION_TOKEN! },
  });
  await expect(client.send(new UpdateThingShadowCommand({ thingName: THING, shadowName: 'state', payload: Buffer.from('{"state":{"reported":{"celsius":40}}}') })))
    .rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  client.destroy();
});

test('a thermostat that is told nonsense by somebody with more rights stays as it is', async () => {
  const device = startDevice(EXAMPLE, ['--kit', kit, '--changes', '2']);
  await device.lines.next('the target of before', (line) => line.startsWith('target 18'));
  example.twin.publish(`$aws/things/${THING}/shadow/name/target/update`, '{"state":{"desired":{"celsius":"hot"}}}');
  await device.lines.next('the refusal', (line) => line === 'a target must be a number from 5 to 30, got "hot"');
  example.twin.publish(`$aws/things/${THING}/shadow/name/target/update`, '{"state":{"desired":{"celsius":20}}}');
  expect((await device.ended).stdout).toContain('target 20 °C, measured 19 °C: heating on\n');
});

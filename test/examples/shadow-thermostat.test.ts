import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { runDevice, startDevice, type Ended } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { makeRequest } from './support/openssl';
import { ShadowThermostatStack } from '../../examples/shadow-thermostat/stack';
import { MqttJs } from '../twin/support/mqttjs';

const thermostat = makeRequest('thermostat-1');
let example: ExampleTwin;
let kit: string;
let env: Record<string, string>;

beforeAll(async () => {
  example = await ExampleTwin.start((app) => new ShadowThermostatStack(app, 'ShadowThermostat', { csr: thermostat.pem }));
  const [{ certificatePem }] = await example.certificatesOf('thermostat-1') as [{ certificatePem: string }];
  kit = example.kit('thermostat-1', { thingName: 'thermostat-1', privateKeyPem: thermostat.privateKeyPem, certificatePem }, readFileSync(example.twin.endpoints.rootCa, 'utf8'));
  env = await example.environmentOfRole();
});

afterAll(() => example.stop());

function setTarget(...args: readonly string[]): Promise<Ended> {
  return runDevice('shadow-thermostat', ['--thing', 'thermostat-1', ...args], { env, script: 'set-target' });
}

test('a thermostat follows the target that was set while it was away, and each one after that', async () => {
  expect(await setTarget('--celsius', '19')).toEqual({ code: 0, signal: null, stderr: '', stdout: 'thermostat-1 has said nothing yet\nthe target of thermostat-1 is 19 °C\n' });

  const device = startDevice('shadow-thermostat', ['--kit', kit, '--targets', '2'], { env: { NODE_NO_WARNINGS: '1' } });
  await device.lines.next('the first target', (line) => line === 'heating to 19 °C');
  expect(example.twin.shadow('thermostat-1', 'state')).toMatchObject({ state: { reported: { celsius: 19 } } });

  expect((await setTarget('--celsius', '90')).code).toBe(0);
  await device.lines.next('the refusal', (line) => line === 'a target that makes no sense is ignored');
  expect((await setTarget('--celsius', '22.5')).stdout).toBe('thermostat-1 says {"celsius":19}\nthe target of thermostat-1 is 22.5 °C\n');
  expect(await device.ended).toEqual({
    code: 0, signal: null, stderr: '', stdout: 'listening\nheating to 19 °C\na target that makes no sense is ignored\nheating to 22.5 °C\n',
  });
});

test('a thermostat cannot set its own target', async () => {
  const device = await MqttJs.connect(await example.twin.issueKit('thermostat-1'));
  device.send('$aws/things/thermostat-1/shadow/name/config/update', '{"state":{"desired":{"celsius":30}}}');
  await device.disconnected();
  expect(example.twin.shadow('thermostat-1', 'config')).toMatchObject({ state: { desired: { celsius: 22.5 } } });
});

test('the app cannot say what a thermostat does', async () => {
  const client = new IoTDataPlaneClient({
    endpoint: `https://${env.IOT_ENDPOINT}`, region: env.AWS_REGION!, maxAttempts: 1, requestHandler: { httpsAgent: new Agent({ ca: readFileSync(env.IOT_WARDEN_ROOT_CA!) }) },
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID!, secretAccessKey: env.AWS_SECRET_ACCESS_KEY!, sessionToken: env.AWS_SESSION_TOKEN! },
  });
  const target = { thingName: 'thermostat-1', shadowName: 'state' };
  await client.send(new GetThingShadowCommand(target));
  await expect(client.send(new UpdateThingShadowCommand({ ...target, payload: Buffer.from('{"state":{}}') }))).rejects.toMatchObject({ name: 'ForbiddenException' });
  client.destroy();
});

test('without an answer, the app says what it wanted in one line', async () => {
  const { code, stderr } = await setTarget('--celsius', '20', '--endpoint', 'localhost:1');
  expect(stderr).toMatch(/^set-target: cannot set the target of thermostat-1 at localhost:1: .*\n$/);
  expect(code).toBe(1);
});

import { execFile } from 'node:child_process';
import { request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DeviceFleet, Shadow, ShadowAccess } from '../../../lib';
import type { ConnectionKit } from '../../../lib/twin';
import { ExampleTwin } from '../../examples/support/example-twin';
import { makeRequest } from '../../examples/support/openssl';
import { stackOf } from '../../flows/flow';
import { within } from '../support/inbox';
import { MqttJs } from '../support/mqttjs';
import type { Seen } from './sdk-shadows';

let flow: ExampleTwin;
let kit: ConnectionKit;

beforeAll(async () => {
  flow = await ExampleTwin.start(stackOf((stack) => {
    const whole = new DeviceFleet(stack, 'Lamps', {
      shadows: [Shadow.classic({ access: ShadowAccess.READ_WRITE_DELETE }), Shadow.named('config', { access: ShadowAccess.READ_WRITE_DELETE })],
    });
    whole.addCertificate('Lamp', { thing: whole.addThing('lamp'), csr: makeRequest('lamp').pem });
    const partly = new DeviceFleet(stack, 'Heaters', { shadows: [Shadow.classic(), Shadow.named('config', { access: ShadowAccess.READ })] });
    partly.addCertificate('Heater', { thing: partly.addThing('heater'), csr: makeRequest('heater').pem });
  }));
  expect(flow.twin.warnings).toEqual([]);
  kit = await flow.twin.issueKit('lamp');
});

afterAll(() => flow.stop());

describe.each([4, 5] as const)('the shadow clients of the AWS IoT Device SDK over MQTT %s, with the policy of a fleet', (version) => {
  let seen: Seen[];

  beforeAll(async () => {
    const script = join(__dirname, 'sdk-shadows.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, JSON.stringify({ kit, version })], { timeout: 20_000 });
    seen = JSON.parse(stdout.trim().split('\n').at(-1)!) as Seen[];
  });

  test.each([
    ['version 1', 'the classic shadow', 0], ['version 2', 'the classic shadow', 1], ['version 1', 'a named shadow', 2], ['version 2', 'a named shadow', 3],
  ])('%s sees %s updated, got, changed, and deleted', (_version, shadow, index) => {
    const state = { desired: { mode: 'eco', level: 2 }, reported: { mode: 'off', level: 2 } };
    const common = { clientToken: expect.any(String) as string, timestamp: expect.anything() as unknown };
    const { missing, updated, got, conflict, delta, documents, deleted } = seen[index]!;
    expect(missing).toMatchObject({ code: 404, message: `No shadow exists with name: '${shadow === 'a named shadow' ? 'config' : 'lamp'}'`, clientToken: common.clientToken });
    expect(updated).toMatchObject({ ...common, state });
    const { version: updatedVersion } = updated as { version: number };
    expect(got).toMatchObject({ ...common, state: { ...state, delta: { mode: 'eco' } }, version: updatedVersion });
    expect(conflict).toMatchObject({ code: 409, message: 'Version conflict' });
    expect(delta).toMatchObject({ ...common, state: { mode: 'eco' }, version: updatedVersion });
    expect(documents).toMatchObject({ ...common, current: { state, version: updatedVersion } });
    expect(deleted).toMatchObject({ ...common, version: updatedVersion });
  });
});

describe('the policy of a fleet', () => {
  test.each([
    ['its own classic shadow', '$aws/things/heater/shadow/get'],
    ['its own classic shadow', '$aws/things/heater/shadow/update'],
    ['a shadow it may read', '$aws/things/heater/shadow/name/config/get'],
  ])('lets a device use %s: %s', async (_, topic) => {
    const device = await MqttJs.connect(await flow.twin.issueKit('heater'));
    expect(await device.subscribe([`${topic}/accepted`, `${topic}/rejected`])).toEqual([1, 1]);
    await device.publish(topic, '{"state":{"reported":{"on":true}}}');
    expect((await device.message()).topic).toMatch(new RegExp(`^\\${topic}/(accepted|rejected)$`));
    await device.end();
  });

  test.each([
    ['delete its shadow', '$aws/things/heater/shadow/delete'],
    ['write one it may only read', '$aws/things/heater/shadow/name/config/update'],
    ['use a named shadow that it has not', '$aws/things/heater/shadow/name/other/get'],
    ['read the shadow of another', '$aws/things/lamp/shadow/get'],
    ['write the shadow of another', '$aws/things/lamp/shadow/update'],
  ])('does not let a device %s', async (_, topic) => {
    const device = await MqttJs.connect(await flow.twin.issueKit('heater'));
    expect(await device.subscribe(['$aws/things/lamp/shadow/update/accepted', '$aws/things/heater/shadow/name/other/update/delta'])).toEqual([128, 128]);
    device.send(topic, '{"state":{"desired":{"hacked":true}}}');
    await device.disconnected();
    expect(flow.twin.shadow('heater', 'config')).toBeUndefined();
    expect(JSON.stringify(flow.twin.shadow('lamp') ?? {})).not.toContain('hacked');
  });

  test('does not let a device read its shadow over HTTPS, where it is no thing', async () => {
    const heater = await flow.twin.issueKit('heater');
    const status = await within('an answer', new Promise((resolve, reject) => {
      request({ host: 'localhost', port: heater.httpsPort, path: '/things/heater/shadow', ca: heater.rootCaPem, key: heater.privateKeyPem, cert: heater.certificatePem, agent: false }, ({ statusCode }) => resolve(statusCode)).on('error', reject).end();
    }));
    expect(status).toBe(403);
  });
});

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runDevice } from './support/device';
import { readKit } from '../../examples/device/kit';
import { writeKit } from '../../lib/twin';
import { TestTwin, allow, temporaryFolder } from '../twin/support/test-twin';

const folder = temporaryFolder();
const good = join(folder, 'good');
let twin: TestTwin;

beforeAll(async () => {
  twin = await TestTwin.start({ 'sensor-1': { may: [allow('iot:Connect', 'client/sensor-1')] } });
  writeKit(await twin.kit('sensor-1'), good);
});

afterAll(() => twin.stop());

describe('a connection kit', () => {
  test('is read as iot-warden connect writes it', async () => {
    expect(readKit(good)).toEqual(await twin.kit('sensor-1'));
  });

  test.each([
    ['config.json', undefined, 'cannot be read (ENOENT); a connection kit has private.key, certificate.pem, root-ca.pem, config.json, see the README of the example'],
    ['config.json', '{', 'it must hold a JSON object'],
    ['config.json', '{"mqttPort":8883,"httpsPort":443}', "'endpoint' is missing"],
    ['config.json', '{"endpoint":1,"mqttPort":8883,"httpsPort":443}', "'endpoint' must be text"],
    ['config.json', '{"endpoint":"localhost","mqttPort":"8883","httpsPort":443}', "'mqttPort' must be a port number"],
    ['private.key', 'not a key', 'must hold a PEM block of the kind PRIVATE KEY'],
    ['certificate.pem', '', 'must hold a PEM block of the kind CERTIFICATE'],
  ])('fails for a %s of %j', (file, content, message) => {
    const bad = mkdtempSync(join(folder, 'bad-'));
    cpSync(good, bad, { recursive: true });
    const path = join(bad, file);
    rmSync(path);
    if (content !== undefined) {
      writeFileSync(path, content);
    }
    expect(() => readKit(bad)).toThrow(`${path}: ${message}`);
  });
});

describe('a device script', () => {
  test('says in one line why it cannot publish, and not again and again', async () => {
    const { code, stdout, stderr } = await runDevice('bulk', ['--kit', good]);
    expect(stdout).toBe('connected as sensor-1\n');
    expect(stderr).toMatch(/^device: cannot publish to dt\/sensors\/sensor-1\/telemetry: .*disconnection.*\n$/);
    expect(code).toBe(1);
  });

  test('says in one line that it is refused', async () => {
    const other = join(folder, 'other');
    cpSync(good, other, { recursive: true });
    const config = join(other, 'config.json');
    writeFileSync(config, readFileSync(config, 'utf8').replaceAll('sensor-1', 'sensor-10'));
    const { code, stdout, stderr } = await runDevice('bulk', ['--kit', other]);
    expect(stdout).toBe('not connected: NotAuthorized not authorized\n'.repeat(5));
    expect(stderr).toBe(`device: cannot connect to localhost:${twin.twin.mqttPort} as sensor-10: NotAuthorized not authorized\n`);
    expect(code).toBe(1);
  });

  test('tells how to use it', async () => {
    const { code, stderr } = await runDevice('bulk', []);
    expect(stderr).toBe("error: required option '--kit <dir>' not specified\n(--help says more)\n");
    expect(code).toBe(1);
    expect(await runDevice('bulk', ['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('--kit <dir>') });
  });
});

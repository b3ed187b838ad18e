import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { playScene } from '../../examples/quickstart/scene';
import type { Attempt } from '../../examples/quickstart/scene';
import { startTwin } from '../../lib/twin';

/** Run the quickstart as `npm start` does. */
function quickstart(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [resolve('node_modules/tsx/dist/cli.mjs'), resolve('examples/quickstart/run.ts'), ...args], {
    env: { ...process.env, NO_COLOR: '1', CDK_VALIDATION: 'false' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })));
}

test('the quickstart allows what each client may do, denies the rest, and says which statement decided', async () => {
  const { code, stdout, stderr } = await quickstart(['--once']);
  expect(stderr).toBe('');
  expect(stdout).toContain('16 attempts, every decision as expected.');
  const rows = stdout.split('\n').map((line) => line.split('│').map((cell) => cell.trim()).filter((cell) => cell !== ''));
  const attempts = rows.filter(([client]) => /^(sensor-1|sensor-10|stranger)$/.test(client ?? '')).map((cells) => cells.slice(0, 3).join(' '));
  expect(attempts).toEqual([
    'sensor-1 connect as sensor-1 allow',
    'sensor-1 publish dt/sensors/sensor-1/telemetry allow',
    'sensor-1 subscribe cmd/sensors/sensor-1/+ allow',
    'sensor-1 receive cmd/sensors/sensor-1/reboot allow',
    'sensor-1 subscribe to its shadow allow',
    'sensor-1 publish to its shadow allow',
    'sensor-10 connect as sensor-1 deny',
    'sensor-10 connect as sensor-10 allow',
    'sensor-10 subscribe cmd/sensors/sensor-1/reboot deny',
    'sensor-10 subscribe cmd/sensors/sensor-1/+ deny',
    'sensor-10 subscribe cmd/sensors/sensor-1/# deny',
    'sensor-10 subscribe cmd/sensors/+/reboot deny',
    'sensor-10 subscribe cmd/# deny',
    'sensor-10 subscribe # deny',
    'sensor-10 publish dt/sensors/sensor-1/telemetry deny',
    'stranger connect as sensor-1 deny',
  ]);
  expect(stdout).toContain('allowed by Quickstart/Sensors/Policy Statement[1]');
  expect(stdout).toContain('the certificate (CN=sensor-1) is not registered');
  expect(code).toBe(0);
});

test('the scene notices a policy that is too wide', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'iot-warden-wide-'));
  const resources = Object.fromEntries(['sensor-1', 'sensor-10'].flatMap((name, index) => [
    [`Thing${index}`, { Type: 'AWS::IoT::Thing', Properties: { ThingName: name } }],
    [`Certificate${index}`, { Type: 'AWS::IoT::Certificate', Properties: { Status: 'ACTIVE', CertificateSigningRequest: name } }],
    [`OfThing${index}`, { Type: 'AWS::IoT::ThingPrincipalAttachment', Properties: { ThingName: name, Principal: { 'Fn::GetAtt': [`Certificate${index}`, 'Arn'] } } }],
    [`OfPolicy${index}`, { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: 'Wide', Principal: { 'Fn::GetAtt': [`Certificate${index}`, 'Arn'] } } }],
  ]));
  const document = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' } };
  writeFileSync(join(folder, 'wide.json'), JSON.stringify({
    Resources: { ...resources, Policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'Wide', PolicyDocument: document } } },
  }));
  const twin = await startTwin({ assembly: join(folder, 'wide.json') });
  const attempts: Attempt[] = [];
  await playScene(twin, await twin.issueKit('sensor-1'), (attempt) => attempts.push(attempt));
  await twin.stop();
  rmSync(folder, { recursive: true });
  expect(attempts.filter(({ expected, outcome }) => expected === 'deny' && outcome === 'allow').map(({ what }) => what)).toEqual(expect.arrayContaining([
    'connect as sensor-1', 'subscribe #', 'publish dt/sensors/sensor-1/telemetry',
  ]));
});

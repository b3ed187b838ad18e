import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

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
}, 60_000);

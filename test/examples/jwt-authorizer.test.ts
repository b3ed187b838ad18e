import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { JwtAuthorizerStack } from '../../examples/jwt-authorizer/stack';
import { startTwin, type Twin } from '../../lib/twin';
import { run, scratch } from '../bin/cli';
import { runDevice, startDevice, type Device } from './support/device';

let issuer: Device;
let assembly: string;

beforeAll(async () => {
  cpSync(resolve('bundle/lambda-runtime'), scratch('lambda-runtime'), { recursive: true });
  const tls = scratch('tls');
  mkdirSync(tls);
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '7', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', join(tls, 'key.pem'), '-out', join(tls, 'certificate.pem'),
  ], { stdio: 'ignore' });
  process.env.NODE_EXTRA_CA_CERTS = join(tls, 'certificate.pem');
  const port = await freePort();
  issuer = startDevice('jwt-authorizer', ['--tls', tls, '--port', String(port), '--sensors', 'sensor-1,sensor-3', '--out', scratch('tokens')], { script: 'issuer' });
  expect(await issuer.lines.next('the issuer')).toContain(`https://localhost:${port} is up`);
  assembly = scratch('cdk.out');
  const app = new App({ outdir: assembly });
  new JwtAuthorizerStack(app, 'JwtAuthorizer', { issuer: `https://localhost:${port}`, audience: 'app' });
  app.synth();
});

afterAll(async () => {
  issuer.stop();
  await issuer.ended;
});

const authorize = (file: string, ...args: string[]) => run(['authorize', assembly, '--password-file', file, '--json', ...args]);

test('the authorizer gets the keys of the issuer, and lets a user use the sensors of the token', async () => {
  const { code, stdout } = await authorize(scratch('tokens', 'ann.jwt'), '--simulate', 'iot:Subscribe', 'dt/sensors/sensor-1/telemetry', 'iot:Publish', 'cmd/sensors/sensor-3/report', 'iot:Publish', 'cmd/sensors/sensor-2/report');
  const { authenticated, decisions } = JSON.parse(stdout) as { authenticated: boolean; decisions: { decision: string }[] };
  expect([authenticated, decisions.map(({ decision }) => decision), code]).toEqual([true, ['allow', 'allow', 'deny'], 1]);
});

test('the authorizer refuses a user whose token has been altered, and prints no token', async () => {
  const token = readFileSync(scratch('tokens', 'ann.jwt'), 'utf8');
  const altered = scratch('tokens', 'altered.jwt');
  const [header, payload = '', signature] = token.split('.');
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()) as object, sensors: ['sensor-2'] };
  writeFileSync(altered, [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.'));
  const { code, stdout, stderr } = await authorize(altered);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { authenticated: false }]);
  expect(stderr).toContain('the signature of the token is not good');
  expect(`${stdout}${stderr}`).not.toContain(signature);
});

describe('the app on the twin', () => {
  let twin: Twin;
  let env: Record<string, string>;
  const client = (...args: string[]): ReturnType<typeof runDevice> => runDevice('jwt-authorizer', ['--token-file', scratch('tokens', 'ann.jwt'), '--messages', '1', ...args], { env, script: 'client' });

  beforeAll(async () => {
    twin = await startTwin({ assembly });
    env = { IOT_ENDPOINT: `localhost:${twin.httpsPort}`, IOT_WARDEN_ROOT_CA: twin.endpoints.rootCa, NODE_NO_WARNINGS: '1' };
  });
  afterAll(() => twin.stop());

  test.each([['over MQTT', []], ['over WebSocket', ['--websocket']]])('hears the sensors of the token %s', async (_, how) => {
    const { Authorizer: authorizer } = Object.values(twin.deployment.outputs)[0]!;
    // The sensor answers what it is told.
    const stop = twin.journal.listen(({ action, resource, decision }) => {
      if (action === 'iot:Publish' && resource === 'cmd/sensors/sensor-1/report' && decision?.decision === 'allow') {
        setImmediate(() => twin.publish('dt/sensors/sensor-1/telemetry', '{"celsius":21}'));
      }
    });
    const { code, stdout, stderr } = await client('--authorizer', authorizer!, ...how);
    stop();
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toMatch(/^connected as [0-9a-f]{64}-app\nsubscribed to dt\/sensors\/sensor-1\/telemetry\ntold sensor-1 to report\ndt\/sensors\/sensor-1\/telemetry {"celsius":21}\n$/);
  });

  test('does not hear the sensors of others', async () => {
    const { Authorizer: authorizer } = Object.values(twin.deployment.outputs)[0]!;
    const { code, stdout, stderr } = await client('--authorizer', authorizer!, '--sensor', 'sensor-2');
    expect(stdout).toMatch(/^connected as [0-9a-f]{64}-app\n$/);
    expect([stderr, code]).toEqual(['client: may not subscribe to dt/sensors/sensor-2/telemetry\n', 1]);
  });
});

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });
}

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetRetainedMessageCommand, IoTDataPlaneClient, ListRetainedMessagesCommand, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { AwsClient } from 'aws4fetch';
import { WebSocket } from 'ws';
import { writeKit } from '../../../lib/twin';
import type { Credentials } from '../../../lib/twin';
import { FakeClock } from '../support/fake-clock';
import { MqttJs } from '../support/mqttjs';
import { within } from '../support/inbox';
import { role } from '../support/resources';
import { runSdk } from '../support/sdk';
import { ANYTHING, TestTwin, allow, denied, deny, refused } from '../support/test-twin';

const clock = new FakeClock();
let twin: TestTwin;
let rootCaPem: string;

beforeAll(async () => {
  twin = await TestTwin.start({ watcher: { may: ANYTHING } }, { clock }, {
    Backend: role(
      allow('iot:Connect', 'client/backend-*'),
      allow(['iot:Publish', 'iot:Receive'], 'topic/dt/*', 'topic/cmd/*'),
      allow('iot:Subscribe', 'topicfilter/dt/*'),
      deny('iot:Publish', 'topic/cmd/secret'),
    ),
    Reader: role(allow('iot:GetRetainedMessage', 'topic/keep/*'), { Effect: 'Allow', Action: 'iot:ListRetainedMessages', Resource: ['*'] }),
    Bounded: withBoundary(role(allow(['iot:Publish', 'iot:Connect'], '*')), { Ref: 'Boundary' }),
    Boundary: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: { Version: '2012-10-17', Statement: allow('iot:Publish', 'topic/dt/*') } } },
    OutOfBounds: withBoundary(role(allow('iot:Publish', '*')), 'arn:aws:iam::123456789012:policy/elsewhere'),
    Tagged: role(allow('iot:Publish', 'topic/site/${aws:PrincipalTag/site}/x')),
  });
  rootCaPem = readFileSync(twin.twin.endpoints.rootCa, 'utf8');
});

afterAll(() => twin.stop());

function withBoundary(resource: object, boundary: unknown): object {
  const { Properties: properties, ...rest } = resource as { readonly Properties: object };
  return { ...rest, Properties: { ...properties, PermissionsBoundary: boundary } };
}

/** The URL of a WebSocket, signed by a library that is none of ours. */
async function signedUrl(credentials: Credentials, options: { readonly at?: number; readonly expires?: number; readonly service?: string; readonly path?: string } = {}): Promise<string> {
  const { at = clock.now(), expires, service = 'iotdevicegateway', path = '/mqtt' } = options;
  const url = new URL(`wss://localhost:${twin.twin.httpsPort}${path}`);
  if (expires !== undefined) {
    url.searchParams.set('X-Amz-Expires', String(expires));
  }
  const request = await new AwsClient({ ...credentials, region: 'us-east-1', service })
    .sign(url.href, { aws: { signQuery: true, datetime: new Date(at).toISOString().replace(/[-:]|\.\d+/g, '') } });
  return request.url;
}

async function open(url: string, clientId = 'backend-1', protocolVersion: 4 | 5 = 4, keepalive = 60): Promise<MqttJs> {
  return MqttJs.connect({ ...await twin.kit('watcher') }, {
    protocol: 'wss', host: 'localhost', port: twin.twin.httpsPort, path: '/mqtt', clientId, protocolVersion, keepalive, key: undefined, cert: undefined, ca: rootCaPem,
    transformWsUrl: () => url,
  });
}

/** The status with which a WebSocket is not opened; 101 where it is. */
function statusOf(url: string): Promise<number> {
  const webSocket = new WebSocket(url, 'mqtt', { ca: rootCaPem });
  return within('an answer', new Promise<number>((resolve, reject) => {
    webSocket.once('open', () => {
      webSocket.terminate();
      resolve(101);
    });
    webSocket.once('unexpected-response', (_, response) => resolve(response.statusCode!));
    webSocket.once('error', reject);
  }));
}

describe('a WebSocket that AWS credentials open', () => {
  test.each([4, 5] as const)('lets the AWS IoT Device SDK in, with MQTT %s', async (version) => {
    const outcome = await runSdk({
      endpoint: 'localhost', port: twin.twin.httpsPort, rootCaPem, clientId: `backend-sdk-${version}`, credentials: twin.twin.assumeRole('Backend'), version, topic: 'dt/a',
    });
    expect(outcome).toEqual({ connected: true, message: 'hello' });
  });

  test.each([4, 5] as const)('lets mqtt.js in, with MQTT %s, to do what the role allows and nothing else', async (version) => {
    const backend = await open(await signedUrl(twin.twin.assumeRole('Backend')), `backend-js-${version}`, version);
    expect(await backend.subscribe(['dt/+/a', 'cmd/#'])).toEqual([1, version === 5 ? 135 : 128]);
    await backend.publish('dt/x/a', 'hello');
    expect(await backend.payload('dt/x/a')).toBe('hello');
    const journal = twin.journal();
    backend.send('cmd/secret', 'x');
    await backend.disconnected();
    expect(await journal.next('the decision', denied('iot:Publish', 'cmd/secret'))).toMatchObject({ principal: expect.stringMatching(/Backend.*\/test$/) });
  });

  test('is closed under a client id that the role does not allow', async () => {
    const journal = twin.journal();
    await expect(open(await signedUrl(twin.twin.assumeRole('Backend')), 'watcher')).rejects.toThrow(/CONNACK 7/);
    await journal.next('the decision', denied('iot:Connect', 'watcher'));
  });

  test('ends after 24 hours', async () => {
    const backend = await open(await signedUrl(twin.twin.assumeRole('Backend')), 'backend-day', 5, 1200);
    // It keeps itself alive.
    for (let hours = 0; hours < 23.75; hours += 0.25) {
      clock.advance(900);
      await backend.publish('dt/alive', 'x');
    }
    const journal = twin.journal();
    clock.advance(900);
    expect(await backend.disconnected()).toMatchObject({ reasonCode: 160 });
    await journal.next('a note', refused('a connection with a signature ends after 24 hours'));
  });

  test.each<[string, () => Promise<string>, RegExp]>([
    ['an altered signature', async () => (await signedUrl(twin.twin.assumeRole('Backend'))).replace(/Signature=./, 'Signature=x'), /InvalidSignatureException: The request signature we calculated/],
    ['a URL past its time', () => signedUrl(twin.twin.assumeRole('Backend'), { at: clock.now() - 61_000, expires: 60 }), /InvalidSignatureException: Signature expired/],
    ['a URL past its time, which had none', () => signedUrl(twin.twin.assumeRole('Backend'), { at: clock.now() - 301_000 }), /InvalidSignatureException: Signature expired/],
    ['expired credentials', async () => {
      const old = twin.twin.assumeRole('Backend');
      clock.advance(3601);
      return signedUrl(old);
    }, /ExpiredTokenException/],
    ['credentials of a real account', () => signedUrl({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x', sessionToken: 'y' }), /UnrecognizedClientException/],
    ['another service', () => signedUrl(twin.twin.assumeRole('Backend'), { service: 'execute-api' }), /it is for 'execute-api'/],
  ])('is refused with %s', async (_, url, reason) => {
    const journal = twin.journal();
    expect(await statusOf(await url())).toBe(403);
    expect((await journal.next('a note', refused(reason))).reason).not.toMatch(/Signature=|Credential=/);
  });

  test('lets nobody in who shows nothing, neither there nor in CONNECT', async () => {
    const journal = twin.journal();
    await expect(open(`wss://localhost:${twin.twin.httpsPort}/mqtt`)).rejects.toThrow(/CONNACK 7/);
    await journal.next('a note', refused(/the client names no authorizer/));
  });

  test('is opened on /mqtt alone', async () => {
    const journal = twin.journal();
    expect(await statusOf(await signedUrl(twin.twin.assumeRole('Backend'), { path: '/other' }))).toBe(400);
    await journal.next('a note', refused(/MQTT is spoken on \/mqtt/));
  });
});

describe('HTTPS publish that AWS credentials sign', () => {
  /** The SDK signs with the time of this computer, and the twin's stands still; it learns of that from the first answer. */
  function publish(credentials: Credentials, topic: string, payload = 'x'): Promise<unknown> {
    return new IoTDataPlaneClient({
      endpoint: `https://localhost:${twin.twin.httpsPort}`, region: 'us-east-1', credentials, maxAttempts: 1, systemClockOffset: clock.now() - Date.now(), requestHandler: { httpsAgent: new Agent({ ca: rootCaPem }) },
    }).send(new PublishCommand({ topic, qos: 1, payload: Buffer.from(payload) }));
  }

  test('works with the AWS SDK, as far as the role allows', async () => {
    const watcher = await MqttJs.connect(await twin.kit('watcher'));
    await watcher.subscribe('cmd/#');
    await publish(twin.twin.assumeRole('Backend'), 'cmd/pump 1/on', 'now');
    expect(await watcher.payload('cmd/pump 1/on')).toBe('now');
    const journal = twin.journal();
    await expect(publish(twin.twin.assumeRole('Backend'), 'cmd/secret')).rejects.toMatchObject({ name: 'ForbiddenException' });
    await journal.next('the decision', denied('iot:Publish', 'cmd/secret'));
    await watcher.end();
  });

  test('has the tags of the session', async () => {
    const north = twin.twin.assumeRole('Tagged', { tags: { site: 'north' } });
    await publish(north, 'site/north/x');
    await expect(publish(north, 'site/south/x')).rejects.toMatchObject({ name: 'ForbiddenException' });
    await expect(publish(twin.twin.assumeRole('Tagged'), 'site//x')).rejects.toMatchObject({ name: 'ForbiddenException' });
  });

  test('is within the permissions boundary of the role, also where nobody knows that', async () => {
    await publish(twin.twin.assumeRole('Bounded'), 'dt/a');
    await expect(publish(twin.twin.assumeRole('Bounded'), 'cmd/a')).rejects.toMatchObject({ name: 'ForbiddenException' });
    await expect(publish(twin.twin.assumeRole('OutOfBounds'), 'dt/a')).rejects.toMatchObject({ name: 'ForbiddenException' });
    await expect(open(await signedUrl(twin.twin.assumeRole('Bounded')))).rejects.toThrow(/CONNACK/);
  });

  test('is refused with another secret key', async () => {
    const journal = twin.journal();
    await expect(publish({ ...twin.twin.assumeRole('Backend'), secretAccessKey: 'guessed' }, 'dt/a')).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    await journal.next('a note', refused(/^signature: InvalidSignatureException/));
  });

  test('reads what is retained, as far as the role allows', async () => {
    const sdk = (roleName: string): IoTDataPlaneClient => new IoTDataPlaneClient({
      endpoint: `https://localhost:${twin.twin.httpsPort}`, region: 'us-east-1', credentials: twin.twin.assumeRole(roleName), maxAttempts: 1, systemClockOffset: clock.now() - Date.now(), requestHandler: { httpsAgent: new Agent({ ca: rootCaPem }) },
    });
    const watcher = await MqttJs.connect(await twin.kit('watcher'));
    await watcher.publish('keep/a', 'one', { qos: 1, retain: true });
    await watcher.publish('keep/b', 'three', { qos: 1, retain: true });
    await watcher.end();
    const { payload, qos, lastModifiedTime } = await sdk('Reader').send(new GetRetainedMessageCommand({ topic: 'keep/a' }));
    expect([Buffer.from(payload!).toString(), qos, lastModifiedTime]).toEqual(['one', 1, clock.now()]);
    await expect(sdk('Reader').send(new GetRetainedMessageCommand({ topic: 'keep/none' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(sdk('Reader').send(new GetRetainedMessageCommand({ topic: 'other' }))).rejects.toMatchObject({ name: 'ForbiddenException' });
    await expect(sdk('Backend').send(new ListRetainedMessagesCommand({}))).rejects.toMatchObject({ name: 'ForbiddenException' });
    const { retainedTopics: [first], nextToken } = await sdk('Reader').send(new ListRetainedMessagesCommand({ maxResults: 1 })) as { retainedTopics: object[]; nextToken: string };
    const { retainedTopics: [second], nextToken: end } = await sdk('Reader').send(new ListRetainedMessagesCommand({ maxResults: 1, nextToken })) as { retainedTopics: object[]; nextToken?: string };
    expect([first, second, end]).toEqual([{ topic: 'keep/a', payloadSize: 3, qos: 1, lastModifiedTime: clock.now() }, { topic: 'keep/b', payloadSize: 5, qos: 1, lastModifiedTime: clock.now() }, undefined]);
  });

  test('works with curl', async () => {
    // curl knows no other time than that of this computer.
    const own = await TestTwin.start({ watcher: { may: ANYTHING } }, {}, { Backend: role(allow('iot:Publish', 'topic/dt/*')) });
    const { accessKeyId, secretAccessKey, sessionToken } = own.twin.assumeRole('Backend');
    const curl = async (topic: string, key = secretAccessKey): Promise<string> => (await promisify(execFile)('curl', [
      '--silent', '--cacert', own.twin.endpoints.rootCa, '--aws-sigv4', 'aws:amz:us-east-1:iotdata', '--user', `${accessKeyId}:${key}`,
      '-H', `x-amz-security-token: ${sessionToken}`, '--data', '{"t":1}', '--write-out', ' %{http_code}', `${own.twin.endpoints.https}/topics/${topic}?qos=1`,
    ])).stdout;
    expect(await curl('dt/a')).toMatch(/"OK".* 200$/);
    expect(await curl('cmd/a')).toMatch(/Forbidden.* 403$/);
    expect(await curl('dt/a', 'guessed')).toMatch(/ 403$/);
    await own.stop();
  });

  test('works with curl and a certificate too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'curl-'));
    writeKit(await twin.kit('watcher'), folder);
    const curl = async (...more: string[]): Promise<string> => (await promisify(execFile)('curl', [
      '--silent', '--cacert', join(folder, 'root-ca.pem'), '--data', 'x', '--write-out', ' %{http_code}', `https://localhost:${twin.twin.httpsPort}/topics/any/a?qos=1`, ...more,
    ])).stdout;
    const identity = ['--cert', join(folder, 'certificate.pem'), '--key', join(folder, 'private.key')];
    expect(await curl(...identity)).toMatch(/"OK".* 200$/);
    expect(await curl()).toMatch(/Missing Authentication Token.* 403$/);
    rmSync(folder, { recursive: true });
  });
});

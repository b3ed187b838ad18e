import { execFile } from 'node:child_process';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { promisify } from 'node:util';
import { IoTClient, TestInvokeAuthorizerCommand } from '@aws-sdk/client-iot';
import type { TestInvokeAuthorizerCommandInput, TestInvokeAuthorizerCommandOutput } from '@aws-sdk/client-iot';
import type { IClientOptions } from 'mqtt';
import type { JournalEntry } from '../../../lib/twin';
import { FakeClock } from '../support/fake-clock';
import { within } from '../support/inbox';
import type { Inbox } from '../support/inbox';
import { MqttJs } from '../support/mqttjs';
import { authorizer, fn } from '../support/resources';
import { runSdk } from '../support/sdk';
import { ANYTHING, TestTwin, refused } from '../support/test-twin';

const PREFIX = 'arn:aws:iot:us-east-1:123456789012:';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: typeof publicKey): string => key.export({ type: 'spki', format: 'pem' }) as string;

/** Lets a user do what begins with its name, and remembers each time that it is asked. */
const BY_USER = `
  console.log('asked ' + JSON.stringify(event));
  const { mqtt = {}, http = {} } = event.protocolData;
  const user = event.token ?? http.headers?.authorization ?? (mqtt.username ?? '').split('?')[0];
  const allow = (Action, ...names) => ({ Effect: 'Allow', Action, Resource: names.map((name) => '${PREFIX}' + name) });
  return {
    isAuthenticated: user !== 'nobody',
    principalId: user.replace(/[^a-zA-Z0-9]/g, ''),
    disconnectAfterInSeconds: 1200,
    refreshAfterInSeconds: 300,
    policyDocuments: [{ Version: '2012-10-17', Statement: [
      allow('iot:Connect', 'client/' + user + '-*'), allow('iot:Subscribe', 'topicfilter/u/' + user + '/*'), allow(['iot:Publish', 'iot:Receive'], 'topic/u/' + user + '/*'),
    ] }],
  };`;

/** Answers what it is told in the user name. */
const PUPPET = "return JSON.parse(Buffer.from(event.protocolData.mqtt.password, 'base64'));";

const clock = new FakeClock();
let twin: TestTwin;
let rootCaPem: string;

beforeAll(async () => {
  twin = await TestTwin.start({ watcher: { may: ANYTHING } }, { clock }, {
    ...authorizer('Signed', BY_USER, { TokenKeyName: 'token', TokenSigningPublicKeys: { old: pem(other.publicKey), now: pem(publicKey) } }),
    ...authorizer('Unsigned', BY_USER, { SigningDisabled: true }),
    ...authorizer('Cached', BY_USER, { SigningDisabled: true, EnableCachingForHttp: true }),
    ...authorizer('Puppet', PUPPET, { SigningDisabled: true }),
    ...authorizer('Inactive', BY_USER, { SigningDisabled: true, Status: 'INACTIVE' }),
    ...authorizer('Throws', "throw new Error('it broke');", { SigningDisabled: true }),
    ...authorizer('Slow', 'console.log("asked {}"); await new Promise((resolve) => setTimeout(resolve, 60_000));', { SigningDisabled: true }),
    ...authorizer('Fickle', `
      // Its process is another one by then.
      try { require('node:fs').writeFileSync(__filename + '.asked', '', { flag: 'wx' }); } catch { return { isAuthenticated: false }; }
      ${BY_USER}`, { SigningDisabled: true }),
    ForgottenFunction: fn(BY_USER),
    Forgotten: { Type: 'AWS::IoT::Authorizer', Properties: { AuthorizerName: 'Forgotten', AuthorizerFunctionArn: { 'Fn::GetAtt': ['ForgottenFunction', 'Arn'] }, Status: 'ACTIVE', SigningDisabled: true } },
  });
  rootCaPem = readFileSync(twin.twin.endpoints.rootCa, 'utf8');
});

afterAll(() => twin.stop());

function sign(token: string, key = privateKey): string {
  return createSign('sha256').update(token).sign(key, 'base64');
}

/** The user name of CONNECT, with the query that AWS IoT reads. */
function username(user: string, query: Record<string, string>): string {
  return `${user}?${Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

function named(name: string, user = 'ann'): string {
  return username(user, { 'x-amz-customauthorizer-name': name });
}

/** A client without a certificate, by default on the port that is 443 on AWS, with ALPN `mqtt`. */
async function connect(options: IClientOptions & { readonly ALPNProtocols?: string[] }): Promise<MqttJs> {
  return MqttJs.connect({ ...await twin.kit('watcher') }, {
    host: 'localhost', servername: 'localhost', port: twin.twin.httpsPort, key: undefined, cert: undefined, ca: rootCaPem, clientId: 'ann-1', ALPNProtocols: ['mqtt'], ...options,
  });
}

/** Connect with an answer that the function is to give. */
function answering(answer: object): Promise<MqttJs> {
  return connect({ username: named('Puppet'), password: JSON.stringify(answer) });
}

/** What a function was told. */
async function asked(journal: Inbox<JournalEntry>, name: string): Promise<Record<string, unknown>> {
  const { reason } = await journal.next('the event', ({ event, reason: line }) => event === 'log' && line.includes(`${name}Function`) && line.includes('asked {'));
  return JSON.parse(reason.slice(reason.indexOf('asked ') + 6)) as Record<string, unknown>;
}

const FULL = { isAuthenticated: true, principalId: 'ann', disconnectAfterInSeconds: 3600, refreshAfterInSeconds: 300, policyDocuments: [{ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:Connect', Resource: `${PREFIX}client/ann-1` } }] };

describe('the AWS IoT Device SDK with a custom authorizer', () => {
  test.each([[4, false], [4, true], [5, false], [5, true]] as const)('is let in over MQTT %s, over a WebSocket: %s', async (version, overWebSocket) => {
    const plan = { endpoint: 'localhost', port: twin.twin.httpsPort, rootCaPem, clientId: `ann-${version}`, version, topic: 'u/ann/x' };
    const custom = { authorizerName: 'Signed', tokenKeyName: 'token', tokenValue: 'ann', tokenSignature: sign('ann'), username: '', password: '', overWebSocket };
    expect(await runSdk({ ...plan, custom: custom as never })).toEqual({ connected: true, message: 'hello' });
    expect(await runSdk({ ...plan, custom: { ...custom, tokenSignature: sign('bob') } as never })).toMatchObject({ connected: false });
  });
});

describe('a client with a token', () => {
  test.each([4, 5] as const)('may do what the answer says and nothing else, over MQTT %s', async (protocolVersion) => {
    const ann = await connect({ protocolVersion, username: username('', { 'x-amz-customauthorizer-name': 'Signed', 'x-amz-customauthorizer-signature': sign('ann'), token: 'ann' }) });
    expect(await ann.subscribe(['u/ann/#', 'u/bob/#', '#'])).toEqual(protocolVersion === 5 ? [1, 135, 135] : [1, 128, 128]);
    await ann.publish('u/ann/x', 'hello');
    expect(await ann.payload('u/ann/x')).toBe('hello');
    ann.send('u/bob/x', 'x');
    await ann.disconnected();
  });

  test('has signed it with any of the keys, before the function is asked', async () => {
    const journal = twin.journal();
    const named = { 'x-amz-customauthorizer-name': 'Signed', token: 'ann' };
    await (await connect({ username: username('x', { ...named, 'x-amz-customauthorizer-signature': sign('ann', other.privateKey) }) })).end();
    expect(await asked(journal, 'Signed')).toMatchObject({ token: 'ann', signatureVerified: true });
    for (const signature of [sign('bob'), sign('ann', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey), sign('ann').replace(/[+/]/, '-'), 'x', '']) {
      await expect(connect({ username: username('x', { ...named, 'x-amz-customauthorizer-signature': signature }) })).rejects.toThrow('CONNACK 7');
      await journal.next('a note', refused(/^authorizer 'Signed': the signature of the token/));
    }
    await expect(connect({ username: username('x', named) })).rejects.toThrow('CONNACK 7');
    await journal.next('a note', refused(/the client sends no signature of its token/));
    await expect(connect({ username: username('x', { 'x-amz-customauthorizer-name': 'Signed', 'x-amz-customauthorizer-signature': sign('') }) })).rejects.toThrow('CONNACK 7');
    await journal.next('a note', refused(/the client sends no token \('token'\)/));
    expect(journal.take().filter(({ reason }) => reason.includes('asked'))).toEqual([]);
  });

  test('may not use the client id of another user', async () => {
    const journal = twin.journal();
    await expect(connect({ username: named('Unsigned'), clientId: 'bob-1' })).rejects.toThrow('CONNACK 7');
    await journal.next('the decision', ({ action, decision, principal }) => action === 'iot:Connect' && decision?.decision === 'deny' && principal === 'Unsigned: ann');
  });

  test("is told to the function in AWS's event", async () => {
    const journal = twin.journal();
    const sent = `${named('Unsigned')}&SDK=Test`;
    await (await connect({ username: sent, password: Buffer.from([0, 255]) })).end();
    expect(await asked(journal, 'Unsigned')).toEqual({
      signatureVerified: false,
      protocols: ['tls', 'mqtt'],
      protocolData: { tls: { serverName: 'localhost' }, mqtt: { username: sent, password: 'AP8=', clientId: 'ann-1' } },
      connectionMetadata: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    await expect(connect({ username: named('Unsigned', 'nobody'), clientId: '', clean: true })).rejects.toThrow('CONNACK 7');
    expect(await asked(journal, 'Unsigned')).toMatchObject({ protocolData: { mqtt: { username: named('Unsigned', 'nobody') } } });
    await journal.next('a note', refused("authorizer 'Unsigned': the function said no"));
  });

  test('may show it when it opens a WebSocket', async () => {
    const journal = twin.journal();
    const overWebSocket = (query: string, headers: Record<string, string> = {}): Promise<MqttJs> => connect({ protocol: 'wss', path: `/mqtt${query}`, ALPNProtocols: undefined, wsOptions: { headers, ca: rootCaPem } });
    const signed = { 'x-amz-customauthorizer-name': 'Signed', 'x-amz-customauthorizer-signature': sign('ann'), token: 'ann' };
    await (await overWebSocket(username('', signed))).end();
    expect(await asked(journal, 'Signed')).toMatchObject({ token: 'ann', protocols: ['tls', 'http', 'mqtt'], protocolData: { http: { queryString: username('', signed) }, mqtt: { clientId: 'ann-1' } } });
    await (await overWebSocket('', signed)).end();
    expect(await asked(journal, 'Signed')).toMatchObject({ token: 'ann', protocolData: { http: { headers: { token: 'ann' } } } });
    await expect(overWebSocket('', { ...signed, token: 'bob' })).rejects.toThrow();
    await journal.next('a note', refused(/^WebSocket: authorizer 'Signed': the signature of the token/));
  });
});

describe('an authorizer', () => {
  test.each([
    ['that is not there', 'Missing', /there is no active authorizer 'Missing'/],
    ['that is inactive', 'Inactive', /there is no active authorizer 'Inactive'/],
    ['whose function may not be invoked', 'Forgotten', /no AWS::Lambda::Permission lets iot.amazonaws.com invoke/],
    ['whose function throws', 'Throws', /^authorizer 'Throws': the function failed: .*it broke/],
  ])('%s lets nobody in', async (_, name, reason) => {
    const journal = twin.journal();
    await expect(connect({ username: named(name) })).rejects.toThrow('CONNACK 7');
    await journal.next('a note', refused(reason));
  });

  test('whose function takes longer than 5 s lets nobody in', async () => {
    const journal = twin.journal();
    const attempt = expect(connect({ username: named('Slow') })).rejects.toThrow();
    await asked(journal, 'Slow');
    clock.advance(5);
    await attempt;
    await journal.next('a note', refused(/^authorizer 'Slow': the function failed: .*(timed out|5000 ms|5 s)/));
  });

  test('that is forgotten is told when the twin starts', () => {
    expect(twin.twin.warnings).toContainEqual(expect.stringMatching(/^authorizer 'Forgotten' lets nobody in: /));
  });

  test.each<[string, object, RegExp]>([
    ['no isAuthenticated', { ...FULL, isAuthenticated: 'true' }, /answered without isAuthenticated/],
    ['a principalId with a hyphen', { ...FULL, principalId: 'a-b' }, /answered a principalId that is not 1 to 128 letters and digits/],
    ['a principalId that is too long', { ...FULL, principalId: 'a'.repeat(129) }, /answered a principalId/],
    ['no principalId', { ...FULL, principalId: undefined }, /answered a principalId/],
    ['a refresh that is too soon', { ...FULL, refreshAfterInSeconds: 299 }, /answered a refreshAfterInSeconds that is no whole number from 300 to 86400/],
    ['a disconnect that is too late', { ...FULL, disconnectAfterInSeconds: 86_401 }, /answered a disconnectAfterInSeconds/],
    ['a time that is text', { ...FULL, disconnectAfterInSeconds: '600' }, /answered a disconnectAfterInSeconds/],
    ['no documents', { ...FULL, policyDocuments: undefined }, /answered policyDocuments that are no list/],
    ['11 documents', { ...FULL, policyDocuments: Array.from({ length: 11 }, () => FULL.policyDocuments[0]) }, /answered policyDocuments that are no list of at most 10/],
    ['a document that is too large', { ...FULL, policyDocuments: [{ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:Publish', Resource: `${PREFIX}topic/${'x'.repeat(2048)}` } }] }, /answered policyDocuments\[0\], which is no object of at most 2048 characters/],
    ['a document that is none', { ...FULL, policyDocuments: [{ Version: '2012-10-17', Statement: [{ Effect: 'Permit' }] }] }, /answered policyDocuments\[0\], which is no policy/],
  ])('that answers with %s lets nobody in', async (_, answer, reason) => {
    const journal = twin.journal();
    await expect(answering(answer)).rejects.toThrow('CONNACK 7');
    await journal.next('a note', refused(reason));
  });

  test("that answers '*' is followed, with a warning", async () => {
    const journal = twin.journal();
    await (await answering({ ...FULL, policyDocuments: [JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' } })] })).end();
    await journal.next('a warning', ({ event, reason }) => event === 'log' && /^authorizer 'Puppet': policyDocuments\[0\] allows actions on every resource/.test(reason));
  });
});

describe('TestInvokeAuthorizer', () => {
  const invoke = (input: Omit<TestInvokeAuthorizerCommandInput, 'authorizerName'>, authorizerName = 'Signed'): Promise<TestInvokeAuthorizerCommandOutput> => {
    const { endpointUrl, region, ...credentials } = twin.twin.aws;
    return new IoTClient({ endpoint: endpointUrl, region, credentials, maxAttempts: 1 }).send(new TestInvokeAuthorizerCommand({ authorizerName, ...input }));
  };

  test('asks with the event that a client would cause, and gives the answer', async () => {
    const journal = twin.journal();
    expect(await invoke({ token: 'ann', tokenSignature: sign('ann'), mqttContext: { username: 'ann', password: Buffer.from('pw'), clientId: 'ann-1' }, httpContext: { queryString: '?a=1', headers: { b: '2' } }, tlsContext: { serverName: 'x' } }))
      .toMatchObject({ isAuthenticated: true, principalId: 'ann', refreshAfterInSeconds: 300, disconnectAfterInSeconds: 1200, policyDocuments: [expect.stringContaining('iot:Connect')] });
    expect(await asked(journal, 'Signed')).toMatchObject({
      token: 'ann', signatureVerified: true, protocols: ['tls', 'http', 'mqtt'],
      protocolData: { tls: { serverName: 'x' }, http: { queryString: '?a=1', headers: { b: '2' } }, mqtt: { username: 'ann', password: Buffer.from('pw').toString('base64'), clientId: 'ann-1' } },
    });
    expect(await invoke({ mqttContext: { username: 'nobody' } }, 'Unsigned')).toMatchObject({ isAuthenticated: false });
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['a signature that is not good', () => invoke({ token: 'ann', tokenSignature: sign('bob') }), 'UnauthorizedException'],
    ['an authorizer that is not there', () => invoke({}, 'Missing'), 'UnauthorizedException'],
    ['an answer that AWS IoT does not take', () => invoke({ mqttContext: { password: Buffer.from('{"isAuthenticated":1}') } }, 'Puppet'), 'InvalidResponseException'],
  ])('fails for %s', async (_, attempt, name) => {
    await expect(attempt()).rejects.toMatchObject({ name });
  });
});

describe('the time of a connection', () => {
  test('ends with disconnectAfterInSeconds, however often it was asked again', async () => {
    const journal = twin.journal();
    const watcher = await MqttJs.connect(await twin.kit('watcher'), { keepalive: 1200 });
    await watcher.subscribe('$aws/events/presence/disconnected/#');
    const ann = await connect({ username: named('Unsigned'), protocolVersion: 5, keepalive: 1200 });
    for (let refreshes = 0; refreshes < 3; refreshes++) {
      clock.advance(300);
      await journal.next('the refresh', ({ event, reason }) => event === 'log' && /^authorizer 'Unsigned': asked again/.test(reason));
      await ann.publish('u/ann/x', 'still there');
    }
    clock.advance(300);
    expect(await ann.disconnected()).toMatchObject({ reasonCode: 160 });
    expect(JSON.parse(await watcher.payload())).toMatchObject({ disconnectReason: 'CUSTOMAUTH_TTL_EXPIRATION', principalIdentifier: 'ann' });
    await watcher.end();
  });

  test('ends when the function says no, asked again', async () => {
    const journal = twin.journal();
    const ann = await connect({ username: named('Fickle'), protocolVersion: 5, keepalive: 1200 });
    clock.advance(300);
    expect(await ann.disconnected()).toMatchObject({ reasonCode: 135 });
    await journal.next('a note', refused("authorizer 'Fickle': the function said no, when asked again"));
  });
});

describe('HTTPS publish', () => {
  function post(path: string, headers: Record<string, string>, agent = new Agent({ ca: rootCaPem })): Promise<number> {
    return within(`POST ${path}`, new Promise((resolve, reject) => {
      const sent = request({ host: 'localhost', port: twin.twin.httpsPort, path, method: 'POST', agent, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode!));
      });
      sent.on('error', reject);
      sent.end('x');
    }));
  }

  test('takes the token from headers or the query', async () => {
    const signed = { 'x-amz-customauthorizer-name': 'Signed', 'x-amz-customauthorizer-signature': sign('ann'), token: 'ann' };
    expect(await post('/topics/u/ann/x?qos=1', signed)).toBe(200);
    expect(await post(`/topics/u/ann/x${username('', signed)}&qos=1`, {})).toBe(200);
    expect(await post('/topics/u/bob/x?qos=1', signed)).toBe(403);
    expect(await post('/topics/u/ann/x?qos=1', { ...signed, token: 'bob' })).toBe(403);
  });

  test('works with curl', async () => {
    const curl = async (signature: string): Promise<string> => (await promisify(execFile)('curl', [
      '--silent', '--cacert', twin.twin.endpoints.rootCa, '--data', 'x', '--write-out', ' %{http_code}',
      '-H', 'x-amz-customauthorizer-name: Signed', '-H', `x-amz-customauthorizer-signature: ${signature}`, '-H', 'token: ann', `${twin.twin.endpoints.https}/topics/u/ann/x?qos=1`,
    ])).stdout;
    expect(await curl(sign('ann'))).toMatch(/"OK".* 200$/);
    expect(await curl(sign('bob'))).toMatch(/Forbidden.* 403$/);
  });

  test('asks once for the same credentials over the same connection, where the authorizer caches', async () => {
    const journal = twin.journal();
    const agent = new Agent({ ca: rootCaPem, keepAlive: true, maxSockets: 1 });
    const publish = (user: string): Promise<number> => post(`/topics/u/${user}/x`, { 'x-amz-customauthorizer-name': 'Cached', authorization: user }, agent);
    expect([await publish('ann'), await publish('ann'), await publish('bob'), await publish('ann')]).toEqual([200, 200, 200, 200]);
    const times = (): number => journal.take().filter(({ reason }) => reason.includes('asked {')).length;
    await journal.next('the end', ({ reason }) => reason.includes('"bob"'));
    expect(times()).toBe(1);
    clock.advance(301);
    expect(await publish('ann')).toBe(200);
    await journal.next('the event', ({ reason }) => reason.includes('asked {'));
    agent.destroy();
  });

  test('is refused with headers that are too large', async () => {
    const journal = twin.journal();
    expect(await post('/topics/u/ann/x', { 'x-amz-customauthorizer-name': 'Unsigned', authorization: 'x'.repeat(20_000) })).toBe(431);
    await journal.next('a note', refused('HTTP request: the headers are larger than 16 KB'));
  });
});

describe('the port', () => {
  test('without ALPN speaks HTTP, and 8883 takes certificates alone', async () => {
    const journal = twin.journal();
    await expect(connect({ username: named('Unsigned'), ALPNProtocols: undefined })).rejects.toThrow();
    await journal.next('a note', refused(/^HTTP request: /));
    await expect(connect({ username: named('Unsigned'), port: twin.twin.mqttPort, ALPNProtocols: undefined })).rejects.toThrow();
    await journal.next('a note', refused('the client showed no certificate'));
    await expect(connect({ username: named('Unsigned'), port: twin.twin.mqttPort })).rejects.toThrow(/no application protocol|closed/);
  });

  test('wants the name of the server', async () => {
    const journal = twin.journal();
    await expect(connect({ username: named('Unsigned'), host: '127.0.0.1', servername: '' })).rejects.toThrow();
    await journal.next('a note', refused('custom authentication needs the name of the server (SNI)'));
  });

  test('takes MQTT with certificates too, as 443 does with ALPN x-amzn-mqtt-ca', async () => {
    const kit = await twin.kit('watcher');
    await (await MqttJs.connect(kit, { port: kit.httpsPort, ALPNProtocols: ['x-amzn-mqtt-ca'] })).end();
  });
});

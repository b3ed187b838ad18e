import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { ConnectionKit } from '../../lib/twin';
import { MqttJs } from './support/mqttjs';
import { selfSigned } from './support/certificates';
import { within } from './support/inbox';
import { ANYTHING, TestTwin, allow, denied, refused } from './support/test-twin';

let twin: TestTwin;
let kit: ConnectionKit;

beforeAll(async () => {
  twin = await TestTwin.start({
    sensor: {
      may: [
        allow('iot:Publish', 'topic/dt/*', 'topic/thing/${iot:Connection.Thing.ThingName}'),
        allow('iot:RetainPublish', 'topic/dt/keep'),
      ],
    },
    inactive: { may: ANYTHING, status: 'INACTIVE' },
    watcher: { may: ANYTHING },
  });
  kit = await twin.kit('sensor');
});

afterAll(() => twin.stop());

interface Answer {
  readonly status: number;
  readonly body: { readonly message: string; readonly traceId: string };
}

function post(path: string, body: string | Buffer = 'x', options: RequestOptions & { readonly ALPNProtocols?: string[] } = {}, identity: Partial<ConnectionKit> = kit): Promise<Answer> {
  return within(`POST ${path}`, new Promise<Answer>((resolve, reject) => {
    const asked = request({
      host: 'localhost',
      port: kit.httpsPort,
      ca: kit.rootCaPem,
      key: identity.privateKeyPem,
      cert: identity.certificatePem,
      method: 'POST',
      path,
      agent: false,
      ...options,
    }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) as Answer['body'] }));
    });
    asked.on('error', reject);
    asked.end(body);
  }));
}

describe('POST /topics/TOPIC', () => {
  test.each([['', 0], ['?qos=0', 0], ['?qos=1', 1]] as const)('publishes%s', async (query, qos) => {
    const watcher = await MqttJs.connect(await twin.kit('watcher'));
    await watcher.subscribe('dt/#');
    expect(await post(`/topics/dt/a/b${query}`, 'hello')).toEqual({
      status: 200, body: { message: 'OK', traceId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
    });
    const message = await watcher.message();
    expect(message).toMatchObject({ topic: 'dt/a/b', qos, retain: false });
    expect(message.payload.toString()).toBe('hello');
    await watcher.end();
  });

  test('takes the topic URL-encoded, and otherwise as it is', async () => {
    const watcher = await MqttJs.connect(await twin.kit('watcher'));
    await watcher.subscribe('dt/#');
    for (const path of ['dt%2Fa%20b', 'dt/a/../b', 'dt/%E2%82%AC']) {
      expect((await post(`/topics/${path}?qos=1`)).status).toBe(200);
    }
    expect([(await watcher.message()).topic, (await watcher.message()).topic, (await watcher.message()).topic]).toEqual(['dt/a b', 'dt/a/../b', 'dt/€']);
    await watcher.end();
  });

  test('retains with permission', async () => {
    expect((await post('/topics/dt/keep?qos=1&retain=true', 'on')).status).toBe(200);
    const watcher = await MqttJs.connect(await twin.kit('watcher'));
    await watcher.subscribe('dt/keep');
    expect(await watcher.message()).toMatchObject({ retain: true });
    await watcher.end();
    const journal = twin.journal();
    expect((await post('/topics/dt/other?retain=true', 'on')).status).toBe(403);
    await journal.next('the decision', denied('iot:RetainPublish', 'dt/other'));
    expect((await post('/topics/dt/keep?retain=true', '')).status).toBe(200);
  });

  test('is refused where the policies do', async () => {
    const journal = twin.journal();
    expect(await post('/topics/cmd/x')).toMatchObject({ status: 403, body: { message: 'Forbidden' } });
    await journal.next('the decision', denied('iot:Publish', 'cmd/x'));
  });

  test('has no thing: what hangs on thing variables is refused', async () => {
    const journal = twin.journal();
    expect((await post('/topics/thing/sensor')).status).toBe(403);
    await journal.next('the decision', denied('iot:Publish', 'thing/sensor'));
  });

  test('takes 128 KB, and refuses more', async () => {
    expect((await post('/topics/dt/a', Buffer.alloc(128 * 1024))).status).toBe(200);
    const journal = twin.journal();
    expect(await post('/topics/dt/a', Buffer.alloc(128 * 1024 + 1))).toMatchObject({ status: 413, body: { message: 'the payload is larger than 131072 bytes' } });
    expect((await post('/topics/dt/a', Buffer.alloc(2 * 1024 * 1024))).status).toBe(413);
    await journal.next('a note', refused('HTTPS publish: the payload is larger than 131072 bytes'));
  });

  test('cuts off who never stops sending', async () => {
    await expect(post('/topics/dt/a', Buffer.alloc(16 * 1024 * 1024))).rejects.toThrow(/ECONNRESET|EPIPE|socket hang up/);
  });

  test.each([
    ['/topics/', 'the topic is empty'],
    ['/topics/dt/%23', "a topic name takes no '+', '#' or null character"],
    ['/topics/dt/+', "a topic name takes no '+', '#' or null character"],
    ['/topics/dt/1/2/3/4/5/6/7/8', 'it has more than 7 slashes'],
    ['/topics/%ZZ', 'the path is not URL-encoded'],
    ['/topics/dt/a?qos=2', 'qos must be 0 or 1'],
    ['/topics/$aws/x?retain=true', 'messages to reserved topics cannot be retained'],
    ['/elsewhere', 'POST /elsewhere is no call that the twin serves', 'POST /elsewhere'],
    ['//host/topics/dt/a', 'POST //host/topics/dt/a is no call that the twin serves', 'POST //host/topics/dt/a'],
  ])('%s is a bad request', async (path, message, call = 'publish') => {
    const journal = twin.journal();
    expect(await post(path)).toMatchObject({ status: 400, body: { message } });
    await journal.next('a note', refused(`HTTPS ${call}: ${message}`));
  });

  test('is the only method', async () => {
    expect((await post('/topics/dt/a', '', { method: 'GET' })).status).toBe(400);
  });

  test('works with ALPN x-amzn-http-ca, as on port 443', async () => {
    expect((await post('/topics/dt/a', 'x', { ALPNProtocols: ['x-amzn-http-ca'] })).status).toBe(200);
  });

  test('refuses another ALPN', async () => {
    await expect(post('/topics/dt/a', 'x', { ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol/);
  });
});

describe('a certificate', () => {
  test('is needed where nothing is signed', async () => {
    const journal = twin.journal();
    expect(await post('/topics/dt/a', 'x', {}, {})).toMatchObject({ status: 403, body: { message: 'Missing Authentication Token' } });
    await journal.next('a note', refused('HTTPS: the client shows no certificate, signature or token'));
    expect(await post('/topics/dt/a', 'x', { ALPNProtocols: ['x-amzn-http-ca'] }, {})).toMatchObject({ status: 403, body: { message: 'Forbidden' } });
    await journal.next('a note', refused('the client showed no certificate'));
  });

  test('must be registered', async () => {
    const journal = twin.journal();
    expect((await post('/topics/dt/a', 'x', {}, await selfSigned('EC', 'stranger'))).status).toBe(403);
    await journal.next('a note', refused('the certificate (CN=stranger) is not registered'));
  });

  test('must be active, at each request', async () => {
    expect((await post('/topics/dt/a', 'x', {}, await twin.kit('inactive'))).status).toBe(403);
    twin.twin.updateCertificateStatus('Certificate0', 'REVOKED');
    expect((await post('/topics/dt/a')).status).toBe(403);
    twin.twin.updateCertificateStatus('Certificate0', 'ACTIVE');
    expect((await post('/topics/dt/a')).status).toBe(200);
  });
});

test('a client that does not go on is answered and cut off, also where it does not hang up in turn', async () => {
  const head = 'POST /topics/dt/a HTTP/1.1\r\nhost: localhost\r\n';
  const ends = [
    ['', '408 Request Timeout'],
    [head, '408 Request Timeout'],
    [`${head}content-length: 1000\r\n\r\nabc`, '408 Request Timeout'],
    ['HELLO\r\n\r\n', '400 Bad Request'],
    ['GET /other HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n', '400 Bad Request'],
  ] as const;
  await Promise.all(ends.map(async ([bytes, status]) => {
    const socket = connect({ host: 'localhost', servername: 'localhost', port: kit.httpsPort, ca: kit.rootCaPem, allowHalfOpen: true } as ConnectionOptions);
    let answer = '';
    let knocking: NodeJS.Timeout | undefined;
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      // A client learns that the other side has gone by writing to it.
      knocking ??= setInterval(() => socket.write('\r'), 200);
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.write(bytes);
    try {
      await within(`the end of a connection after ${JSON.stringify(bytes)}`, closed);
    } finally {
      clearInterval(knocking);
      socket.destroy();
    }
    expect(answer).toContain(`HTTP/1.1 ${status}\r\n`);
  }));
});

import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import type { JournalEntry } from '../../lib/twin';
import { MqttJs } from './support/mqttjs';
import { Inbox, within } from './support/inbox';
import { ROLE, rule } from './rules/rule-runner';
import { TestTwin, allow } from './support/test-twin';

const MARKUP = '<img src=x onerror=alert(1)>';

let twin: TestTwin;
const viewers: ClientRequest[] = [];

beforeAll(async () => {
  twin = await TestTwin.start({
    sensor: { may: [allow('iot:Connect', 'client/*'), allow('iot:Publish', 'topic/dt/*')], attributes: { site: 'oslo' } },
  }, {}, rule('large', "SELECT * FROM 'dt/large'", [{ Kinesis: { StreamName: '${k}', PartitionKey: '${k}', RoleArn: ROLE } }]));
});

afterAll(() => twin.stop());
afterEach(() => viewers.splice(0).forEach((viewer) => viewer.destroy()));

function get(path: string, headers: { readonly [name: string]: string } = {}): Promise<IncomingMessage> {
  return within(`GET ${path}`, new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(`${twin.twin.endpoints.console}${path}`, { headers, agent: false }, resolve);
    asked.on('error', reject);
    asked.end();
    viewers.push(asked);
  }));
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
  }
  return text;
}

/** What a page that watches gets to see. */
async function watch(): Promise<Inbox<JournalEntry>> {
  const inbox = new Inbox<JournalEntry>();
  createInterface(await get('/events')).on('line', (line) => {
    if (line.startsWith('data: ')) {
      inbox.push(JSON.parse(line.slice('data: '.length)) as JournalEntry);
    }
  }).on('error', () => undefined);
  return inbox;
}

describe('the console', () => {
  test('serves its page, which may load nothing from elsewhere and never turns text into markup', async () => {
    const response = await get('/');
    expect(response).toMatchObject({
      statusCode: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': expect.stringContaining("default-src 'none'") as string,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      },
    });
    const page = await textOf(response);
    expect(page).toContain('local AWS IoT Core');
    expect(page).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
    expect(page).not.toMatch(/(src|href)="?https?:/);
  });

  test('describes the deployment', async () => {
    const deployment = JSON.parse(await textOf(await get('/deployment.json'))) as object;
    expect(deployment).toMatchObject({
      accountId: '123456789012',
      region: 'us-east-1',
      things: [{ name: 'sensor', attributes: { site: 'oslo' }, certificates: [{ logicalId: 'Certificate0', status: 'ACTIVE' }] }],
      policies: [{ name: 'policy-of-sensor' }],
    });
  });

  test('knows no other page', async () => {
    expect((await get('/elsewhere')).statusCode).toBe(404);
  });

  test.each(['attacker.example', 'attacker.example:80', 'localhost.attacker.example', '127.0.0.1.attacker.example', '10.0.0.1', 'localhost:80:80'])(
    'refuses a page of another site that reaches it by the name "%s"', async (host) => {
      for (const path of ['/', '/events', '/deployment.json']) {
        expect((await get(path, { host })).statusCode).toBe(403);
      }
    },
  );

  test.each(['localhost', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST:1'])('is reached as %s', async (host) => {
    expect((await get('/', { host })).statusCode).toBe(200);
  });

  test('shows decisions as they happen, allowed ones and refused ones, with the statement that decided', async () => {
    const page = await watch();
    const device = await MqttJs.connect(await twin.kit('sensor'));
    expect(await page.next('the connect', ({ action }) => action === 'iot:Connect')).toMatchObject({
      clientId: 'sensor', resource: 'sensor', decision: { decision: 'allow', by: [{ policy: 'policy-of-sensor', statement: 0 }] },
    });
    await device.publish('dt/x', 'x');
    await page.next('the publish', ({ resource, decision }) => resource === 'dt/x' && decision?.decision === 'allow');
    device.send('cmd/x', 'x');
    await page.next('the refusal', ({ resource, decision }) => resource === 'cmd/x' && decision?.decision === 'deny');
    await device.disconnected();
  });

  test('shows refusals from before the page was opened', async () => {
    const journal = twin.journal();
    const device = await MqttJs.connect(await twin.kit('sensor'));
    device.send('before/x', 'x');
    await device.disconnected();
    await journal.next('the refusal', ({ resource }) => resource === 'before/x');
    await (await watch()).next('the refusal', ({ resource }) => resource === 'before/x');
  });

  test('passes on what clients choose as data: a line of its own is never made, nor markup', async () => {
    const page = await watch();
    const device = await MqttJs.connect(await twin.kit('sensor'), { clientId: MARKUP });
    expect(await page.next('the connect', ({ clientId }) => clientId === MARKUP)).toMatchObject({ event: 'decision' });
    device.send('x\n\nevent: forged\ndata: {}', 'x');
    expect(await page.next('the refusal', ({ resource }) => resource?.startsWith('x\n') === true)).toMatchObject({ resource: 'x\n\nevent: forged\ndata: {}' });
    await device.disconnected();
  });

  test('opens after many large deliveries of rules, with the beginnings of the newest', async () => {
    const device = await MqttJs.connect(await twin.kit('sensor'));
    for (let index = 0; index < 100; index++) {
      await device.publish('dt/large', JSON.stringify({ index, k: 'x'.repeat(60_000) }));
    }
    await device.end();
    expect(twin.twin.deliveries.all().length).toBeGreaterThan(80);
    const page = await watch();
    const last = await page.next('the last delivery', (entry) => (entry as { payload?: string }).payload?.startsWith('{"index":99') === true);
    expect(JSON.stringify(last).length).toBeLessThan(12_000);
    expect(last).toMatchObject({ fields: { PartitionKey: `${'x'.repeat(2000)}…` } });
    const another = await MqttJs.connect(await twin.kit('sensor'));
    await page.next('what happens now', ({ event }) => event === 'connected');
    await another.end();
  });

  test('is reached by the name it was told to listen on', async () => {
    const other = await TestTwin.start({ sensor: { may: [allow('iot:Connect', '*')] } }, { host: '127.0.0.2' });
    const response = await new Promise<IncomingMessage>((resolve, reject) => request(other.twin.endpoints.console, { agent: false }, resolve).on('error', reject).end());
    expect(response.statusCode).toBe(200);
    response.destroy();
    const device = await MqttJs.connect(await other.kit('sensor'));
    await device.end();
    await other.stop();
  });
});

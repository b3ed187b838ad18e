import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { CreateJobCommand, DeleteJobCommand, IoTClient } from '@aws-sdk/client-iot';
import { DeleteThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import type { JournalEntry, RuleDelivery } from '../../lib/twin';
import type { Overview } from '../../lib/twin/console/overview';
import { MqttJs } from './support/mqttjs';
import { Inbox, within } from './support/inbox';
import { ROLE, rule } from './rules/rule-runner';
import { TestTwin, allow } from './support/test-twin';

type Tables = ReturnType<Overview['tables']>;

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

/** What a page that watches gets to see: decisions, or events of another name. */
async function watch<T = JournalEntry>(wanted = 'message'): Promise<Inbox<T>> {
  const inbox = new Inbox<T>();
  let event = 'message';
  createInterface(await get('/events')).on('line', (line) => {
    const [, field, text] = /^(event|data): (.*)$/.exec(line) ?? [];
    if (field === 'event') {
      event = text!;
    } else if (field === 'data') {
      if (event === wanted) {
        inbox.push(JSON.parse(text!) as T);
      }
      event = 'message';
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

  describe('shadows and jobs', () => {
    let data: IoTDataPlaneClient;
    let iot: IoTClient;

    beforeAll(() => {
      const { endpointUrl, region, accessKeyId, secretAccessKey } = twin.twin.aws;
      const config = { endpoint: endpointUrl, region, credentials: { accessKeyId, secretAccessKey } };
      data = new IoTDataPlaneClient(config);
      iot = new IoTClient(config);
    });

    const update = (target: { readonly thingName: string; readonly shadowName?: string }, desired: object): Promise<unknown> => (
      data.send(new UpdateThingShadowCommand({ ...target, payload: Buffer.from(JSON.stringify({ state: { desired } })) }))
    );

    test('are shown as they are, and as they change, the newest first', async () => {
      const page = await watch<Tables>('overview');
      await page.next('the start', ({ shadows, jobs }) => shadows.total === 0 && jobs.total === 0);
      const [sensor, other] = [{ thingName: 'sensor', shadowName: 'config' }, { thingName: 'other', shadowName: 'config' }];
      await update(sensor, { celsius: 1, text: MARKUP });
      await update(other, { celsius: 2 });
      await update(sensor, { celsius: 3 });
      const last = JSON.stringify({ desired: { celsius: 3, text: MARKUP }, delta: { celsius: 3, text: MARKUP } });
      const { shadows } = await page.next('the shadows', ({ shadows: { rows } }) => rows[0]?.[2] === '2');
      expect(shadows).toMatchObject({ total: 2, rows: [['sensor', 'config', '2', last], ['other', 'config', '1', expect.anything()]] });

      await iot.send(new CreateJobCommand({ jobId: 'reboot', document: '{}', targets: ['arn:aws:iot:us-east-1:123456789012:thing/sensor'] }));
      const { jobs } = await page.next('the job', ({ jobs: { total } }) => total === 1);
      expect(jobs.rows).toEqual([['reboot', 'IN_PROGRESS', 'thing/sensor', '1 QUEUED', 'sensor QUEUED v1']]);

      await data.send(new DeleteThingShadowCommand(other));
      await iot.send(new DeleteJobCommand({ jobId: 'reboot', force: true }));
      await page.next('what is left', (now) => now.shadows.rows.length === 1 && now.jobs.total === 0 && now.jobs.rows.length === 0);
      await (await watch<Tables>('overview')).next('what is left, for a page that opens now', (now) => now.shadows.rows.length === 1 && now.jobs.total === 0);
    });

    test('are as many as a page can show, however many and long they are', async () => {
      for (let index = 0; index < 60; index += 1) {
        await update({ thingName: `many-${index}` }, { text: 'x'.repeat(600) });
      }
      const { shadows: { rows, total } } = await (await watch<Tables>('overview')).next('the shadows', () => true);
      expect(rows).toHaveLength(50);
      expect(total).toBeGreaterThanOrEqual(60);
      expect(rows[0]!.slice(0, 3)).toEqual(['many-59', '(classic)', '1']);
      expect(rows[0]![3]).toHaveLength(501);
    });
  });

  test('opens after many large deliveries of rules, with the beginnings of the newest', async () => {
    const device = await MqttJs.connect(await twin.kit('sensor'));
    for (let index = 0; index < 100; index++) {
      await device.publish('dt/large', JSON.stringify({ index, k: 'x'.repeat(60_000) }));
    }
    await device.end();
    expect(twin.twin.deliveries.all().length).toBeGreaterThan(80);
    const page = await watch();
    const last = await (await watch<RuleDelivery>('delivery')).next('the last delivery', ({ payload }) => payload.startsWith('{"index":99'));
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

import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import {
  DeleteThingShadowCommand, GetThingShadowCommand, IoTDataPlaneClient, ListNamedShadowsForThingCommand, PublishCommand, UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import type { Credentials } from '../../../lib/twin';
import { FakeClock } from '../support/fake-clock';
import { MqttJs } from '../support/mqttjs';
import { role } from '../support/resources';
import { ANYTHING, TestTwin, allow, denied, refused } from '../support/test-twin';

const clock = new FakeClock();
const START = Math.floor(clock.now() / 1000);
const PREFIX = '$aws/things/lamp/shadow';

let twin: TestTwin;
let device: MqttJs;

function republishes(RuleName: string, from: string, to: string): object {
  const properties = { Sql: `SELECT state FROM '${from}'`, AwsIotSqlVersion: '2016-03-23', Actions: [{ Republish: { Topic: to, RoleArn: { 'Fn::GetAtt': ['Rules', 'Arn'] } } }] };
  return { Type: 'AWS::IoT::TopicRule', Properties: { RuleName, TopicRulePayload: properties } };
}

beforeAll(async () => {
  twin = await TestTwin.start({ lamp: { may: ANYTHING } }, { clock }, {
    Rules: { ...role(allow('iot:Publish', '*')) },
    OfWills: republishes('of_wills', 'wills/lamp', `$${PREFIX}/name/will/update`),
    Loop: republishes('loop', '$aws/things/+/shadow/name/loop/update/accepted', `$${PREFIX}/name/loop/update`),
    Classic: role(allow(['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iot:DeleteThingShadow'], 'thing/lamp')),
    Config: role(allow('iot:UpdateThingShadow', 'thing/*/config')),
    Lists: role(allow('iot:ListNamedShadowsForThing', '*')),
  });
  device = await MqttJs.connect(await twin.kit('lamp'));
});

afterAll(async () => {
  await device.end();
  await twin.stop();
});

let count = 0;

/** A shadow of its own for a test, which the device hears about. */
async function fresh(): Promise<{ readonly name: string; readonly prefix: string }> {
  const name = `s${++count}`;
  const prefix = `${PREFIX}/name/${name}`;
  await device.subscribe([`${prefix}/get/+`, `${prefix}/update/+`, `${prefix}/delete/+`]);
  return { name, prefix };
}

async function heard(topic: string): Promise<unknown> {
  return JSON.parse(await device.payload(topic)) as unknown;
}

const at = { timestamp: START };

describe('over MQTT', () => {
  test.each([['classic', PREFIX], ['named', `${PREFIX}/name/config`]])('a %s shadow is updated, got and deleted', async (_, prefix) => {
    await device.subscribe([`${prefix}/get/+`, `${prefix}/update/+`, `${prefix}/delete/+`]);
    await device.publish(`${prefix}/update`, JSON.stringify({ state: { desired: { on: true }, reported: { on: false } }, clientToken: 'a' }));
    const accepted = { metadata: { desired: { on: at }, reported: { on: at } }, version: 1, timestamp: START, clientToken: 'a' };
    expect(await heard(`${prefix}/update/accepted`)).toEqual({ ...accepted, state: { desired: { on: true }, reported: { on: false } } });
    expect(await heard(`${prefix}/update/documents`)).toMatchObject({ current: { state: { desired: { on: true }, reported: { on: false } }, version: 1 }, clientToken: 'a' });
    expect(await heard(`${prefix}/update/delta`)).toEqual({ state: { on: true }, metadata: { on: at }, version: 1, timestamp: START, clientToken: 'a' });
    await device.publish(`${prefix}/get`, '');
    const { clientToken: _token, ...rest } = accepted;
    expect(await heard(`${prefix}/get/accepted`)).toEqual({ ...rest, state: { desired: { on: true }, reported: { on: false }, delta: { on: true } } });
    await device.publish(`${prefix}/delete`, '{"clientToken":"b"}');
    expect(await heard(`${prefix}/delete/accepted`)).toEqual({ version: 1, timestamp: START, clientToken: 'b' });
    await device.publish(`${prefix}/get`, '{"clientToken":"c"}');
    expect(await heard(`${prefix}/get/rejected`)).toEqual({ code: 404, message: `No shadow exists with name: '${prefix === PREFIX ? 'lamp' : 'config'}'`, clientToken: 'c' });
    await device.client.unsubscribeAsync([`${prefix}/get/+`, `${prefix}/update/+`, `${prefix}/delete/+`]);
  });

  test('answers come with the QoS of the subscription', async () => {
    const { prefix } = await fresh();
    await device.publish(`${prefix}/update`, '{"state":{}}', { qos: 0 });
    expect(await device.message(`${prefix}/update/accepted`)).toMatchObject({ qos: 1, retain: false });
  });

  test.each<[string, string | Buffer, object]>([
    ['bytes', Buffer.from([0xc3, 0x28]), { code: 415, message: 'Unsupported documented encoding; supported encoding is UTF-8' }],
    ['no JSON', '{"state":', { code: 400, message: 'Invalid JSON' }],
    ['a document that is too deep', `{"state":{"reported":${'{"a":'.repeat(7)}1${'}'.repeat(7)}},"clientToken":"t"}`, { code: 400, message: 'JSON contains too many levels of nesting; maximum is 6', clientToken: 't' }],
    ['a document that is too large', JSON.stringify({ clientToken: 't', state: { reported: { a: 'x'.repeat(8192) } } }), { code: 413, message: 'The payload exceeds the maximum size allowed', clientToken: 't' }],
    ['a token that is too long', JSON.stringify({ clientToken: 't'.repeat(65), state: {} }), { code: 400, message: 'Invalid clientToken' }],
  ])('%s is rejected, and the journal says so', async (_, payload, rejection) => {
    const journal = twin.journal();
    const { prefix, name } = await fresh();
    await device.publish(`${prefix}/update`, payload);
    expect(await heard(`${prefix}/update/rejected`)).toEqual(rejection);
    const { clientId } = await journal.next('the refusal', refused(new RegExp(`^shadow '${name}' of lamp: update: ${(rejection as { code: number }).code} `)));
    expect(clientId).toBe('lamp');
    expect(twin.twin.shadow('lamp', name)).toBeUndefined();
  });

  test('a stale version is rejected with a conflict', async () => {
    const { prefix } = await fresh();
    await device.publish(`${prefix}/update`, '{"state":{}}');
    await device.publish(`${prefix}/update`, '{"state":{}}');
    await device.publish(`${prefix}/update`, '{"state":{},"version":1,"clientToken":"t"}');
    expect(await heard(`${prefix}/update/rejected`)).toEqual({ code: 409, message: 'Version conflict', clientToken: 't' });
  });

  test('names that AWS does not take are rejected', async () => {
    await device.subscribe(['$aws/things/a b/shadow/+/rejected', '$aws/things/lamp/shadow/name/a.b/+/rejected']);
    await device.publish('$aws/things/a b/shadow/get', '');
    expect(await heard('$aws/things/a b/shadow/get/rejected')).toMatchObject({ code: 400 });
    await device.publish('$aws/things/lamp/shadow/name/a.b/update', '{"state":{}}');
    expect(await heard('$aws/things/lamp/shadow/name/a.b/update/rejected')).toMatchObject({ code: 400 });
  });

  test('the cloud\'s side and rules are heard too, and a last will is not', async () => {
    const { name, prefix } = await fresh();
    twin.twin.publish(`${prefix}/update`, '{"state":{"desired":{"a":1}}}');
    expect(twin.twin.shadow('lamp', name)).toEqual({ state: { desired: { a: 1 }, delta: { a: 1 } }, metadata: { desired: { a: at } }, version: 1, timestamp: START });
    const [ill, well] = await Promise.all([`${prefix}/update`, 'wills/lamp'].map(async (topic, index) => (
      MqttJs.connect(await twin.kit('lamp'), { clientId: `will-${index}`, will: { topic, payload: Buffer.from('{"state":{"reported":{"online":false}}}'), qos: 1, retain: false } })
    )));
    await device.subscribe(`${PREFIX}/name/will/update/accepted`);
    await ill!.vanish();
    await well!.vanish();
    expect(await heard(`${PREFIX}/name/will/update/accepted`)).toMatchObject({ state: { reported: { online: false } } });
    expect(twin.twin.shadow('lamp', name)).toMatchObject({ version: 1 });
  });

  test('a rule that updates the shadow whose updates it hears of is cut, and the journal says so', async () => {
    const journal = twin.journal();
    await device.publish(`${PREFIX}/name/loop/update`, '{"state":{"reported":{"a":1}}}');
    await journal.next('the cut', refused(/^rule loop: the message to '\$aws\/things\/lamp\/shadow\/name\/loop\/update\/accepted' is dropped: it comes from this rule/));
    expect(twin.twin.shadow('lamp', 'loop')).toMatchObject({ version: 2 });
  });

  test('more requests than AWS takes are told, once for a second', async () => {
    const journal = twin.journal();
    const { prefix, name } = await fresh();
    for (let index = 0; index < 30; index++) {
      twin.twin.publish(`${prefix}/update`, '{"state":{}}');
    }
    expect(twin.twin.shadow('lamp', name)).toMatchObject({ version: 30 });
    const entry = await journal.next('the note', ({ event }) => event === 'log');
    expect(entry.reason).toBe(`shadow '${name}' of lamp: more than 20 requests within a second; AWS IoT would refuse the rest with 429`);
  });

  test('are refused where that is asked for, until the next second', async () => {
    const strict = await TestTwin.start({ lamp: { may: ANYTHING } }, { clock, enforceShadowRate: true });
    const watcher = await MqttJs.connect(await strict.kit('lamp'));
    await watcher.subscribe(`${PREFIX}/update/rejected`);
    for (let index = 0; index < 21; index++) {
      strict.twin.publish(`${PREFIX}/update`, '{"state":{},"clientToken":"t"}');
    }
    expect(JSON.parse(await watcher.payload())).toEqual({ code: 429, message: 'Too many requests', clientToken: 't' });
    clock.advance(1);
    strict.twin.publish(`${PREFIX}/update`, '{"state":{}}');
    expect(strict.twin.shadow('lamp')).toMatchObject({ version: 21 });
    await watcher.end();
    await strict.stop();
  });
});

describe('the data API', () => {
  /** With AWS credentials; without, with those of an administrator at the endpoint of AWS APIs. */
  function sdk(credentials?: Credentials): IoTDataPlaneClient {
    const { endpointUrl, accessKeyId, secretAccessKey, region } = twin.twin.aws;
    return credentials === undefined
      ? new IoTDataPlaneClient({ endpoint: endpointUrl, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1, systemClockOffset: clock.now() - Date.now() })
      : new IoTDataPlaneClient({
        endpoint: `https://localhost:${twin.twin.httpsPort}`, region, credentials, maxAttempts: 1, systemClockOffset: clock.now() - Date.now(),
        requestHandler: { httpsAgent: new Agent({ ca: readFileSync(twin.twin.endpoints.rootCa) }) },
      });
  }

  const parsed = (payload: Uint8Array | undefined): unknown => JSON.parse(Buffer.from(payload!).toString());
  const bytes = (document: object): Buffer => Buffer.from(JSON.stringify(document));

  test.each([['at the endpoint of devices', 'Classic'], ['at the endpoint of AWS APIs', undefined]])('updates, gets and deletes %s', async (_, roleName) => {
    const client = sdk(roleName === undefined ? undefined : twin.twin.assumeRole(roleName));
    const now = Math.floor(clock.now() / 1000);
    const watcher = await MqttJs.connect(await twin.kit('lamp'), { clientId: 'watcher' });
    await watcher.subscribe([`${PREFIX}/update/+`, `${PREFIX}/delete/+`, `${PREFIX}/get/+`]);
    const { payload } = await client.send(new UpdateThingShadowCommand({ thingName: 'lamp', payload: Buffer.from('{"state":{"desired":{"level":1.50}},"clientToken":"t"}') }));
    expect(Buffer.from(payload!).toString()).toContain('{"desired":{"level":1.50}}');
    const { version } = parsed(payload) as { version: number };
    for (const topic of ['accepted', 'documents', 'delta']) {
      expect(JSON.parse(await watcher.payload(`${PREFIX}/update/${topic}`))).toMatchObject({ clientToken: 't' });
    }
    expect(parsed((await client.send(new GetThingShadowCommand({ thingName: 'lamp' }))).payload)).toEqual(twin.twin.shadow('lamp'));
    await expect(client.send(new UpdateThingShadowCommand({ thingName: 'lamp', payload: bytes({ state: {}, version: version + 1 }) }))).rejects.toMatchObject({ name: 'ConflictException', message: 'Version conflict' });
    expect(parsed((await client.send(new DeleteThingShadowCommand({ thingName: 'lamp' }))).payload)).toEqual({ version, timestamp: now });
    // Rejections and what was got are for the caller alone.
    expect((await watcher.message()).topic).toBe(`${PREFIX}/delete/accepted`);
    await watcher.end();
  });

  test.each<[string, Uint8Array | string, object]>([
    ['no JSON', '{', { name: 'InvalidRequestException', message: 'Invalid JSON' }],
    ['bytes', new Uint8Array([0xff]), { name: 'UnsupportedDocumentEncodingException' }],
    ['too much', JSON.stringify({ state: { desired: { a: 'x'.repeat(8192) } } }), { name: 'RequestEntityTooLargeException', message: 'The payload exceeds the maximum size allowed' }],
    ['more than a message may have', Buffer.alloc(200_000, 0x20), { name: 'RequestEntityTooLargeException' }],
  ])('refuses %s', async (_, payload, error) => {
    const journal = twin.journal();
    await expect(sdk().send(new UpdateThingShadowCommand({ thingName: 'lamp', shadowName: 'x', payload: Buffer.from(payload) }))).rejects.toMatchObject(error);
    await journal.next('the refusal', refused(/^HTTPS POST \/things\/lamp\/shadow: /));
  });

  test('says what is not there, and which names there cannot be', async () => {
    await expect(sdk().send(new GetThingShadowCommand({ thingName: 'nobody' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException', message: "No shadow exists with name: 'nobody'" });
    await expect(sdk().send(new GetThingShadowCommand({ thingName: 'lamp/config' }))).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(sdk().send(new DeleteThingShadowCommand({ thingName: 'lamp', shadowName: 'a b' }))).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('lists named shadows', async () => {
    for (const shadowName of ['b', 'a', 'c']) {
      await sdk().send(new UpdateThingShadowCommand({ thingName: 'lister', shadowName, payload: bytes({ state: {} }) }));
    }
    const client = sdk(twin.twin.assumeRole('Lists'));
    const { results, nextToken, timestamp } = await client.send(new ListNamedShadowsForThingCommand({ thingName: 'lister', pageSize: 2 }));
    expect({ results, timestamp }).toEqual({ results: ['a', 'b'], timestamp: Math.floor(clock.now() / 1000) });
    expect(await client.send(new ListNamedShadowsForThingCommand({ thingName: 'lister', nextToken }))).toMatchObject({ results: ['c'] });
    await expect(client.send(new ListNamedShadowsForThingCommand({ thingName: 'lister', pageSize: 101 }))).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('asks for one action on one shadow', async () => {
    const journal = twin.journal();
    const config = sdk(twin.twin.assumeRole('Config'));
    await config.send(new UpdateThingShadowCommand({ thingName: 'lamp', shadowName: 'config', payload: bytes({ state: {} }) }));
    for (const [command, action, resource] of [
      [new GetThingShadowCommand({ thingName: 'lamp', shadowName: 'config' }), 'iot:GetThingShadow', 'lamp/config'],
      [new DeleteThingShadowCommand({ thingName: 'lamp', shadowName: 'config' }), 'iot:DeleteThingShadow', 'lamp/config'],
      [new UpdateThingShadowCommand({ thingName: 'lamp', payload: bytes({ state: {} }) }), 'iot:UpdateThingShadow', 'lamp'],
      [new ListNamedShadowsForThingCommand({ thingName: 'lamp' }), 'iot:ListNamedShadowsForThing', 'lamp'],
    ] as const) {
      await expect(config.send(command as GetThingShadowCommand)).rejects.toMatchObject({ name: 'ForbiddenException' });
      await journal.next('the decision', denied(action, resource));
    }
    await expect(sdk(twin.twin.assumeRole('Classic')).send(new GetThingShadowCommand({ thingName: 'lamp', shadowName: 'config' }))).rejects.toMatchObject({ name: 'ForbiddenException' });
  });

  test('a request that is published over HTTPS is answered over MQTT', async () => {
    const { prefix } = await fresh();
    await sdk().send(new PublishCommand({ topic: `${prefix}/update`, payload: bytes({ state: {} }) }));
    expect(await heard(`${prefix}/update/accepted`)).toMatchObject({ version: 1 });
  });
});

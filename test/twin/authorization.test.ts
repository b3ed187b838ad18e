import type { IClientOptions } from 'mqtt';
import { MqttJs } from './support/mqttjs';
import { ANYTHING, TestTwin, allow, denied, deny } from './support/test-twin';

let twin: TestTwin;

beforeAll(async () => {
  twin = await TestTwin.start({
    sensor: {
      may: [
        allow('iot:Connect', 'client/${iot:Connection.Thing.ThingName}'),
        allow(['iot:Publish', 'iot:RetainPublish', 'iot:Receive'], 'topic/dt/sensor/*'),
        allow(['iot:Publish', 'iot:Receive'], 'topic/plain/*'),
        allow('iot:Subscribe', 'topicfilter/dt/*', 'topicfilter/plain/*', 'topicfilter/cmd/+/do', 'topicfilter/$share/g/plain/#'),
        allow('iot:Receive', 'topic/cmd/sensor/*'),
      ],
    },
    willless: { may: [{ ...allow('iot:Connect', '*'), Condition: { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['PersistentConnect'] } } }, allow('iot:Publish', '*')] },
    deny: { may: [...ANYTHING, deny('iot:Receive', 'topic/secret/*')] },
    // No policy grants what it needs to connect.
    nobody: { may: [allow('iot:Publish', '*')] },
    watcher: { may: ANYTHING },
  });
});

afterAll(() => twin.stop());

const BOTH = [['3.1.1', 4, 7], ['5', 5, 135]] as const;
const connect = async (thing: string, protocolVersion: 4 | 5, options: IClientOptions = {}): Promise<MqttJs> => (
  MqttJs.connect(await twin.kit(thing), { protocolVersion, ...options })
);

describe.each(BOTH)('MQTT %s', (_, version, notAuthorized) => {
  test('connects a client that may', async () => {
    const device = await connect('sensor', version);
    expect(device.connack).toMatchObject({ sessionPresent: false });
    await device.end();
  });

  test('refuses a client that may not connect at all', async () => {
    const journal = twin.journal();
    await expect(connect('nobody', version)).rejects.toThrow(`CONNACK ${notAuthorized}`);
    expect(await journal.next('the decision', denied('iot:Connect', 'nobody'))).toMatchObject({ clientId: 'nobody', reason: expect.stringMatching(/./) as string });
  });

  test('refuses a client id that the policy does not name', async () => {
    const journal = twin.journal();
    await expect(connect('sensor', version, { clientId: 'watcher' })).rejects.toThrow(`CONNACK ${notAuthorized}`);
    await journal.next('the decision', denied('iot:Connect', 'watcher'));
  });

  describe('a last will', () => {
    test('is published when the client vanishes', async () => {
      const watcher = await connect('watcher', version);
      await watcher.subscribe('dt/sensor/will');
      const device = await connect('sensor', version, { will: { topic: 'dt/sensor/will', payload: Buffer.from('gone'), qos: 1, retain: false } });
      await device.vanish();
      expect(await watcher.payload('dt/sensor/will')).toBe('gone');
      await watcher.end();
    });

    test('is forgotten when the client disconnects', async () => {
      const watcher = await connect('watcher', version);
      await watcher.subscribe('dt/sensor/will');
      const device = await connect('sensor', version, { will: { topic: 'dt/sensor/will', payload: Buffer.from('gone'), qos: 1, retain: false } });
      await device.end();
      await watcher.publish('dt/sensor/will', 'marker');
      expect(await watcher.payload()).toBe('marker');
      await watcher.end();
    });

    test('needs permission to publish to its topic', async () => {
      const journal = twin.journal();
      const will = { topic: 'alerts/sensor', payload: Buffer.from('x'), qos: 0, retain: false } as const;
      await expect(connect('sensor', version, { will })).rejects.toThrow(`CONNACK ${notAuthorized}`);
      await journal.next('the decision', denied('iot:Publish', 'alerts/sensor'));
    });

    test('that is retained needs permission to retain', async () => {
      const journal = twin.journal();
      const will = { topic: 'plain/x', payload: Buffer.from('x'), qos: 0, retain: false } as const;
      await (await connect('sensor', version, { will })).end();
      await expect(connect('sensor', version, { will: { ...will, retain: true } })).rejects.toThrow(`CONNACK ${notAuthorized}`);
      await journal.next('the decision', denied('iot:RetainPublish', 'plain/x'));
    });

    test('can be kept from a client by iot:ConnectAttributes', async () => {
      await (await connect('willless', version)).end();
      const will = { topic: 'any', payload: Buffer.from('x'), qos: 0, retain: false } as const;
      await expect(connect('willless', version, { will })).rejects.toThrow(`CONNACK ${notAuthorized}`);
    });
  });

  describe('a publish', () => {
    test.each([0, 1] as const)('with QoS %i reaches a subscriber', async (qos) => {
      const watcher = await connect('watcher', version);
      await watcher.subscribe('dt/sensor/#');
      const device = await connect('sensor', version);
      await device.publish('dt/sensor/a/b', 'hello', { qos });
      expect(await watcher.message()).toMatchObject({ topic: 'dt/sensor/a/b', qos, retain: false, dup: false });
      await device.end();
      await watcher.end();
    });

    test.each([0, 1] as const)('that is denied ends the connection, QoS %i, and reaches nobody', async (qos) => {
      const journal = twin.journal();
      const watcher = await connect('watcher', version);
      await watcher.subscribe('#');
      const device = await connect('sensor', version);
      device.send('cmd/other/do', 'x', { qos });
      expect(await device.disconnected()).toEqual(version === 4 ? undefined : expect.objectContaining({
        reasonCode: 135, properties: { reasonString: "not authorized to publish to 'cmd/other/do'" },
      }));
      expect(await journal.next('the decision', denied('iot:Publish', 'cmd/other/do'))).toMatchObject({ clientId: 'sensor', thingName: 'sensor' });
      await journal.next('the end', ({ event, clientId }) => event === 'disconnected' && clientId === 'sensor');
      await watcher.publish('marker', 'x');
      expect((await watcher.message()).topic).toBe('marker');
      await watcher.end();
    });

    test('that is denied leaves the last will', async () => {
      const watcher = await connect('watcher', version);
      await watcher.subscribe('dt/sensor/will');
      const device = await connect('sensor', version, { will: { topic: 'dt/sensor/will', payload: Buffer.from('thrown out'), qos: 0, retain: false } });
      device.send('cmd/other/do', 'x');
      expect(await watcher.payload()).toBe('thrown out');
      await watcher.end();
    });

    test('that is retained needs iot:RetainPublish too', async () => {
      const journal = twin.journal();
      const device = await connect('sensor', version);
      await device.publish('dt/sensor/state', 'on', { qos: 1, retain: true });
      await device.publish('dt/sensor/state', '', { qos: 1, retain: true });
      device.send('plain/state', 'on', { retain: true });
      await device.disconnected();
      await journal.next('the decision', denied('iot:RetainPublish', 'plain/state'));
    });
  });

  describe('a subscription', () => {
    test('is decided filter by filter: a refused one does not cost the others', async () => {
      const journal = twin.journal();
      const device = await connect('sensor', version);
      const failure = version === 4 ? 128 : 135;
      expect(await device.subscribe({
        'plain/+': { qos: 1 }, 'cmd/sensor/do': { qos: 1 }, '#': { qos: 0 }, 'dt/#': { qos: 0 },
      })).toEqual([1, failure, failure, 0]);
      await journal.next('the decision', denied('iot:Subscribe', 'cmd/sensor/do'));
      await journal.next('the decision', denied('iot:Subscribe', '#'));
      await device.publish('plain/x', 'x');
      expect(await device.payload('plain/x')).toBe('x');
      await device.end();
    });

    test('with a wildcard is one plain string for the policy', async () => {
      const device = await connect('sensor', version);
      expect(await device.subscribe('cmd/+/do')).toEqual([1]);
      await device.end();
    });

    test('to a share is decided on the $share string', async () => {
      const device = await connect('sensor', version);
      expect(await device.subscribe({ '$share/g/plain/#': { qos: 1 }, '$share/h/plain/#': { qos: 1 } })).toEqual([1, version === 4 ? 128 : 135]);
      await device.end();
    });
  });

  describe('a delivery', () => {
    test('is decided by iot:Receive, whatever the filter lets in', async () => {
      const journal = twin.journal();
      const device = await connect('sensor', version);
      await device.subscribe('cmd/+/do');
      const watcher = await connect('watcher', version);
      await watcher.publish('cmd/other/do', 'not for you');
      await watcher.publish('cmd/sensor/do', 'for you');
      expect((await device.message()).topic).toBe('cmd/sensor/do');
      expect(await journal.next('the decision', denied('iot:Receive', 'cmd/other/do'))).toMatchObject({ clientId: 'sensor' });
      // The connection stays.
      await device.end();
      await watcher.end();
    });

    test('is kept back by a deny below a wide subscription', async () => {
      const device = await connect('deny', version);
      await device.subscribe('#');
      await device.publish('secret/x', 'x');
      await device.publish('open/x', 'x');
      expect((await device.message()).topic).toBe('open/x');
      await device.end();
    });

    test('of a retained message is decided too', async () => {
      const watcher = await connect('watcher', version);
      await watcher.publish('secret/state', 'x', { qos: 1, retain: true });
      const device = await connect('deny', version);
      await device.subscribe('secret/state');
      await device.subscribe('open');
      await device.publish('open', 'marker');
      expect((await device.message()).topic).toBe('open');
      await watcher.publish('secret/state', '', { qos: 1, retain: true });
      await device.end();
      await watcher.end();
    });
  });
});

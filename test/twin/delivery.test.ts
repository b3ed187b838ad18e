import { MqttJs } from './support/mqttjs';
import { ANYTHING, TestTwin, refused } from './support/test-twin';

let twin: TestTwin;
let publisher: MqttJs;
let subscriber: MqttJs;

beforeAll(async () => {
  twin = await TestTwin.start({ publisher: { may: ANYTHING }, subscriber: { may: ANYTHING } });
});

afterAll(() => twin.stop());

describe.each([['3.1.1', 4], ['5', 5]] as const)('MQTT %s', (_, protocolVersion) => {
  beforeEach(async () => {
    publisher = await MqttJs.connect(await twin.kit('publisher'), { protocolVersion });
    subscriber = await MqttJs.connect(await twin.kit('subscriber'), { protocolVersion });
  });

  afterEach(async () => {
    await publisher.end();
    await subscriber.end();
  });

  /** The topics that arrive before the marker. */
  async function arrived(): Promise<string[]> {
    await subscriber.subscribe('marker');
    await publisher.publish('marker', 'x');
    await subscriber.message('marker');
    return subscriber.messages.take().map(({ topic }) => topic);
  }

  describe('QoS', () => {
    test.each([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 1]] as const)('of a publish with %i to a subscription with %i is %i', async (published, subscribed, delivered) => {
      await subscriber.subscribe('a', subscribed);
      await publisher.publish('a', 'x', { qos: published });
      expect(await subscriber.message()).toMatchObject({ qos: delivered });
    });

    test('2 is refused in a publish', async () => {
      const journal = twin.journal();
      const kit = await twin.kit('publisher');
      const device = await MqttJs.connect(kit, { protocolVersion, clientId: 'two' });
      device.send('a', 'x', { qos: 2 });
      const end = await device.disconnected();
      expect(end?.reasonCode).toBe(protocolVersion === 5 ? 155 : undefined);
      await journal.next('a note', refused("publish to 'a': AWS IoT has no QoS 2"));
    });

    test('2 is refused in a subscription', async () => {
      const journal = twin.journal();
      const device = await MqttJs.connect(await twin.kit('publisher'), { protocolVersion, clientId: 'two' });
      device.client.subscribe('a', { qos: 2 }, () => undefined);
      const end = await device.disconnected();
      expect(end?.reasonCode).toBe(protocolVersion === 5 ? 155 : undefined);
      await journal.next('a note', refused('AWS IoT has no QoS 2'));
    });
  });

  test('what the twin publishes itself arrives, and is held to the same syntax', async () => {
    await subscriber.subscribe('cloud/#');
    twin.twin.publish('cloud/a', 'x');
    expect(await subscriber.message()).toMatchObject({ topic: 'cloud/a' });
    expect(() => twin.twin.publish('cloud/+', 'x')).toThrow("cannot publish to 'cloud/+': a topic name takes no '+', '#' or null character");
  });

  test('messages arrive in the order in which they were published', async () => {
    await subscriber.subscribe('n/#');
    const expected = Array.from({ length: 500 }, (__, index) => String(index));
    for (const payload of expected) {
      publisher.send(`n/${Number(payload) % 3}`, payload, { qos: 1 });
    }
    const payloads: string[] = [];
    while (payloads.length < expected.length) {
      payloads.push(await subscriber.payload());
    }
    expect(payloads).toEqual(expected);
  });

  test('overlapping subscriptions get one copy, with the highest QoS', async () => {
    await subscriber.subscribe({ 'o/#': { qos: 0 }, 'o/a': { qos: 1 }, 'o/+': { qos: 0 } });
    await publisher.publish('o/a', 'x');
    expect(await subscriber.message()).toMatchObject({ qos: 1 });
    expect(await arrived()).toEqual([]);
  });

  test('what is unsubscribed from no longer arrives', async () => {
    await subscriber.subscribe(['u', 'v']);
    subscriber.client.unsubscribe('u', () => undefined);
    await subscriber.packets.next('UNSUBACK', ({ cmd }) => cmd === 'unsuback');
    await publisher.publish('u', 'x');
    await publisher.publish('v', 'x');
    expect(await arrived()).toEqual(['v']);
  });

  describe('a topic filter', () => {
    test('# matches what is below a level but, unlike in the standard, not the level itself', async () => {
      await subscriber.subscribe('sensor/#');
      for (const topic of ['sensor', 'sensor/', 'sensor/x', 'sensor/x/y', 'sensors/x']) {
        await publisher.publish(topic, 'x');
      }
      expect(await arrived()).toEqual(['sensor/', 'sensor/x', 'sensor/x/y']);
    });

    test.each(['#', '+/things/#', '+/x'])('%s matches no topic that begins with $', async (filter) => {
      await subscriber.subscribe(filter);
      await publisher.publish('$aws/things/subscriber/shadow/get', 'x');
      await publisher.publish('$other/x', 'x');
      expect(await arrived()).not.toContainEqual(expect.stringMatching(/^\$/));
    });

    test('that names the $ level matches', async () => {
      await subscriber.subscribe('$aws/things/#');
      await publisher.publish('$aws/things/subscriber/other', 'x');
      expect(await arrived()).toEqual(['$aws/things/subscriber/other']);
    });

    test.each(['a/#/b', 'a#', 'a+/b', '$share/g', '$share//a', '$share/g+/a', '$aws/rules/r/x'])('%s is refused', async (filter) => {
      const journal = twin.journal();
      const packet = { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos: 0, nl: false, rap: false, rh: 0 }] } as const;
      // mqtt.js would not send it by itself.
      (subscriber.client as unknown as { _writePacket(packet: object): void })._writePacket(packet);
      const suback = await subscriber.packets.next('SUBACK', ({ cmd }) => cmd === 'suback');
      expect(suback).toMatchObject({ granted: [protocolVersion === 5 ? 143 : 128] });
      await journal.next('a note', ({ event, reason }) => event === 'refused' && reason.startsWith(`subscribe to '${filter}': `));
    });
  });

  describe('a retained message', () => {
    afterEach(() => publisher.publish('r/state', '', { qos: 1, retain: true }));

    test('goes to who subscribes to exactly its topic, marked as retained', async () => {
      await publisher.publish('r/state', 'on', { qos: 1, retain: true });
      await subscriber.subscribe('r/state');
      const message = await subscriber.message();
      expect(message).toMatchObject({ topic: 'r/state', retain: true, qos: 1 });
      expect(message.payload.toString()).toBe('on');
    });

    test.each(['r/+', 'r/#', '#', '+/state'])('does not go to filter %s: AWS IoT retains for exact topics only', async (filter) => {
      await publisher.publish('r/state', 'on', { qos: 1, retain: true });
      await subscriber.subscribe(filter);
      expect(await arrived()).not.toContain('r/state');
    });

    test('does not go to a shared subscription', async () => {
      await publisher.publish('r/state', 'on', { qos: 1, retain: true });
      await subscriber.subscribe('$share/g/r/state');
      expect(await arrived()).toEqual([]);
    });

    test('goes to those who are subscribed already as any other', async () => {
      await subscriber.subscribe('r/state');
      await publisher.publish('r/state', 'on', { qos: 1, retain: true });
      expect(await subscriber.message()).toMatchObject({ retain: false });
    });

    test('is replaced by the next, and deleted by an empty one', async () => {
      await publisher.publish('r/state', 'on', { qos: 1, retain: true });
      await publisher.publish('r/state', 'off', { qos: 0, retain: true });
      await publisher.publish('r/state', 'not retained', { qos: 1 });
      await subscriber.subscribe('r/state');
      expect(await subscriber.payload()).toBe('off');
      await publisher.publish('r/state', '', { qos: 1, retain: true });
      // Who is subscribed sees the empty message too.
      expect(await subscriber.payload()).toBe('');
      await subscriber.subscribe('r/state');
      expect(await arrived()).toEqual([]);
    });

    test('cannot be one of a reserved topic', async () => {
      const journal = twin.journal();
      const device = await MqttJs.connect(await twin.kit('publisher'), { protocolVersion, clientId: 'reserved' });
      device.send('$aws/things/x', 'x', { retain: true });
      await device.disconnected();
      await journal.next('a note', refused("publish to '$aws/things/x': messages to reserved topics cannot be retained"));
    });
  });
});

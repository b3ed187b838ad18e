import type { IPublishPacket } from 'mqtt-packet';
import type { ConnectionKit } from '../../lib/twin';
import { MqttJs } from './support/mqttjs';
import { RawClient, connectPacket } from './support/raw';
import { ANYTHING, TestTwin, refused } from './support/test-twin';

let twin: TestTwin;
let kit: ConnectionKit;
let publisher: MqttJs;
let subscriber: MqttJs;

beforeAll(async () => {
  twin = await TestTwin.start({ device: { may: ANYTHING } });
  kit = await twin.kit('device');
});

afterAll(() => twin.stop());

beforeEach(async () => {
  publisher = await MqttJs.connect(kit, { protocolVersion: 5, clientId: 'publisher' });
  subscriber = await MqttJs.connect(kit, { protocolVersion: 5, clientId: 'subscriber' });
});

afterEach(async () => {
  await publisher.end();
  await subscriber.end();
});

describe('CONNACK', () => {
  test('says what AWS IoT can do and cannot', () => {
    expect(subscriber.connack).toMatchObject({
      reasonCode: 0,
      properties: {
        sessionExpiryInterval: 0,
        serverKeepAlive: 60,
        receiveMaximum: 100,
        maximumQoS: 1,
        retainAvailable: true,
        maximumPacketSize: 149_504,
        topicAliasMaximum: 8,
        wildcardSubscriptionAvailable: true,
        subscriptionIdentifiersAvailable: false,
        sharedSubscriptionAvailable: true,
      },
    });
  });

  test('assigns a client id to a client that brings none', async () => {
    const journal = twin.journal();
    const client = await RawClient.open(kit, 5);
    client.send(connectPacket('', 5));
    const connack = await client.packet('connack');
    const { clientId } = await journal.next('the connect', ({ event }) => event === 'connected');
    expect(clientId).toMatch(/^[0-9a-f-]{36}$/);
    expect(connack).toMatchObject({ reasonCode: 0, properties: { assignedClientIdentifier: clientId } });
    await client.vanish();
  });

  test('refuses enhanced authentication', async () => {
    const journal = twin.journal();
    const client = await RawClient.open(kit, 5);
    client.send(connectPacket('device', 5, { properties: { authenticationMethod: 'SCRAM-SHA-1' } }));
    expect(await client.packet('connack')).toMatchObject({ reasonCode: 140 });
    await client.end();
    await journal.next('a note', refused('AWS IoT has no enhanced authentication'));
  });
});

describe('a message', () => {
  test('keeps its properties from publisher to subscriber', async () => {
    await subscriber.subscribe('p');
    const properties = {
      payloadFormatIndicator: true,
      contentType: 'application/json',
      responseTopic: 'answers/here',
      correlationData: Buffer.from([0, 1, 2, 255]),
      userProperties: { site: 'Oslo', tag: ['a', 'b'] },
    };
    await publisher.publish('p', '{}', { qos: 1, properties });
    expect((await subscriber.message()).properties).toEqual(properties);
  });

  test('loses them on the way to an MQTT 3.1.1 subscriber', async () => {
    const old = await MqttJs.connect(kit, { protocolVersion: 4, clientId: 'old' });
    await old.subscribe('p');
    await publisher.publish('p', '{}', { qos: 1, properties: { contentType: 'application/json' } });
    const message = await old.message();
    expect(message.payload.toString()).toBe('{}');
    await old.end();
  });

  test('keeps the properties of a last will', async () => {
    await subscriber.subscribe('w');
    const device = await MqttJs.connect(kit, {
      protocolVersion: 5,
      clientId: 'dying',
      will: { topic: 'w', payload: Buffer.from('x'), qos: 1, retain: false, properties: { contentType: 'text/plain', userProperties: { a: 'b' } } },
    });
    await device.vanish();
    expect((await subscriber.message()).properties).toEqual({ contentType: 'text/plain', userProperties: { a: 'b' } });
  });
});

describe('a topic alias', () => {
  test('stands for the topic it was given', async () => {
    await subscriber.subscribe('a/#');
    await publisher.publish('a/1', 'one', { qos: 1, properties: { topicAlias: 1 } });
    await publisher.publish('a/2', 'two', { qos: 1, properties: { topicAlias: 8 } });
    await publisher.publish('', 'three', { qos: 1, properties: { topicAlias: 1 } });
    // Given anew, it stands for the new one.
    await publisher.publish('a/4', 'four', { qos: 1, properties: { topicAlias: 1 } });
    await publisher.publish('', 'five', { qos: 1, properties: { topicAlias: 1 } });
    const topics: string[] = [];
    for (let count = 0; count < 5; count++) {
      const message = await subscriber.message();
      topics.push(message.topic);
      expect(message.properties?.topicAlias).toBeUndefined();
    }
    expect(topics).toEqual(['a/1', 'a/2', 'a/1', 'a/4', 'a/4']);
  });

  test.each([
    [0, 'x', 148, 'topic alias 0 is not between 1 and 8'],
    [9, 'x', 148, 'topic alias 9 is not between 1 and 8'],
    [3, '', 130, 'topic alias 3 was never set'],
  ])('%i on topic "%s" is refused with %i', async (topicAlias, topic, reasonCode, reason) => {
    const journal = twin.journal();
    const client = await RawClient.connect(kit, 5);
    client.send({ cmd: 'publish', topic, payload: 'x', qos: 0, dup: false, retain: false, properties: { topicAlias } });
    expect(await client.packet('disconnect')).toMatchObject({ reasonCode });
    await client.end();
    await journal.next('a note', refused(reason));
  });
});

describe('a subscriber', () => {
  test('gets no more than its receive maximum before it acknowledges', async () => {
    const client = await RawClient.connect(kit, 5, { properties: { receiveMaximum: 2 } });
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'm', qos: 1 }] });
    await client.packet('suback');
    for (let index = 0; index < 5; index++) {
      await publisher.publish('m', String(index));
    }
    const received: string[] = [];
    for (let round = 0; round < 5; round++) {
      const packet = await client.packet('publish') as IPublishPacket;
      received.push(packet.payload.toString());
      if (round === 0) {
        await client.packet('publish').then((second) => received.push((second as IPublishPacket).payload.toString()));
        client.send({ cmd: 'pingreq' });
        await client.packet('pingresp');
        expect(client.packets.take()).toEqual([]);
        client.send({ cmd: 'puback', messageId: packet.messageId! + 1, reasonCode: 0 });
        round += 1;
      }
      client.send({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 });
    }
    expect(received).toEqual(['0', '1', '2', '3', '4']);
    await client.vanish();
  });

  test('gets its receive maximum again when it comes back with a smaller one', async () => {
    const properties = { sessionExpiryInterval: 60, receiveMaximum: 10 };
    const first = await RawClient.connect(kit, 5, { clean: false, properties });
    first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'm', qos: 1 }] });
    await first.packet('suback');
    for (let index = 0; index < 3; index++) {
      await publisher.publish('m', String(index));
      await first.packet('publish');
    }
    const journal = twin.journal();
    await first.vanish();
    await journal.next('the end', ({ event }) => event === 'disconnected');
    const again = await RawClient.connect(kit, 5, { clean: false, properties: { ...properties, receiveMaximum: 1 } });
    for (let index = 0; index < 3; index++) {
      const packet = await again.packet('publish') as IPublishPacket;
      expect(packet).toMatchObject({ dup: true, messageId: index + 1 });
      again.send({ cmd: 'pingreq' });
      await again.packet('pingresp');
      expect(again.packets.take()).toEqual([]);
      again.send({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 });
    }
    again.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await again.end();
  });

  test('gets nothing larger than its maximum packet size', async () => {
    const client = await RawClient.connect(kit, 5, { properties: { maximumPacketSize: 100 } });
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'm', qos: 1 }] });
    await client.packet('suback');
    await publisher.publish('m', 'x'.repeat(100));
    await publisher.publish('m', 'small');
    expect(((await client.packet('publish')) as IPublishPacket).payload.toString()).toBe('small');
    await client.vanish();
  });

  test('gets what waited for it but what is too large', async () => {
    const properties = { sessionExpiryInterval: 60 };
    const first = await RawClient.connect(kit, 5, { clean: false, properties });
    first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'm', qos: 1 }] });
    await first.packet('suback');
    const journal = twin.journal();
    await first.vanish();
    await journal.next('the end', ({ event }) => event === 'disconnected');
    await publisher.publish('m', 'x'.repeat(1000));
    await publisher.publish('m', 'y'.repeat(1000));
    await publisher.publish('m', 'small');
    const again = await RawClient.connect(kit, 5, { properties: { maximumPacketSize: 100 }, clean: false });
    expect(((await again.packet('publish')) as IPublishPacket).payload.toString()).toBe('small');
    await again.vanish();
  });

  test('that wants none of its own messages gets none', async () => {
    await publisher.subscribe({ 'n/#': { qos: 1, nl: true } });
    await publisher.publish('n/own', 'x');
    await subscriber.publish('n/other', 'x');
    expect((await publisher.message()).topic).toBe('n/other');
  });

  test('gets its own messages by an overlapping subscription that takes them', async () => {
    await publisher.subscribe({ 'n/#': { qos: 1, nl: true }, 'n/own': { qos: 0 } });
    await publisher.publish('n/own', 'x');
    expect(await publisher.message()).toMatchObject({ topic: 'n/own', qos: 0 });
  });

  test('may not want that of a share', async () => {
    const client = await RawClient.connect(kit, 5);
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/a', qos: 1, nl: true }] });
    expect(await client.packet('disconnect')).toMatchObject({ reasonCode: 130 });
    await client.end();
  });

  test('may not use subscription identifiers', async () => {
    const journal = twin.journal();
    const client = await RawClient.connect(kit, 5);
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 1 }], properties: { subscriptionIdentifier: 1 } });
    expect(await client.packet('disconnect')).toMatchObject({ reasonCode: 161 });
    await client.end();
    await journal.next('a note', refused('AWS IoT has no subscription identifiers'));
  });

  test('learns from UNSUBACK what it was not subscribed to', async () => {
    await subscriber.subscribe('a');
    subscriber.client.unsubscribe(['a', 'b'], () => undefined);
    expect(await subscriber.packets.next('UNSUBACK', ({ cmd }) => cmd === 'unsuback')).toMatchObject({ granted: [0, 17] });
  });
});

describe('a retained message', () => {
  beforeEach(() => publisher.publish('r', 'on', { qos: 1, retain: true }));
  afterEach(() => publisher.publish('r', '', { qos: 1, retain: true }));

  /** Whether it comes before a marker. */
  async function comes(): Promise<boolean> {
    await subscriber.subscribe('marker');
    await publisher.publish('marker', 'x');
    await subscriber.message('marker');
    return subscriber.messages.take().length > 0;
  }

  test.each([[0, true, true], [1, true, false], [2, false, false]] as const)('with retain handling %i comes: %s; when subscribed before: %s', async (rh, first, second) => {
    await subscriber.subscribe({ r: { qos: 1, rh } });
    expect(await comes()).toBe(first);
    await subscriber.subscribe({ r: { qos: 1, rh } });
    expect(await comes()).toBe(second);
  });

  test.each([false, true])('published to a subscriber keeps its mark: %s, as published: the same', async (rap) => {
    await subscriber.subscribe({ r: { qos: 1, rap, rh: 2 } });
    await publisher.publish('r', 'off', { qos: 1, retain: true });
    expect(await subscriber.message()).toMatchObject({ retain: rap });
  });
});

describe('a packet', () => {
  test.each([
    ['responseTopic', { responseTopic: 'a/+' }],
    ['topicAlias', { topicAlias: [1, 2] as unknown as number }],
    ['contentType', { contentType: ['a', 'b'] as unknown as string }],
    ['sessionExpiryInterval', { sessionExpiryInterval: 1 }],
    ['subscriptionIdentifier', { subscriptionIdentifier: 1 }],
  ])('PUBLISH with a wrong property %s is refused', async (name, properties) => {
    const journal = twin.journal();
    const client = await RawClient.connect(kit, 5);
    const wrong: object = properties;
    client.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0, dup: false, retain: false, properties: wrong });
    expect(await client.packet('disconnect')).toMatchObject({ reasonCode: 130 });
    await client.end();
    await journal.next('a note', refused(new RegExp(`^PUBLISH: the property ${name} `)));
  });

  test.each(['receiveMaximum', 'maximumPacketSize'])('CONNECT with %s 0 is refused', async (name) => {
    const journal = twin.journal();
    const client = await RawClient.open(kit, 5);
    client.send(connectPacket('device', 5, { properties: { [name]: 0 } }));
    await client.end();
    await journal.next('a note', refused(`CONNECT: the property ${name} is cut short, out of range or there twice`));
  });
});

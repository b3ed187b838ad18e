import { generate } from 'mqtt-packet';
import type { ConnectionKit } from '../../lib/twin';
import { MqttJs } from './support/mqttjs';
import { RawClient, connectPacket } from './support/raw';
import { ANYTHING, TestTwin, refused } from './support/test-twin';

let twin: TestTwin;
let kit: ConnectionKit;

beforeAll(async () => {
  twin = await TestTwin.start({ device: { may: ANYTHING } });
  kit = await twin.kit('device');
});

afterAll(() => twin.stop());

/** Whatever happened before, others are served. */
afterEach(async () => {
  const device = await MqttJs.connect(kit, { clientId: 'witness' });
  await device.subscribe('alive');
  await device.publish('alive', 'yes');
  expect(await device.payload('alive')).toBe('yes');
  await device.end();
});

/** The bytes of a packet: its first byte, and its length unless told otherwise. */
function frame(first: number, body: readonly number[], length = body.length): number[] {
  return [first, ...(length < 128 ? [length] : [0x80 | (length % 128), length >> 7]), ...body];
}

const text = (value: string): number[] => [value.length >> 8, value.length & 0xff, ...Buffer.from(value)];

describe('before CONNECT', () => {
  test.each([
    ['zeros', Buffer.alloc(1000), 'malformed packet: Not supported'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'), /^(malformed packet|unexpected)/],
    ['the largest length there is', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]), 'a packet of 268435455 bytes is larger than 149504'],
    ['a length that does not end', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff]), 'malformed packet: Invalid variable byte integer'],
    ['a wrong protocol name', Buffer.from(frame(0x10, [...text('HTTP'), 4, 2, 0, 60, ...text('a')])), 'malformed packet: Invalid protocolId'],
    ['a version to come', Buffer.from(frame(0x10, [...text('MQTT'), 9, 2, 0, 60, ...text('a')])), 'malformed packet: Invalid protocol version'],
    ['CONNECT that is cut short', Buffer.from(frame(0x10, [...text('MQTT'), 4, 2])), /^malformed packet: /],
    ['CONNECT with too much in it', Buffer.from(frame(0x10, [...text('MQTT'), 4, 2, 0, 60, ...text('a'), 1, 2, 3])), 'CONNECT: its content takes 13 bytes where its length says 16'],
    ['CONNECT with a property cut short', Buffer.from(frame(0x10, [...text('MQTT'), 5, 2, 0, 60, 5, 0x11, 0, 0, 0, 1, ...text('a')].slice(0, 14))), /^(malformed packet|CONNECT): /],
    ['PUBLISH', generate({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0, dup: false, retain: false }), 'unexpected PUBLISH'],
    ['SUBSCRIBE', generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 0 }] }), 'unexpected SUBSCRIBE'],
    ['PINGREQ', generate({ cmd: 'pingreq' }), 'unexpected PINGREQ'],
    ['DISCONNECT', generate({ cmd: 'disconnect' }), 'unexpected DISCONNECT'],
  ] as const)('%s ends the connection without an answer, and the journal says why', async (_, bytes, reason) => {
    const journal = twin.journal();
    const client = await RawClient.open(kit);
    client.write(bytes);
    await client.end();
    expect(client.packets.take()).toEqual([]);
    await journal.next('a note', refused(reason));
  });
});

describe('after CONNECT', () => {
  const PUBLISH_QOS_1 = 0x32;
  const packets: readonly (readonly [string, 4 | 5, readonly number[], string | RegExp])[] = [
    ['a second CONNECT', 4, [...generate(connectPacket('device'))], 'unexpected CONNECT'],
    ['a packet of the server', 4, [0xd0, 0], 'unexpected PINGRESP'],
    ['CONNACK', 5, [0x20, 2, 0, 0], /^(unexpected CONNACK|malformed)/],
    ['PUBREL', 4, [0x62, 2, 0, 1], 'unexpected PUBREL'],
    ['AUTH', 5, [0xf0, 2, 0x18, 0], 'unexpected AUTH'],
    ['the reserved packet', 4, [0x00, 0], 'malformed packet: Not supported'],
    ['PINGREQ with content', 4, [0xc0, 2, 1, 2], 'PINGREQ: its content takes 0 bytes where its length says 2'],
    ['wrong header flags', 4, [0x80, 6, 0, 1, ...text('a'), 0], /^malformed packet: Invalid header flag bits/],
    ['QoS 3', 4, [0x36, 0], /^malformed packet: /],
    ['SUBSCRIBE without a filter', 4, frame(0x82, [0, 1]), 'SUBSCRIBE: it names no topic filter'],
    ['SUBSCRIBE without a filter', 5, frame(0x82, [0, 1, 0]), 'SUBSCRIBE: it names no topic filter'],
    ['SUBSCRIBE without an identifier', 4, frame(0x82, [0, 0, ...text('a'), 0]), 'SUBSCRIBE: it lacks a packet identifier'],
    ['SUBSCRIBE whose filter is cut short', 4, frame(0x82, [0, 1, 0, 10, 97]), 'malformed packet: Cannot parse topic'],
    ['UNSUBSCRIBE without a filter', 5, frame(0xa2, [0, 1, 0]), 'UNSUBSCRIBE: it names no topic filter'],
    ['PUBLISH without an identifier', 4, frame(PUBLISH_QOS_1, text('a')), /^PUBLISH: it(s content takes| lacks a packet identifier)/],
    ['PUBLISH with identifier 0', 4, frame(PUBLISH_QOS_1, [...text('a'), 0, 0]), 'PUBLISH: it lacks a packet identifier'],
    ['PUBLISH whose topic is cut short', 4, frame(0x30, [0, 100, 97]), 'malformed packet: Cannot parse topic'],
    ['PUBLISH that reads on into the next packet', 5, [...frame(0x30, [...text('a'), 10]), 0xc0, 0, 0xc0, 0, 0xc0, 0, 0xc0, 0, 0xc0, 0], /^(malformed packet|PUBLISH): /],
    ['an unknown property', 5, frame(0x30, [...text('a'), 2, 0x7f, 0]), 'malformed packet: Unknown property'],
    ['a content type cut short', 5, frame(0x30, [...text('a'), 4, 3, 0xff, 0xff, 97]), /^(malformed packet|PUBLISH): /],
    ['a user property cut short', 5, frame(0x30, [...text('a'), 4, 0x26, 0xff, 0xff, 97]), /^(malformed packet|PUBLISH): /],
    ['two content types', 5, frame(0x30, [...text('a'), 8, 3, ...text('a'), 3, ...text('b')]), 'PUBLISH: the property contentType is cut short, out of range or there twice'],
    ['PUBACK without an identifier', 4, [0x40, 0], /^PUBACK: it lacks a packet identifier$/],
    ['an unknown reason code', 5, [0xe0, 2, 0x55, 0], 'malformed packet: Invalid disconnect reason code'],
  ];

  test.each(packets)('%s over MQTT %i ends the connection, and the journal says why', async (_, version, bytes, reason) => {
    const journal = twin.journal();
    const subscriber = await MqttJs.connect(kit, { clientId: 'subscriber', protocolVersion: 5 });
    await subscriber.subscribe('#');
    const client = await RawClient.connect(kit, version);
    client.write(bytes);
    await client.end();
    expect(client.packets.take().map(({ cmd }) => cmd)).toEqual(version === 5 ? ['disconnect'] : []);
    expect(await journal.next('a note', refused(reason))).toMatchObject({ clientId: 'device' });
    // Nothing of it got through.
    await subscriber.publish('marker', 'x');
    expect((await subscriber.message()).topic).toBe('marker');
    await subscriber.end();
  });

  test('an acknowledgement of what was never sent is of no interest', async () => {
    const client = await RawClient.connect(kit);
    client.write([0x40, 2, 0x12, 0x34, 0xc0, 0]);
    await client.packet('pingresp');
    await client.vanish();
  });
});

describe('random bytes', () => {
  /** The same on every run. */
  function* noise(seed: number): Generator<number> {
    for (let state = seed; ;) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      yield state >>> 24;
    }
  }

  test.each([4, 5] as const)('never harm others, MQTT %i', async (version) => {
    const random = noise(version);
    const next = (): number => random.next().value as number;
    const heads = [0x30, 0x32, 0x40, 0x82, 0xa2, 0xe0, 0x10];
    const clients = await Promise.all(Array.from({ length: 30 }, (_, index) => RawClient.connect({ ...kit, clientId: `noise-${index}` }, version)));
    for (const client of clients) {
      for (let count = 0; count < 5; count++) {
        const body = Array.from({ length: next() % 60 }, () => next() % (next() % 2 === 0 ? 256 : 8));
        client.write(frame(heads[next() % heads.length]!, body));
      }
    }
    await Promise.all(clients.map((client) => client.vanish()));
  });
});

describe('slow and fast clients', () => {
  test('packets may come byte by byte, or all at once', async () => {
    const client = await RawClient.open(kit);
    const bytes = Buffer.concat([
      generate(connectPacket('device')),
      generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'slow', qos: 1 }] }),
      generate({ cmd: 'publish', topic: 'slow', payload: 'x'.repeat(200), qos: 1, messageId: 2, dup: false, retain: false }),
    ]);
    for (const byte of bytes) {
      await new Promise((resolve) => client.socket.write(Buffer.from([byte]), resolve));
    }
    await client.packet('suback');
    await client.packet('publish');
    await client.packet('puback');
    client.write(Buffer.concat([bytes.subarray(generate(connectPacket('device')).length), generate({ cmd: 'disconnect' })]));
    await client.packet('suback');
    await client.end();
  });

  test('a client that vanishes in the middle of a packet is forgotten', async () => {
    const journal = twin.journal();
    const client = await RawClient.connect(kit);
    client.write([0x30, 100, 0, 1]);
    await client.vanish();
    await journal.next('the end', ({ event, clientId }) => event === 'disconnected' && clientId === 'device');
  });

  test('a subscriber that stops reading costs its own connection only, and bounded memory', async () => {
    const journal = twin.journal();
    const lazy = await RawClient.connect({ ...kit, clientId: 'lazy' });
    lazy.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'flood', qos: 0 }] });
    await lazy.packet('suback');
    lazy.socket.pause();
    const eager = await MqttJs.connect(kit, { clientId: 'eager' });
    await eager.subscribe('flood', 0);
    const publisher = await MqttJs.connect(kit, { clientId: 'publisher' });
    const payload = Buffer.alloc(128 * 1024);
    const before = process.memoryUsage();
    let cut = false;
    const noted = journal.next('a note', refused('the client does not read what it subscribed to')).finally(() => {
      cut = true;
    });
    // What the twin keeps for it, and what the operating system does.
    for (let sent = 0; !cut && sent < 64 * 1024 * 1024; sent += payload.length) {
      await publisher.publish('flood', payload);
      await eager.message('flood');
    }
    expect(await noted).toMatchObject({ clientId: 'lazy' });
    const after = process.memoryUsage();
    expect(after.external - before.external).toBeLessThan(100 * 1024 * 1024);
    lazy.socket.resume();
    await lazy.end();
    await publisher.end();
    await eager.end();
  });

  test('200 quick connections all come and go', async () => {
    const journal = twin.journal();
    let number = 0;
    const worker = async (): Promise<void> => {
      while (number < 200) {
        const clientId = `quick-${number++}`;
        const client = await RawClient.open(kit);
        client.write(Buffer.concat([
          generate(connectPacket(clientId)),
          generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `quick/${clientId}`, qos: 1 }] }),
        ]));
        await client.packet('suback');
        if (number % 2 === 0) {
          await client.vanish();
        } else {
          client.send({ cmd: 'disconnect' });
          await client.end();
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    const open = new Set<string>();
    for (let ends = 0; ends < 200;) {
      const entry = await journal.next('the end of all', ({ event }) => event === 'connected' || event === 'disconnected');
      if (entry.event === 'connected') {
        open.add(entry.clientId!);
      } else {
        expect(open.delete(entry.clientId!)).toBe(true);
        ends += 1;
      }
    }
    expect(open.size).toBe(0);
  });
});

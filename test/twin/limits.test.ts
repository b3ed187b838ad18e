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

const SLASHES = 'a/b/c/d/e/f/g/h';
const WIDE = 'é'.repeat(128);

describe.each([['3.1.1', 4], ['5', 5]] as const)('MQTT %s', (_, protocolVersion) => {
  async function expectPublished(topic: string, payload: Buffer = Buffer.from('x')): Promise<void> {
    const device = await MqttJs.connect(kit, { protocolVersion });
    await device.publish(topic, payload);
    await device.end();
  }

  async function expectRefused(topic: string, payload: Buffer, reasonCode: number, reason: RegExp): Promise<void> {
    const journal = twin.journal();
    const client = await RawClient.connect(kit, protocolVersion);
    client.send({ cmd: 'publish', topic, payload, qos: 1, messageId: 1, dup: false, retain: false });
    if (protocolVersion === 5) {
      expect(await client.packet('disconnect')).toMatchObject({ reasonCode });
    }
    await client.end();
    await journal.next('a note', refused(reason));
  }

  test('a payload of 128 KB passes, and one byte more is refused', async () => {
    await expectPublished('a', Buffer.alloc(128 * 1024));
    await expectRefused('a', Buffer.alloc(128 * 1024 + 1), 149, /^publish to 'a': the payload is larger than 131072 bytes$/);
  });

  test('a packet of more than 146 KB is refused by its announced length', async () => {
    await expectRefused('a', Buffer.alloc(150_000), 149, /^a packet of \d+ bytes is larger than 149504$/);
  });

  test('a topic of 256 bytes passes, and one more is refused', async () => {
    await expectPublished('t'.repeat(256));
    await expectPublished(WIDE);
    await expectRefused('t'.repeat(257), Buffer.from('x'), 144, /: it is longer than 256 bytes$/);
    await expectRefused(`${WIDE}t`, Buffer.from('x'), 144, /: it is longer than 256 bytes$/);
  });

  test('a refusal of a very long topic stays short', async () => {
    await expectRefused('t'.repeat(65_535), Buffer.from('x'), 144, /: it is longer than 256 bytes$/);
  });

  test('a topic of 7 slashes passes, and one more is refused', async () => {
    await expectPublished(SLASHES);
    await expectRefused(`${SLASHES}/i`, Buffer.from('x'), 144, /: it has more than 7 slashes$/);
  });

  test('the first three levels of a basic ingest topic count for nothing', async () => {
    await expectPublished(`$aws/rules/my_rule/${SLASHES}`);
    await expectPublished(`$aws/rules/my_rule/${'t'.repeat(256)}`);
    await expectRefused(`$aws/rules/my_rule/${SLASHES}/i`, Buffer.from('x'), 144, /: it has more than 7 slashes$/);
    await expectRefused(`$aws/rules/${'r'.repeat(300)}/a`, Buffer.from('x'), 144, /: it is longer than 256 bytes$/);
  });

  test.each(['a/+', '#', '', 'a\0b'])('the topic %j is refused', async (topic) => {
    await expectRefused(topic, Buffer.from('x'), 144, /^publish to /);
  });

  test('a topic filter has the same bounds, and a shared one is measured without its prefix', async () => {
    const device = await MqttJs.connect(kit, { protocolVersion });
    const failure = protocolVersion === 5 ? 143 : 128;
    expect(await device.subscribe([
      SLASHES, `${SLASHES}/i`, 't'.repeat(256), 't'.repeat(257), `$share/g/${SLASHES}`, `$share/${'g'.repeat(128)}/a`, `$share/${'g'.repeat(129)}/a`,
    ])).toEqual([1, failure, 1, failure, 1, 1, failure]);
    await device.end();
  });

  test('a SUBSCRIBE takes 8 filters, and one of 9 ends the connection', async () => {
    const journal = twin.journal();
    const device = await MqttJs.connect(kit, { protocolVersion });
    const filters = (count: number): string[] => Array.from({ length: count }, (__, index) => `f/${index}`);
    expect(await device.subscribe(filters(8))).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    device.client.subscribe(filters(9), () => undefined);
    expect((await device.disconnected())?.reasonCode).toBe(protocolVersion === 5 ? 151 : undefined);
    await journal.next('a note', refused('more than 8 filters in one SUBSCRIBE'));
  });

  test('a connection takes 50 subscriptions; one more is refused, one anew is not', async () => {
    const journal = twin.journal();
    const device = await MqttJs.connect(kit, { protocolVersion });
    for (let index = 0; index < 50; index += 5) {
      expect(await device.subscribe(Array.from({ length: 5 }, (__, more) => `f/${index + more}`))).toEqual([1, 1, 1, 1, 1]);
    }
    expect(await device.subscribe(['f/50', 'f/0'])).toEqual([protocolVersion === 5 ? 151 : 128, 1]);
    await journal.next('a note', refused("subscribe to 'f/50': more than 50 subscriptions"));
    device.client.unsubscribe('f/1', () => undefined);
    await device.packets.next('UNSUBACK', ({ cmd }) => cmd === 'unsuback');
    expect(await device.subscribe('f/50')).toEqual([1]);
    await device.end();
  });

  test('a client id of 128 bytes passes, and one more is refused', async () => {
    await (await MqttJs.connect(kit, { protocolVersion, clientId: 'é'.repeat(64) })).end();
    const journal = twin.journal();
    await expect(MqttJs.connect(kit, { protocolVersion, clientId: `${'é'.repeat(64)}x` })).rejects.toThrow(`CONNACK ${protocolVersion === 5 ? 133 : 2}`);
    await journal.next('a note', refused('the client id is longer than 128 bytes'));
  });

  test('a client id with a leading $ is refused', async () => {
    const journal = twin.journal();
    await expect(MqttJs.connect(kit, { protocolVersion, clientId: '$me' })).rejects.toThrow(`CONNACK ${protocolVersion === 5 ? 133 : 2}`);
    await journal.next('a note', refused("a client id must not start with '$'"));
  });

  test.each([
    ['a bad topic', { topic: 'a/#', qos: 0 }, 144, "last will to 'a/#': a topic name takes no '+', '#' or null character"],
    ['QoS 2', { topic: 'a', qos: 2 }, 155, "last will to 'a': AWS IoT has no QoS 2"],
    ['a reserved topic to retain at', { topic: '$aws/x', qos: 0, retain: true }, 135, "last will to '$aws/x': messages to reserved topics cannot be retained"],
  ] as const)('a last will with %s is refused', async (__, will, reasonCode, reason) => {
    const journal = twin.journal();
    const client = await RawClient.open(kit, protocolVersion);
    client.send(connectPacket('device', protocolVersion, { will: { retain: false, ...will, payload: Buffer.from('x') } }));
    if (protocolVersion === 5) {
      expect(await client.packet('connack')).toMatchObject({ reasonCode });
    }
    await client.end();
    expect(client.packets.take()).toEqual([]);
    await journal.next('a note', refused(reason));
  });
});

describe('MQTT 3.1.1', () => {
  test('refuses a persistent session without a client id', async () => {
    const journal = twin.journal();
    const client = await RawClient.open(kit);
    // Written by hand: the encoder refuses it too.
    client.write([0x10, 12, 0, 4, ...Buffer.from('MQTT'), 4, 0, 0, 60, 0, 0]);
    expect(await client.packet('connack')).toMatchObject({ returnCode: 2 });
    await client.end();
    await journal.next('a note', refused('a persistent session needs a client id'));
  });
});

describe('MQTT 3.1', () => {
  test.each([
    ['MQTT 3.1', [0x10, 15, 0, 6, ...Buffer.from('MQIsdp'), 3, 2, 0, 60, 0, 1, 97]],
    ['a bridge', [0x10, 13, 0, 4, ...Buffer.from('MQTT'), 0x84, 2, 0, 60, 0, 1, 97]],
  ])('is refused with return code 1: %s', async (_, bytes) => {
    const journal = twin.journal();
    const client = await RawClient.open(kit);
    client.write(bytes);
    expect(await client.packet('connack')).toMatchObject({ returnCode: 1 });
    await client.end();
    await journal.next('a note', refused(/^AWS IoT speaks MQTT 3\.1\.1 and 5/));
  });
});

import type { IClientOptions } from 'mqtt';
import type { ConnectionKit } from '../../lib/twin';
import { FakeClock } from './support/fake-clock';
import { MqttJs } from './support/mqttjs';
import { RawClient } from './support/raw';
import { ANYTHING, TestTwin, allow, refused } from './support/test-twin';

let twin: TestTwin;
let clock: FakeClock;
let kit: ConnectionKit;
let publisher: MqttJs;

beforeEach(async () => {
  clock = new FakeClock();
  twin = await TestTwin.start({
    device: { may: ANYTHING },
    publisher: { may: ANYTHING },
    half: { may: [allow(['iot:Connect', 'iot:Subscribe'], '*'), allow('iot:Receive', 'topic/s/yes')] },
  }, { clock });
  kit = await twin.kit('device');
  publisher = await MqttJs.connect(await twin.kit('publisher'), { protocolVersion: 5 });
});

afterEach(async () => {
  publisher.client.end(true);
  await twin.stop();
});

/** A client whose session outlives its connection. */
const persistent = (version: 4 | 5, more: IClientOptions = {}): IClientOptions => ({
  protocolVersion: version,
  clean: false,
  ...(version === 5 ? { properties: { sessionExpiryInterval: 600 } } : {}),
  ...more,
});

/** The end of a client’s connection has reached the twin. */
async function gone(device: MqttJs, clientId = 'device'): Promise<void> {
  const journal = twin.journal();
  await device.vanish();
  await journal.next('the end', ({ event, clientId: id }) => event === 'disconnected' && id === clientId);
}

describe.each([['3.1.1', 4], ['5', 5]] as const)('a persistent session over MQTT %s', (_, version) => {
  test('keeps subscriptions and QoS 1 messages for a client that is away, in order, and drops QoS 0', async () => {
    const device = await MqttJs.connect(kit, persistent(version));
    expect(device.connack).toMatchObject({ sessionPresent: false });
    await device.subscribe('q/#');
    await gone(device);
    for (const payload of ['1', '2', '3']) {
      await publisher.publish('q/x', payload, { qos: 1 });
      await publisher.publish('q/x', `lost ${payload}`, { qos: 0 });
    }
    const again = await MqttJs.connect(kit, persistent(version));
    expect(again.connack).toMatchObject({ sessionPresent: true });
    expect([await again.payload(), await again.payload(), await again.payload()]).toEqual(['1', '2', '3']);
    await publisher.publish('q/x', '4');
    expect(await again.message()).toMatchObject({ dup: false });
    await again.end();
  });

  test('sends again what was not acknowledged, marked DUP and with the same identifier', async () => {
    const first = await RawClient.connect(kit, version, { clean: false, ...(version === 5 ? { properties: { sessionExpiryInterval: 600 } } : {}) });
    first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'q', qos: 1 }] });
    await first.packet('suback');
    await publisher.publish('q', 'one');
    await publisher.publish('q', 'two');
    const [one, two] = [await first.packet('publish'), await first.packet('publish')];
    expect(one).toMatchObject({ dup: false, qos: 1 });
    if (two.cmd === 'publish') {
      first.send({ cmd: 'puback', messageId: two.messageId!, reasonCode: 0 });
    }
    first.send({ cmd: 'pingreq' });
    await first.packet('pingresp');
    const journal = twin.journal();
    await first.vanish();
    await journal.next('the end', ({ event }) => event === 'disconnected');

    const again = await MqttJs.connect(kit, persistent(version));
    const message = await again.message();
    expect(message).toMatchObject({ dup: true, messageId: one.messageId });
    expect(message.payload.toString()).toBe('one');
    await publisher.publish('q', 'three');
    expect(await again.message()).toMatchObject({ dup: false });
    await again.end();
  });

  test('ends with its expiry', async () => {
    const device = await MqttJs.connect(kit, persistent(version));
    await device.subscribe('q');
    await gone(device);
    clock.advance((version === 5 ? 600 : 3600) - 1);
    const again = await MqttJs.connect(kit, persistent(version));
    expect(again.connack).toMatchObject({ sessionPresent: true });
    await gone(again);
    clock.advance(version === 5 ? 600 : 3600);
    const late = await MqttJs.connect(kit, persistent(version));
    expect(late.connack).toMatchObject({ sessionPresent: false });
    await late.end();
  });

  test('ends when the client starts anew', async () => {
    const device = await MqttJs.connect(kit, persistent(version));
    await device.subscribe('q');
    await gone(device);
    await (await MqttJs.connect(kit, { protocolVersion: version, clean: true })).end();
    const again = await MqttJs.connect(kit, persistent(version));
    expect(again.connack).toMatchObject({ sessionPresent: false });
    await publisher.publish('q', 'x');
    await again.subscribe('marker');
    await publisher.publish('marker', 'x');
    expect((await again.message()).topic).toBe('marker');
    await again.end();
  });

  test('asks the policies again when what waited is delivered', async () => {
    const half = await twin.kit('half');
    const device = await MqttJs.connect(half, persistent(version));
    await device.subscribe('s/+');
    await gone(device, 'half');
    await publisher.publish('s/no', 'x');
    await publisher.publish('s/yes', 'x');
    const again = await MqttJs.connect(half, persistent(version));
    expect((await again.message()).topic).toBe('s/yes');
    await again.end();
  });
});

describe('the session expiry of MQTT 5', () => {
  test('is what CONNACK says, at most seven days', async () => {
    const device = await MqttJs.connect(kit, persistent(5, { properties: { sessionExpiryInterval: 0xffff_ffff } }));
    expect(device.connack).toMatchObject({ properties: { sessionExpiryInterval: 604_800 } });
    await device.end();
  });

  test('is none unless asked for, even without clean start', async () => {
    const device = await MqttJs.connect(kit, { protocolVersion: 5, clean: false });
    await device.subscribe('q');
    await gone(device);
    const again = await MqttJs.connect(kit, { protocolVersion: 5, clean: false });
    expect(again.connack).toMatchObject({ sessionPresent: false });
    await again.end();
  });

  test('can be shortened by DISCONNECT', async () => {
    const device = await MqttJs.connect(kit, persistent(5));
    device.client.end(false, { properties: { sessionExpiryInterval: 0 } });
    await device.disconnected();
    const again = await MqttJs.connect(kit, persistent(5));
    expect(again.connack).toMatchObject({ sessionPresent: false });
    await again.end();
  });

  test('cannot be prolonged by DISCONNECT where there was none', async () => {
    const journal = twin.journal();
    const client = await RawClient.connect(kit, 5);
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 10 } });
    expect(await client.packet('disconnect')).toMatchObject({ reasonCode: 130 });
    await client.end();
    await journal.next('a note', refused('DISCONNECT: a session that was to end with the connection cannot be prolonged'));
  });
});

describe('one client id', () => {
  test.each([[4, undefined], [5, 142]] as const)('has one connection: the newer wins, MQTT %i', async (protocolVersion, reasonCode) => {
    const journal = twin.journal();
    const first = await MqttJs.connect(kit, { protocolVersion });
    const second = await MqttJs.connect(kit, { protocolVersion });
    expect((await first.disconnected())?.reasonCode).toBe(reasonCode);
    expect(await journal.next('the end', ({ event }) => event === 'disconnected')).toMatchObject({ reason: 'another connection uses the same client id' });
    await second.publish('a', 'still here');
    await second.end();
  });

  test('hands its session over', async () => {
    const first = await MqttJs.connect(kit, persistent(5));
    await first.subscribe('q');
    const second = await MqttJs.connect(kit, persistent(5));
    expect(second.connack).toMatchObject({ sessionPresent: true });
    await publisher.publish('q', 'x');
    expect(await second.payload()).toBe('x');
    expect(first.messages.take()).toEqual([]);
    await second.end();
  });

  test('publishes the last will of the connection that loses it', async () => {
    await publisher.subscribe('w');
    await MqttJs.connect(kit, { will: { topic: 'w', payload: Buffer.from('replaced'), qos: 1, retain: false } });
    const second = await MqttJs.connect(kit);
    expect(await publisher.payload('w')).toBe('replaced');
    await second.end();
  });
});

describe('a last will with a delay', () => {
  const will = (delay: number, more: object = {}): IClientOptions => ({
    protocolVersion: 5,
    clean: false,
    properties: { sessionExpiryInterval: 600 },
    will: { topic: 'w', payload: Buffer.from('gone'), qos: 1, retain: false, properties: { willDelayInterval: delay }, ...more },
  });

  beforeEach(() => publisher.subscribe(['w', 'marker']));

  const marker = async (): Promise<string> => {
    await publisher.publish('marker', 'x');
    return (await publisher.message()).topic;
  };

  test('is published when the delay has passed', async () => {
    await gone(await MqttJs.connect(kit, will(30)));
    clock.advance(29);
    expect(await marker()).toBe('marker');
    clock.advance(1);
    expect(await publisher.payload('w')).toBe('gone');
  });

  test('is not published when the client comes back before', async () => {
    await gone(await MqttJs.connect(kit, will(30)));
    clock.advance(29);
    const again = await MqttJs.connect(kit, persistent(5));
    clock.advance(60);
    expect(await marker()).toBe('marker');
    await again.end();
  });

  test('is published at once when the client comes back with a new session', async () => {
    await gone(await MqttJs.connect(kit, will(30)));
    const again = await MqttJs.connect(kit, { protocolVersion: 5, clean: true });
    expect(await publisher.payload('w')).toBe('gone');
    await again.end();
  });

  test('is published when the session ends, if that is sooner', async () => {
    await gone(await MqttJs.connect(kit, { ...will(3600), properties: { sessionExpiryInterval: 10 } }));
    clock.advance(9);
    expect(await marker()).toBe('marker');
    clock.advance(1);
    expect(await publisher.payload('w')).toBe('gone');
  });

  test('is published when the client says so in its DISCONNECT', async () => {
    const device = await MqttJs.connect(kit, will(0));
    device.client.end(false, { reasonCode: 4 });
    expect(await publisher.payload('w')).toBe('gone');
    await device.disconnected();
  });
});

describe('the expiry of a message', () => {
  test('drops it from what waits, and counts down for what is delivered', async () => {
    const device = await MqttJs.connect(kit, persistent(5));
    await device.subscribe('q');
    await gone(device);
    await publisher.publish('q', 'short', { qos: 1, properties: { messageExpiryInterval: 10 } });
    await publisher.publish('q', 'long', { qos: 1, properties: { messageExpiryInterval: 100 } });
    clock.advance(40);
    const again = await MqttJs.connect(kit, persistent(5));
    const message = await again.message();
    expect(message.payload.toString()).toBe('long');
    expect(message.properties).toEqual({ messageExpiryInterval: 60 });
    await again.end();
  });

  test('ends what is retained', async () => {
    await publisher.publish('r', 'x', { qos: 1, retain: true, properties: { messageExpiryInterval: 10 } });
    const device = await MqttJs.connect(kit, { protocolVersion: 5 });
    await device.subscribe('r');
    expect(await device.payload()).toBe('x');
    clock.advance(10);
    await device.subscribe(['r', 'marker']);
    await publisher.publish('marker', 'x');
    expect((await device.message()).topic).toBe('marker');
    await device.end();
  });
});

describe('the keep alive', () => {
  test.each([[4, undefined], [5, 141]] as const)('ends a connection that is silent for one and a half times as long, MQTT %i', async (version, reasonCode) => {
    const journal = twin.journal();
    const client = await RawClient.connect(kit, version, { keepalive: 40 });
    clock.advance(59);
    client.send({ cmd: 'pingreq' });
    await client.packet('pingresp');
    clock.advance(59);
    client.send({ cmd: 'pingreq' });
    await client.packet('pingresp');
    clock.advance(60);
    if (reasonCode !== undefined) {
      expect(await client.packet('disconnect')).toMatchObject({ reasonCode });
    }
    await client.end();
    await journal.next('the end', ({ event, reason }) => event === 'disconnected' && reason === 'nothing heard within the keep alive');
  });

  test.each([[0, 1200], [10, 30], [60, 60], [5000, 1200]])('of %i s is taken as %i s, as AWS IoT does', async (asked, given) => {
    const client = await RawClient.open(kit, 5);
    client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, clientId: 'device', keepalive: asked });
    expect(await client.packet('connack')).toMatchObject({ properties: { serverKeepAlive: given } });
    await client.vanish();
  });

  test('leaves a connection without CONNECT ten seconds', async () => {
    const journal = twin.journal();
    const client = await RawClient.open(kit);
    // The twin has taken the connection when it answers another that came later.
    await (await MqttJs.connect(kit)).end();
    clock.advance(10);
    await client.end();
    await journal.next('a note', refused('no CONNECT in time'));
  });
});

describe('a shared subscription', () => {
  test('passes each message to one of its members, in turn', async () => {
    const members = await Promise.all(['a', 'b'].map((clientId) => MqttJs.connect(kit, { clientId })));
    for (const member of members) {
      await member.subscribe('$share/g/s/#');
    }
    for (let index = 0; index < 10; index++) {
      await publisher.publish('s/x', String(index));
    }
    const received = await Promise.all(members.map(async (member) => (
      [await member.payload(), await member.payload(), await member.payload(), await member.payload(), await member.payload()]
    )));
    expect(received).toEqual([['0', '2', '4', '6', '8'], ['1', '3', '5', '7', '9']]);
    await Promise.all(members.map((member) => member.end()));
  });

  test('is apart from other groups and from plain subscriptions', async () => {
    const device = await MqttJs.connect(kit);
    await device.subscribe(['$share/g/s/#', '$share/h/s/#', 's/+']);
    await publisher.publish('s/x', 'x');
    expect([await device.payload(), await device.payload(), await device.payload()]).toEqual(['x', 'x', 'x']);
    await device.end();
  });

  test('asks the policies once for each message', async () => {
    const device = await MqttJs.connect(kit);
    await device.subscribe('$share/g/s/#');
    const journal = twin.journal();
    await publisher.publish('s/x', 'x');
    await device.message();
    expect(journal.take().filter(({ action }) => action === 'iot:Receive')).toHaveLength(1);
    await device.end();
  });

  test('passes over members that may not receive', async () => {
    const yes = await MqttJs.connect(kit);
    const half = await MqttJs.connect(await twin.kit('half'));
    await half.subscribe('$share/g/s/#');
    await yes.subscribe('$share/g/s/#');
    for (let index = 0; index < 4; index++) {
      await publisher.publish('s/no', String(index));
    }
    expect([await yes.payload(), await yes.payload(), await yes.payload(), await yes.payload()]).toEqual(['0', '1', '2', '3']);
    await yes.end();
    await half.end();
  });

  test('keeps messages for a member that is away only when no other is there', async () => {
    const away = await MqttJs.connect(kit, persistent(5));
    await away.subscribe('$share/g/s/#');
    const there = await MqttJs.connect(kit, { clientId: 'there' });
    await there.subscribe('$share/g/s/#');
    await gone(away);
    await publisher.publish('s/x', '1');
    await publisher.publish('s/x', '2');
    expect([await there.payload(), await there.payload()]).toEqual(['1', '2']);
    await there.end();
    await publisher.publish('s/x', '3');
    const again = await MqttJs.connect(kit, persistent(5));
    expect(await again.payload()).toBe('3');
    await again.end();
  });
});

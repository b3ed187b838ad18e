import { Duplex } from 'node:stream';
import { generate, parser as createParser } from 'mqtt-packet';
import type { IConnectPacket, Packet } from 'mqtt-packet';
import { createAuthorizer } from '../../../lib/policy';
import { Guard } from '../../../lib/twin/guard';
import { Journal } from '../../../lib/twin/journal';
import { SAFETY } from '../../../lib/twin/limits';
import { Broker } from '../../../lib/twin/mqtt/broker';
import type { Caller } from '../../../lib/twin/mqtt/caller';
import { Connection } from '../../../lib/twin/mqtt/connection';
import { Outbox } from '../../../lib/twin/mqtt/outbox';
import type { Surroundings } from '../../../lib/twin/mqtt/surroundings';
import type { Requester } from '../../../lib/twin/mqtt/topic-service';
import { FakeClock } from '../support/fake-clock';
import { connectPacket } from '../support/raw';

/** The twin's end of a connection without a network. What is written when `reads` is false waits, as it does for a client that is stuck. */
class Wire extends Duplex {
  public readonly sent: Packet[] = [];
  public reads = true;
  private readonly parser;
  private held: (() => void)[] = [];

  constructor(private readonly version: 4 | 5) {
    super();
    this.parser = createParser({ protocolVersion: version });
    this.parser.on('packet', (packet: Packet) => this.sent.push(packet));
  }

  public override _read(): void {
    // Fed by the test.
  }

  public override _write(chunk: Buffer, _: string, done: () => void): void {
    if (this.reads) {
      this.parser.parse(chunk);
      done();
    } else {
      this.held.push(done);
    }
  }

  /** What a client sends. */
  public receive(...packets: readonly Packet[]): void {
    packets.forEach((packet) => this.emit('data', generate(packet, { protocolVersion: this.version })));
  }
}

let clock: FakeClock;
let around: Surroundings;
let closed: number;
let journal: string[];
let soon: (() => void)[];

beforeEach(() => {
  clock = new FakeClock();
  closed = 0;
  journal = [];
  soon = [];
  clock.soon = (callback) => void soon.push(callback);
  const log = new Journal(clock);
  log.listen(({ event, clientId, reason }) => void (event === 'decision' || journal.push(`${event} ${clientId ?? ''}: ${reason}`)));
  around = { broker: new Broker(clock), guard: new Guard(log), journal: log, clock, newClientId: () => 'assigned', outbox: new Outbox(clock) };
});

/** The writes of this turn leave. */
function settle(): void {
  while (soon.length > 0) {
    soon.splice(0).forEach((callback) => callback());
  }
}

/** A client with a certificate, and what it may do. */
function callerWith(actions: string | readonly string[]): Caller {
  return {
    kind: 'certificate',
    principal: 'c'.repeat(64),
    certificateId: 'c'.repeat(64),
    identify: ({ clientId }) => ({
      authorizer: createAuthorizer({
        account: { partition: 'aws', region: 'us-east-1', accountId: '123456789012' },
        principal: { kind: 'certificate', clientId },
        policies: [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] }],
      }),
    }),
  };
}

const ANYONE = callerWith('iot:*');

function open(version: 4 | 5 = 4, caller = ANYONE): Wire {
  const wire = new Wire(version);
  new Connection(wire, caller, around, () => {
    closed += 1;
  });
  return wire;
}

function connect(clientId: string, version: 4 | 5 = 4, more: Partial<IConnectPacket> = {}, caller = ANYONE): Wire {
  const wire = open(version, caller);
  wire.receive(connectPacket(clientId, version, more));
  settle();
  expect(wire.sent.splice(0)).toMatchObject([{ cmd: 'connack' }]);
  return wire;
}

function sizes(): number[] {
  return Object.values(around.broker as object).filter((value): value is Map<unknown, unknown> => value instanceof Map).map(({ size }) => size);
}

describe('a connection', () => {
  test('answers one that did not subscribe only where that is asked for, and never against the policies', () => {
    const requesters: Requester[] = [];
    around = { ...around, service: { receive: (_topic, _payload, requester) => requesters.push(requester) > 0 } };
    for (const may of ['iot:*', ['iot:Connect', 'iot:Publish']]) {
      const wire = connect('a', 4, {}, callerWith(may));
      wire.receive({ cmd: 'publish', topic: '$aws/things/a/jobs/get', payload: '{}', qos: 0, dup: false, retain: false });
      const [requester] = requesters.splice(0);
      requester!.answer('$aws/x', Buffer.from('1'));
      requester!.answer('$aws/x', Buffer.from('2'), true);
      settle();
      expect(wire.sent.map((packet) => (packet.cmd === 'publish' ? packet.payload.toString() : packet.cmd))).toEqual(may === 'iot:*' ? ['2'] : []);
    }
  });

  test('gathers what it sends in one turn, in order', () => {
    const wire = connect('a');
    wire.receive(
      { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'x', qos: 1 }] },
      { cmd: 'publish', topic: 'x', payload: 'hi', qos: 1, messageId: 2, dup: false, retain: false },
      { cmd: 'pingreq' },
    );
    expect(wire.sent).toEqual([]);
    settle();
    expect(wire.sent.map(({ cmd }) => cmd)).toEqual(['suback', 'publish', 'puback', 'pingresp']);
  });

  test('leaves nothing behind, 1,000 times, however it ends', () => {
    for (let count = 0; count < 1000; count++) {
      const wire = connect(`d-${count}`, count % 2 === 0 ? 4 : 5, { will: { topic: 'w', payload: Buffer.from('x'), qos: 0, retain: false } });
      wire.receive({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `x/${count}`, qos: 1 }, { topic: '$share/g/x', qos: 1 }] });
      const ends = [
        () => wire.receive({ cmd: 'disconnect', reasonCode: 0 }),
        () => wire.emit('close'),
        () => wire.emit('error', new Error('reset')),
        () => wire.emit('data', Buffer.from([0xff, 0xff])),
        () => clock.advance(100),
      ];
      ends[count % ends.length]!();
      settle();
      // A client that never reads its last packets is not waited for.
      clock.advance(SAFETY.lingerMs / 1000);
      expect(wire.destroyed || count % ends.length === 1).toBe(true);
    }
    expect(closed).toBe(1000);
    expect(sizes()).toEqual([0, 0, 0, 0]);
    expect(clock.pending).toBe(0);
  });

  test('ends a client that does not read, and no other', () => {
    const stuck = connect('stuck');
    const fine = connect('fine');
    for (const wire of [stuck, fine]) {
      wire.receive({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'x', qos: 0 }] });
    }
    settle();
    stuck.reads = false;
    const payload = Buffer.alloc(100 * 1024);
    const publisher = connect('publisher');
    for (let sent = 0; sent < SAFETY.unreadBytes + 2 * payload.length; sent += payload.length) {
      publisher.receive({ cmd: 'publish', topic: 'x', payload, qos: 0, dup: false, retain: false });
      settle();
    }
    expect(stuck.destroyed).toBe(true);
    expect(fine.destroyed).toBe(false);
    expect(fine.sent.filter(({ cmd }) => cmd === 'publish')).toHaveLength(Math.ceil(SAFETY.unreadBytes / payload.length) + 2);
    expect(journal).toContain('refused stuck: the client does not read what it subscribed to');
  });

  test('ends a client that never acknowledges', () => {
    const mute = connect('mute', 5);
    mute.receive({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'x', qos: 1 }] });
    settle();
    const publisher = connect('publisher');
    const payload = Buffer.alloc(128 * 1024);
    for (let sent = 0; sent < SAFETY.queuedBytes + 102 * payload.length; sent += payload.length) {
      publisher.receive({ cmd: 'publish', topic: 'x', payload, qos: 1, messageId: 1, dup: false, retain: false });
      settle();
    }
    expect(mute.sent.filter(({ cmd }) => cmd === 'publish')).toHaveLength(100);
    expect(mute.sent.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 151 });
    expect(journal).toContain('refused mute: the client does not acknowledge what it receives');
  });

  test('does not let an error of its own reach the process', () => {
    const wire = connect('a', 5);
    around.broker.publish = () => {
      throw new Error('a mistake');
    };
    wire.receive({ cmd: 'publish', topic: 'x', payload: '', qos: 0, dup: false, retain: false });
    settle();
    expect(wire.sent).toMatchObject([{ cmd: 'disconnect', reasonCode: 128 }]);
    expect(journal).toContain('refused a: the twin could not handle a packet: a mistake');
  });

  test('hears nothing more after its end', () => {
    const wire = connect('a');
    wire.receive({ cmd: 'disconnect' }, { cmd: 'publish', topic: 'x', payload: 'x', qos: 0, dup: false, retain: true });
    settle();
    expect(around.broker.retainedFor('x')).toBeUndefined();
  });

  test('tells an MQTT 5 client a short reason of plain characters, and none if it takes no such packet', () => {
    const topic = `${'t'.repeat(300)}\u0001\n`;
    const wire = connect('a', 5);
    wire.receive({ cmd: 'publish', topic, payload: 'x', qos: 0, dup: false, retain: false });
    settle();
    expect(wire.sent).toMatchObject([{ cmd: 'disconnect', properties: { reasonString: expect.not.stringMatching(/[\u0000-\u001f]/) as string } }]);
    const small = connect('a', 5, { properties: { maximumPacketSize: 100 } });
    small.receive({ cmd: 'publish', topic, payload: 'x', qos: 0, dup: false, retain: false });
    settle();
    expect(small.sent).toEqual([expect.objectContaining({ cmd: 'disconnect', reasonCode: 144 })]);
    expect(small.sent[0]).not.toHaveProperty('properties');
  });
});

describe('a caller about whom somebody else must be asked', () => {
  const asking = (identify: Caller['identify']): Wire => {
    const wire = new Wire(5);
    new Connection(wire, { kind: 'custom', principal: 'custom', identify }, around, () => {
      closed += 1;
    });
    wire.receive(connectPacket('late', 5));
    return wire;
  };
  const answered = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    settle();
  };

  test('is let in with the packets that came meanwhile', async () => {
    const wire = asking((credentials) => Promise.resolve(ANYONE.identify(credentials)));
    wire.receive({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a/b', qos: 0 }] }, { cmd: 'pingreq' });
    expect(wire.sent).toEqual([]);
    await answered();
    expect(wire.sent.map(({ cmd }) => cmd)).toEqual(['connack', 'suback', 'pingresp']);
  });

  test('is refused when asking fails, and when the answer cannot be used', async () => {
    const failed = asking(() => Promise.reject(new Error('no line')));
    const broken = asking(() => Promise.resolve({ get authorizer(): never { throw new Error('no policy'); } }));
    await answered();
    expect(failed.sent).toMatchObject([{ cmd: 'connack', reasonCode: 135 }]);
    expect(broken.sent).toEqual([]);
    expect(journal).toEqual(['refused late: the twin failed: no line', 'refused late: the twin could not handle a packet: no policy']);
    expect(closed).toBe(2);
  });
});

describe('while what happens cannot be kept', () => {
  let isKept: boolean;

  beforeEach(() => {
    isKept = true;
    around = { ...around, outbox: new Outbox(clock, () => isKept) };
  });

  test.each([4, 5] as const)('nothing is acknowledged, and who waits for it is told to go (MQTT %i)', (version) => {
    const wire = connect('a', version);
    const idle = connect('idle', version);
    isKept = false;
    wire.receive({ cmd: 'publish', topic: 'x', payload: 'hi', qos: 1, messageId: 2, dup: false, retain: false });
    settle();
    expect(wire.sent).toMatchObject(version === 4 ? [] : [{ cmd: 'disconnect', reasonCode: 151, properties: { reasonString: 'the twin cannot write its state to the disk' } }]);
    expect([wire.writableEnded, idle.writableEnded]).toEqual([true, false]);
  });

  test.each([
    ['says goodbye', { cmd: 'disconnect', reasonCode: 0 }],
    ['breaks the protocol', { cmd: 'connack', reasonCode: 0, sessionPresent: false }],
  ] as [string, Packet][])('nothing is acknowledged to a client that %s', (_, last) => {
    const wire = connect('a', 5);
    isKept = false;
    wire.receive({ cmd: 'publish', topic: 'x', payload: 'hi', qos: 1, messageId: 2, dup: false, retain: false }, last);
    settle();
    expect(wire.sent.map(({ cmd }) => cmd)).not.toContain('puback');
    expect(wire.writableEnded).toBe(true);
  });

  test.each([4, 5] as const)('nobody is let in (MQTT %i)', (version) => {
    isKept = false;
    const wire = open(version);
    wire.receive(connectPacket('a', version));
    settle();
    expect(wire.sent).toEqual([]);
    expect(wire.writableEnded).toBe(true);
  });
});

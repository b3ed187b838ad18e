import { SAFETY } from '../../../lib/twin/limits';
import { Broker } from '../../../lib/twin/mqtt/broker';
import type { Client } from '../../../lib/twin/mqtt/broker';
import type { Delivery, Message } from '../../../lib/twin/mqtt/message';
import { parseFilter } from '../../../lib/twin/mqtt/topic-syntax';
import type { Outlet, Session, Subscription } from '../../../lib/twin/mqtt/session';
import { FakeClock } from '../support/fake-clock';

let clock: FakeClock;
let notes: string[];
let broker: Broker;

beforeEach(() => {
  clock = new FakeClock();
  notes = [];
  broker = new Broker(clock, { note: (_, __, reason) => void notes.push(reason) });
});

/** A connection without a socket. */
class Device implements Client, Outlet {
  public readonly receiveMaximum = 100;
  public readonly received: string[] = [];
  public readonly session: Session;
  public readonly present: boolean;
  public takenOver = false;
  public accepts = true;

  constructor(private readonly clientId: string, { expirySec = 0, clean = false } = {}) {
    const { session, present } = broker.open(clientId, this, clean);
    this.session = session;
    this.present = present;
    session.expirySec = expirySec;
    session.attach(this);
  }

  public subscribe(requested: string, more: Partial<Subscription> = {}): void {
    broker.subscribe({ session: this.session, requested, ...parseFilter(requested), qos: 1, noLocal: false, retainAsPublished: false, ...more });
  }

  public leave(will?: Message, delaySec = 0): void {
    if (will !== undefined) {
      broker.scheduleWill(this.clientId, will, delaySec);
    }
    broker.close(this.session, this);
  }

  public takeOver(): void {
    this.takenOver = true;
    this.leave();
  }

  public mayReceive(): boolean {
    return this.accepts;
  }

  public publish({ message }: Delivery): boolean {
    this.received.push(message.payload.toString());
    return true;
  }

  public overflow(): void {
    this.leave();
  }
}

const message = (payload: string, topic = 'w', more: Partial<Message> = {}): Message => ({ topic, payload: Buffer.from(payload), qos: 1, retain: false, ...more });

/** The maps of the broker, which must be empty when everybody has gone. */
function sizes(): number[] {
  return Object.values(broker as object).filter((value): value is Map<unknown, unknown> => value instanceof Map).map(({ size }) => size);
}

describe('a last will', () => {
  let watcher: Device;

  beforeEach(() => {
    watcher = new Device('watcher');
    watcher.subscribe('w');
  });

  test('without a delay is published at once', () => {
    new Device('d', { expirySec: 100 }).leave(message('gone'));
    expect(watcher.received).toEqual(['gone']);
  });

  test('with a delay is published when that has passed', () => {
    new Device('d', { expirySec: 100 }).leave(message('gone'), 10);
    clock.advance(9);
    expect(watcher.received).toEqual([]);
    clock.advance(1);
    expect(watcher.received).toEqual(['gone']);
    clock.advance(1000);
    expect(watcher.received).toEqual(['gone']);
  });

  test('is published when the session ends first', () => {
    new Device('d', { expirySec: 5 }).leave(message('gone'), 10);
    clock.advance(5);
    expect(watcher.received).toEqual(['gone']);
    clock.advance(100);
    expect(watcher.received).toEqual(['gone']);
  });

  test('is published at once when the session ends with the connection', () => {
    new Device('d').leave(message('gone'), 10);
    expect(watcher.received).toEqual(['gone']);
  });

  test('is taken back when the client comes back in time', () => {
    new Device('d', { expirySec: 100 }).leave(message('gone'), 10);
    new Device('d', { expirySec: 100 });
    clock.advance(1000);
    expect(watcher.received).toEqual([]);
  });

  test('is published when the client comes back with a new session', () => {
    new Device('d', { expirySec: 100 }).leave(message('gone'), 10);
    new Device('d', { clean: true });
    expect(watcher.received).toEqual(['gone']);
    clock.advance(1000);
    expect(watcher.received).toEqual(['gone']);
  });

  test('gives way to the next one of the same client', () => {
    new Device('d', { expirySec: 100 }).leave(message('first'), 10);
    new Device('d', { expirySec: 100 }).leave(message('second'), 10);
    clock.advance(10);
    expect(watcher.received).toEqual(['second']);
  });
});

describe('a client id', () => {
  test('belongs to the newest connection', () => {
    const first = new Device('d', { expirySec: 60 });
    first.subscribe('a');
    const second = new Device('d', { expirySec: 60 });
    expect(first.takenOver).toBe(true);
    expect(second.present).toBe(true);
    expect(second.session).toBe(first.session);
    broker.publish(message('x', 'a'));
    expect([first.received, second.received]).toEqual([[], ['x']]);
  });

  test('starts anew when it asks for that', () => {
    const first = new Device('d', { expirySec: 60 });
    first.subscribe('a');
    const second = new Device('d', { clean: true });
    expect(second.present).toBe(false);
    broker.publish(message('x', 'a'));
    expect(second.received).toEqual([]);
  });
});

describe('the broker', () => {
  test('keeps nothing of 1,000 clients that came and went', () => {
    for (let count = 0; count < 1000; count++) {
      const device = new Device(`d-${count}`, { expirySec: count % 3 === 0 ? 30 : 0 });
      ['a', `b/${count}`, '$share/g/a', '+/#'].forEach((filter) => device.subscribe(filter));
      broker.publish(message('x', 'a'));
      device.leave(message('gone', 'a'), count % 2 === 0 ? 10 : 0);
    }
    clock.advance(30);
    const { tree: before } = new Broker(clock) as unknown as { tree: object };
    const { tree } = broker as unknown as { tree: object };
    expect(sizes()).toEqual([0, 0, 0, 0]);
    expect(tree).toEqual(before);
    expect(clock.pending).toBe(0);
  });

  test('prefers members of a share that are there and may receive', () => {
    const away = new Device('away', { expirySec: 60 });
    const barred = new Device('barred');
    const there = new Device('there');
    [away, barred, there].forEach((device) => device.subscribe('$share/g/a'));
    away.leave();
    barred.accepts = false;
    ['1', '2', '3', '4'].forEach((payload) => broker.publish(message(payload, 'a')));
    expect(there.received).toEqual(['1', '2', '3', '4']);
    there.leave();
    broker.publish(message('5', 'a'));
    expect(new Device('away', { expirySec: 60 }).received).toEqual(['5']);
  });

  test('has room for so many sessions', () => {
    let opened = 0;
    for (; broker.hasRoomFor(`d-${opened}`); opened++) {
      broker.open(`d-${opened}`, { takeOver: () => undefined }, true);
    }
    expect(opened).toBe(SAFETY.sessions);
    expect(broker.hasRoomFor('another')).toBe(false);
    expect(broker.hasRoomFor('d-0')).toBe(true);
  });

  test('retains so much and says when that is full', () => {
    const payload = Buffer.alloc(16 * 1024 * 1024);
    const most = Math.floor(SAFETY.retainedBytes / (payload.length + 10));
    for (let count = 0; count <= most; count++) {
      broker.publish({ topic: `r/${count}`, payload, qos: 0, retain: true, publisher: 'd' });
    }
    expect(notes).toEqual([`the message to 'r/${most}' is not retained: the twin retains no more`]);
    expect(broker.retainedFor(`r/${most}`)).toBeUndefined();
    // What is replaced or deleted makes room.
    broker.publish({ topic: 'r/0', payload, qos: 0, retain: true });
    broker.publish({ topic: 'r/1', payload: Buffer.alloc(0), qos: 0, retain: true });
    broker.publish({ topic: 'r/new', payload, qos: 0, retain: true });
    expect(notes).toHaveLength(1);
    expect(broker.retainedFor('r/new')).toBeDefined();
  });

  test('counts the properties of what it retains, of which a message may consist', () => {
    const half = { userProperties: { name: ['x'.repeat(SAFETY.retainedBytes / 2)] } };
    broker.publish({ topic: 'r/1', payload: Buffer.from('x'), qos: 0, retain: true, properties: half });
    broker.publish({ topic: 'r/2', payload: Buffer.from('x'), qos: 0, retain: true, properties: half });
    expect(notes).toEqual(["the message to 'r/2' is not retained: the twin retains no more"]);
  });
});

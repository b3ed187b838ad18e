import fc from 'fast-check';
import { SAFETY } from '../../../lib/twin/limits';
import { Broker } from '../../../lib/twin/mqtt/broker';
import type { Client } from '../../../lib/twin/mqtt/broker';
import { BrokerRecords } from '../../../lib/twin/mqtt/broker-records';
import type { Delivery, Message } from '../../../lib/twin/mqtt/message';
import type { Outlet, Session, Subscription } from '../../../lib/twin/mqtt/session';
import { parseFilter } from '../../../lib/twin/mqtt/topic-syntax';
import { FakeClock } from '../support/fake-clock';
import { MemoryStorage } from '../support/memory-storage';

let clock: FakeClock;
let storage: CountingStorage;
let broker: Broker;

/** Counts what is written. */
class CountingStorage extends MemoryStorage {
  public writes = 0;

  public override put(table: string, key: string, value: string | Uint8Array): void {
    this.writes += 1;
    super.put(table, key, value);
  }

  public rows(table: string): number {
    return [...this.load(table)].length;
  }
}

beforeEach(() => {
  clock = new FakeClock();
  storage = new CountingStorage();
  restart();
});

/** As after a SIGKILL: nobody said goodbye. */
function restart(): void {
  broker = new Broker(clock, { note: () => undefined }, new BrokerRecords(storage));
}

interface Sent extends Delivery {
  readonly messageId: number | undefined;
  readonly dup: boolean;
}

/** A connection without a socket. */
class Device implements Client, Outlet {
  public readonly sent: Sent[] = [];
  public readonly session: Session;
  public readonly present: boolean;

  constructor(clientId: string, expirySec = 3600, public readonly receiveMaximum = 100, clean = false) {
    const { session, present } = broker.open(clientId, this, clean);
    [this.session, this.present] = [session, present];
    session.expirySec = expirySec;
    session.attach(this);
  }

  public subscribe(requested: string, more: Partial<Subscription> = {}): this {
    broker.subscribe({ session: this.session, requested, ...parseFilter(requested), qos: 1, noLocal: false, retainAsPublished: false, ...more });
    return this;
  }

  public leave(): void {
    broker.close(this.session, this);
  }

  public get payloads(): readonly string[] {
    return this.sent.map(({ message }) => message.payload.toString());
  }

  public takeOver(): void {
    this.leave();
  }

  public mayReceive(): boolean {
    return true;
  }

  public publish(delivery: Delivery, messageId?: number, dup = false): boolean {
    this.sent.push({ ...delivery, messageId, dup });
    return true;
  }

  public overflow(): void {}
}

function message(payload: string, more: Partial<Message> = {}): Message {
  return { topic: 'a/b', payload: Buffer.from(payload), qos: 1, retain: false, ...more };
}

function publish(payload: string, more: Partial<Message> = {}): void {
  broker.publish(message(payload, more));
}

const PROPERTIES = { contentType: 'text/plain', correlationData: Buffer.from([0, 255]), userProperties: { a: ['1', '2'] }, payloadFormatIndicator: true, responseTopic: 'r' };

describe('after a restart', () => {
  test('what is retained is as it was, and what was removed or has expired is not', () => {
    publish('kept', { retain: true, qos: 0, publisher: 'p', properties: PROPERTIES, expiresAt: clock.now() + 10_000 });
    publish('old', { retain: true, topic: 'replaced' });
    publish('new', { retain: true, topic: 'replaced' });
    publish('x', { retain: true, topic: 'removed' });
    publish('', { retain: true, topic: 'removed' });
    publish('x', { retain: true, topic: 'short', expiresAt: clock.now() + 1000 });
    const before = broker.retainedFor('a/b');
    clock.advance(2);
    restart();
    expect(broker.retainedFor('a/b')).toEqual(before);
    expect(broker.retainedTopics()).toEqual(['a/b', 'replaced']);
    expect(broker.retainedFor('replaced')!.payload.toString()).toBe('new');
    expect(storage.rows('mqtt_retained')).toBe(2);
  });

  test('a client gets what was not acknowledged with its identifier and DUP, and then what waited, in order', () => {
    const device = new Device('d', 3600, 2).subscribe('a/+');
    ['1', '2', '3', '4'].forEach((payload) => publish(payload, { properties: PROPERTIES, publisher: 'p' }));
    device.session.acknowledge(1);
    device.leave();
    publish('5');
    publish('nobody waits for QoS 0', { qos: 0 });
    restart();
    const again = new Device('d');
    expect(again.present).toBe(true);
    expect(again.sent.map(({ message: { payload }, messageId, dup }) => [payload.toString(), messageId, dup])).toEqual([
      ['2', 2, true], ['3', 3, true], ['4', 4, false], ['5', 5, false],
    ]);
    expect(again.sent[0]!.message).toEqual(message('2', { properties: PROPERTIES, publisher: 'p' }));
    [2, 3, 4, 5].forEach((id) => again.session.acknowledge(id));
    expect(storage.rows('mqtt_messages')).toBe(0);
  });

  test('subscriptions are what they were', () => {
    new Device('d').subscribe('a/#', { noLocal: true }).subscribe('b', { retainAsPublished: true, qos: 0 }).subscribe('c');
    broker.unsubscribe(broker.open('d', new Device('d'), false).session, 'c');
    new Device('one').subscribe('$share/g/s');
    new Device('two').subscribe('$share/g/s');
    restart();
    publish('own', { publisher: 'd' });
    publish('other', { publisher: 'e' });
    publish('gone', { topic: 'c' });
    ['1', '2', '3', '4'].forEach((payload) => publish(payload, { topic: 's' }));
    expect(new Device('d').payloads).toEqual(['other']);
    const shared = [new Device('one').payloads, new Device('two').payloads];
    expect(shared.flat().sort()).toEqual(['1', '2', '3', '4']);
    publish('r', { topic: 'b', retain: true });
    expect(broker.open('d', new Device('d'), false).session.subscriptions.get('b')).toMatchObject({ retainAsPublished: true, qos: 0 });
  });

  test('a session ends when it should have while there was no twin', () => {
    new Device('d', 10).subscribe('a/b').leave();
    new Device('long', 100).subscribe('a/b').leave();
    publish('1');
    clock.advance(9);
    restart();
    clock.advance(2);
    expect(storage.rows('mqtt_messages')).toBe(1);
    expect(new Device('d', 10).present).toBe(false);
    new Device('d', 10).leave();
    clock.advance(11);
    restart();
    expect([...storage.load('mqtt_sessions')].map(({ key }) => key)).toEqual(['long']);
    expect(new Device('long').payloads).toEqual(['1']);
  });

  test('a session whose connection lasted to the end has its time from then, once', () => {
    new Device('d', 10);
    clock.advance(20);
    restart();
    clock.advance(6);
    restart();
    clock.advance(6);
    expect(new Device('d').present).toBe(false);
  });

  test('there is no more than the twin keeps', () => {
    new Device('d').subscribe('a/b').leave();
    const payload = 'x'.repeat(128 * 1024);
    const fits = Math.floor(SAFETY.queuedBytes / (128 * 1024 + 203));
    for (let i = 0; i < 3; i++) {
      publish(payload);
    }
    // As a version with larger limits would have left it.
    const { value } = [...storage.load('mqtt_messages')][0]!;
    for (let i = 3; i < fits + 5; i++) {
      storage.put('mqtt_messages', `d/${i}`, value);
    }
    restart();
    expect(storage.rows('mqtt_messages')).toBe(fits);
  });
});

describe('nothing is written', () => {
  test('of a session that ends with its connection, and of messages to it', () => {
    const device = new Device('d', 0).subscribe('a/b');
    publish('1');
    device.session.acknowledge(1);
    device.leave();
    expect(storage.writes).toBe(0);
  });

  test('any more of a session that has ended', () => {
    const device = new Device('d').subscribe('a/b');
    publish('1');
    device.leave();
    publish('2');
    expect(storage.rows('mqtt_messages')).toBe(2);
    // A client that starts anew.
    new Device('d', 0, 100, true);
    for (const table of ['mqtt_sessions', 'mqtt_messages']) {
      expect([table, storage.rows(table)]).toEqual([table, 0]);
    }
  });

  test('any more of a session that is to end with its connection from now on', () => {
    new Device('d').subscribe('a/b').leave();
    publish('1');
    const device = new Device('d', 0);
    expect(device.payloads).toEqual(['1']);
    restart();
    expect(new Device('d').present).toBe(false);
    expect(storage.rows('mqtt_messages')).toBe(0);
  });
});

test('restarts lose, repeat without DUP and reorder no QoS 1 message, whenever they come', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant('publish' as const) },
    { weight: 3, arbitrary: fc.constant('acknowledge' as const) },
    { weight: 1, arbitrary: fc.constantFrom('come' as const, 'leave' as const, 'restart' as const) },
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    storage = new CountingStorage();
    restart();
    let device: Device | undefined = new Device('d', 60, 3).subscribe('a/b');
    let published = 0;
    let acknowledged = 0;
    const first: string[] = [];
    const acknowledge = (): void => {
      const { sent, session } = device!;
      const { message: { payload }, messageId, dup } = sent.shift()!;
      expect(payload.toString()).toBe(String(acknowledged++));
      expect(dup).toBe(first.includes(payload.toString()));
      session.acknowledge(messageId!);
    };
    const note = (): void => device?.payloads.filter((payload) => !first.includes(payload)).forEach((payload) => first.push(payload));
    for (const next of steps) {
      if (next === 'publish') {
        publish(String(published++));
      } else if (next === 'acknowledge' && device !== undefined && device.sent.length > 0) {
        acknowledge();
      } else if (next === 'come' && device === undefined) {
        device = new Device('d', 60, 3);
      } else if (next === 'leave' || next === 'restart') {
        note();
        if (next === 'leave') {
          device?.leave();
        } else {
          restart();
        }
        device = undefined;
      }
    }
    note();
    device?.leave();
    restart();
    device = new Device('d', 60, 3);
    while (device.sent.length > 0) {
      acknowledge();
    }
    expect(acknowledged).toBe(published);
    expect(storage.rows('mqtt_messages')).toBe(0);
  }));
});

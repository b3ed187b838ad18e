import fc from 'fast-check';
import { SAFETY } from '../../../lib/twin/limits';
import type { Delivery, Message } from '../../../lib/twin/mqtt/message';
import { Session } from '../../../lib/twin/mqtt/session';
import type { Outlet } from '../../../lib/twin/mqtt/session';
import { FakeClock } from '../support/fake-clock';

interface Sent {
  readonly payload: string;
  readonly messageId?: number;
  readonly dup: boolean;
}

/** A client that writes down what it is sent. */
class Client implements Outlet {
  public readonly sent: Sent[] = [];
  public readonly unacknowledged: number[] = [];
  public overflows = 0;

  constructor(public readonly receiveMaximum = 100, private readonly refuses: (payload: string) => boolean = () => false) {}

  public mayReceive(): boolean {
    return true;
  }

  public publish({ message }: Delivery, messageId?: number, dup = false): boolean {
    const payload = message.payload.toString();
    if (this.refuses(payload)) {
      return false;
    }
    this.sent.push({ payload, ...(messageId === undefined ? {} : { messageId }), dup });
    if (messageId !== undefined) {
      expect(this.unacknowledged).not.toContain(messageId);
      this.unacknowledged.push(messageId);
      expect(this.unacknowledged.length).toBeLessThanOrEqual(Math.min(this.receiveMaximum, 100));
    }
    return true;
  }

  public overflow(): void {
    this.overflows += 1;
  }
}

function delivery(payload: string | Buffer, qos: 0 | 1 = 1, more: Partial<Message> = {}): Delivery {
  return { message: { topic: 't', payload: Buffer.from(payload), qos, retain: false, ...more }, qos, retain: false };
}

describe('a session', () => {
  test('loses and reorders no QoS 1 message, whatever the client does', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant({ kind: 'publish' } as const) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), which: fc.nat(20) }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'leave' } as const) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('come' as const), receiveMaximum: fc.integer({ min: 1, max: 5 }) }) },
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const session = new Session('c', new FakeClock());
      session.expirySec = 60;
      let client: Client | undefined;
      let published = 0;
      /** Payloads in the order in which the client first saw them, and those it acknowledged. */
      const seen: string[] = [];
      const done = new Set<string>();
      const look = (): void => client?.sent.splice(0).forEach(({ payload, dup }) => {
        expect(done).not.toContain(payload);
        if (seen.includes(payload)) {
          expect(dup).toBe(true);
        } else {
          expect(dup).toBe(false);
          seen.push(payload);
        }
      });
      const payloadOf = new Map<number, string>();
      const act = (next: (typeof steps)[number]): void => {
        if (next.kind === 'publish') {
          session.deliver(delivery(String(published++)));
        } else if (next.kind === 'acknowledge') {
          const messageId = client?.unacknowledged.splice(next.which % Math.max(1, client.unacknowledged.length), 1)[0];
          if (messageId !== undefined) {
            done.add(payloadOf.get(messageId)!);
            session.acknowledge(messageId);
          }
        } else if (next.kind === 'leave' && client !== undefined) {
          client = undefined;
          session.detach(() => undefined);
        } else if (next.kind === 'come' && client === undefined) {
          client = new Client(next.receiveMaximum);
          session.attach(client);
        }
        client?.sent.forEach(({ messageId, payload }) => payloadOf.set(messageId!, payload));
        look();
      };
      steps.forEach(act);
      // In the end the client comes back, takes everything and acknowledges it.
      act({ kind: 'come', receiveMaximum: 5 });
      while ((client?.unacknowledged.length ?? 0) > 0) {
        act({ kind: 'acknowledge', which: 0 });
      }
      expect(seen).toEqual(Array.from({ length: published }, (_, index) => String(index)));
      expect(done.size).toBe(published);
    }), { numRuns: 500 });
  });

  test('sends QoS 0 at once, past what waits, and never keeps it', () => {
    const session = new Session('c', new FakeClock());
    session.deliver(delivery('nobody there', 0));
    const client = new Client(1);
    session.attach(client);
    session.deliver(delivery('first'));
    session.deliver(delivery('waits'));
    session.deliver(delivery('at once', 0));
    expect(client.sent.map(({ payload }) => payload)).toEqual(['first', 'at once']);
  });

  test('passes over what the client does not take, without an end of its own', () => {
    const session = new Session('c', new FakeClock());
    session.expirySec = 60;
    session.detach(() => undefined);
    ['huge 1', 'huge 2', 'small', 'huge 3', 'last'].forEach((payload) => session.deliver(delivery(payload)));
    const client = new Client(1, (payload) => payload.startsWith('huge'));
    session.attach(client);
    expect(client.sent.map(({ payload }) => payload)).toEqual(['small']);
    session.acknowledge(client.unacknowledged.pop()!);
    expect(client.sent.map(({ payload }) => payload)).toEqual(['small', 'last']);
  });

  test('stops when the client is lost in the middle, and keeps the rest', () => {
    const session = new Session('c', new FakeClock());
    session.expirySec = 60;
    session.detach(() => undefined);
    ['1', '2', '3'].forEach((payload) => session.deliver(delivery(payload)));
    class Dying extends Client {
      public override publish(sent: Delivery, messageId?: number, dup?: boolean): boolean {
        session.detach(() => undefined);
        return super.publish(sent, messageId, dup);
      }
    }
    const dying = new Dying();
    session.attach(dying);
    expect(dying.sent.map(({ payload }) => payload)).toEqual(['1']);
    const client = new Client();
    session.attach(client);
    expect(client.sent.map(({ payload, dup }) => [payload, dup])).toEqual([['1', true], ['2', false], ['3', false]]);
  });

  test('uses no packet identifier twice at a time, also after 65,535 of them', () => {
    const session = new Session('c', new FakeClock());
    const identifiers: number[] = [];
    session.attach({
      receiveMaximum: 2,
      mayReceive: () => true,
      publish: (_, messageId) => identifiers.push(messageId!) > 0,
      overflow: () => undefined,
    });
    session.deliver(delivery('never acknowledged'));
    for (let count = 0; count < 70_000; count++) {
      session.deliver(delivery('x'));
      session.acknowledge(identifiers.at(-1)!);
    }
    expect(identifiers).toHaveLength(70_001);
    expect(identifiers.indexOf(1, 1)).toBe(-1);
    expect(Math.min(...identifiers.slice(65_000))).toBe(2);
    expect(identifiers[65_535]).toBe(2);
  });

  test('cuts a client for which too much waits, and drops the newest for one that is away', () => {
    const payload = Buffer.alloc(1024 * 1024);
    const room = Math.floor(SAFETY.queuedBytes / (payload.length + 300));
    const session = new Session('c', new FakeClock());
    session.expirySec = 60;
    const client = new Client(1);
    session.attach(client);
    for (let count = 0; count < room; count++) {
      session.deliver(delivery(payload));
    }
    expect(client.overflows).toBe(0);
    session.deliver(delivery(payload));
    session.deliver(delivery(payload));
    expect(client.overflows).toBeGreaterThan(0);
    session.detach(() => undefined);
    session.deliver(delivery(payload));
    const again = new Client(1000);
    session.attach(again);
    expect(again.sent.length).toBeLessThanOrEqual(room + 1);
  });

  test('shares its room with all others', () => {
    const full = jest.fn();
    const backlog = { bytes: SAFETY.allQueuedBytes - 1000, full };
    const session = new Session('c', new FakeClock(), backlog);
    session.expirySec = 60;
    session.detach(() => undefined);
    ['1', '2', '3', '4', '5', '6'].forEach((payload) => session.deliver(delivery(payload)));
    const client = new Client();
    session.attach(client);
    expect(client.sent.map(({ payload }) => payload)).toEqual(['1', '2', '3', '4']);
    // Once, however many are dropped.
    expect(full.mock.calls).toEqual([['c']]);
    expect(backlog.bytes).toBe(SAFETY.allQueuedBytes - 1000);
    session.detach(() => undefined);
    session.deliver(delivery('x'));
    session.end();
    expect(backlog.bytes).toBe(SAFETY.allQueuedBytes - 1000);
  });

  test('counts the properties of what waits, of which a message may consist', () => {
    const half = SAFETY.queuedBytes / 2;
    const large: Message['properties'][] = [
      { userProperties: { name: ['x'.repeat(half / 2), 'x'.repeat(half / 2)] } }, { userProperties: { ['x'.repeat(half)]: 'value' } },
      { contentType: 'x'.repeat(half) }, { responseTopic: 'x'.repeat(half) }, { correlationData: Buffer.alloc(half) },
    ];
    for (const properties of large) {
      const session = new Session('c', new FakeClock());
      session.expirySec = 60;
      session.detach(() => undefined);
      session.deliver(delivery('1', 1, { properties: properties! }));
      session.deliver(delivery('2', 1, { properties: properties! }));
      session.deliver(delivery('3'));
      const client = new Client();
      session.attach(client);
      expect(client.sent.map(({ payload }) => payload)).toEqual(['1', '3']);
    }
  });

  test('counts small messages too: what waits is bounded in number', () => {
    const session = new Session('c', new FakeClock());
    session.expirySec = 60;
    const client = new Client(1);
    session.attach(client);
    const empty = delivery('');
    for (let count = 0; count < 500_000 && client.overflows === 0; count++) {
      session.deliver(empty);
    }
    expect(client.overflows).toBe(1);
  });

  test('forgets what expired while it waited', () => {
    const clock = new FakeClock();
    const session = new Session('c', clock);
    session.expirySec = 60;
    session.detach(() => undefined);
    session.deliver(delivery('old', 1, { expiresAt: clock.now() + 1000 }));
    session.deliver(delivery('new', 1, { expiresAt: clock.now() + 5000 }));
    clock.advance(1);
    const client = new Client();
    session.attach(client);
    expect(client.sent.map(({ payload }) => payload)).toEqual(['new']);
  });

  test('ends at once without an expiry, later with one, and not when the client is back', () => {
    const clock = new FakeClock();
    const ended: string[] = [];
    const brief = new Session('brief', clock);
    brief.detach(() => ended.push('brief'));
    const long = new Session('long', clock);
    long.expirySec = 60;
    long.detach(() => ended.push('long'));
    const back = new Session('back', clock);
    back.expirySec = 60;
    back.detach(() => ended.push('back'));
    expect(ended).toEqual(['brief']);
    back.attach(new Client());
    clock.advance(60);
    expect(ended).toEqual(['brief', 'long']);
    expect(clock.pending).toBe(0);
  });
});

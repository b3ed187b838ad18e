import type { Clock, Timer } from '../clock';
import { LIMITS, SAFETY } from '../limits';
import { Fifo } from './fifo';
import { bytesOf } from './message';
import type { Delivery, Message, QoS } from './message';

/** One subscription of a session. */
export interface Subscription {
  readonly session: Session;

  /** As requested, `$share/…` included. */
  readonly requested: string;
  readonly filter: string;
  readonly share?: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
}

/** The connection of a session, as the session sees it. */
export interface Outlet {
  /** The most QoS 1 messages the client takes before it acknowledges. */
  readonly receiveMaximum: number;

  /** Whether the client may receive the message; decided at each delivery. */
  mayReceive(message: Message): boolean;

  /** Send a message, QoS 1 with the identifier to acknowledge it by; false for one that the client does not take. */
  publish(delivery: Delivery, messageId?: number, dup?: boolean): boolean;

  /** The session can hold no more for this client. */
  overflow(): void;
}

/** A message that waits for the client to take or to acknowledge it. */
export interface Waiting {
  readonly delivery: Delivery;

  /** Counts the messages of the session. */
  readonly place: number;

  /** Present once it was sent. */
  readonly messageId?: number;
}

/** What there is to know of a session besides its messages. */
export interface SessionState<S = Subscription> {
  readonly expirySec: number;
  readonly lastMessageId: number;
  readonly subscriptions: readonly S[];

  /** When it ends, in milliseconds since the epoch; absent while there is a connection. */
  readonly endsAt?: number;
}

/** Where a session is written down that outlives its connection. */
export interface SessionRecord {
  save(state: SessionState): void;
  put(waiting: Waiting): void;
  remove(waiting: Waiting): void;
  end(): void;
}

/** Roughly what a message that waits takes besides what its sender chose. */
const OVERHEAD_BYTES = 200;

/** What waits for all sessions together. */
export interface Backlog {
  bytes: number;

  /** Told of the first message that a session has no room for, and again when there was room in between. */
  readonly full?: (clientId: string) => void;
}

/** What the broker keeps of a client, with or without a connection. */
export class Session {
  public readonly subscriptions = new Map<string, Subscription>();
  public outlet: Outlet | undefined;

  private readonly inflight = new Map<number, Waiting>();
  private queue = new Fifo<Waiting>();
  private queuedBytes = 0;
  private isFull = false;
  private lastMessageId = 0;
  private places = 0;
  private outlivesSec = 0;
  private endsAt: number | undefined;
  private expiry: Timer | undefined;

  /** @param record where it is written down, should it outlive its connection */
  constructor(
    public readonly clientId: string, private readonly clock: Clock, private readonly backlog: Backlog = { bytes: 0 }, private readonly record?: SessionRecord,
  ) {}

  /** Seconds the session outlives its connection; 0 ends it with the connection. */
  public get expirySec(): number {
    return this.outlivesSec;
  }

  public set expirySec(seconds: number) {
    if (seconds === 0) {
      this.unrecord();
    }
    const isNew = this.outlivesSec === 0;
    this.outlivesSec = seconds;
    this.save();
    if (isNew) {
      this.unfinished().forEach((waiting) => this.kept?.put(waiting));
    }
  }

  /** Write down what has changed besides messages. */
  public save(): void {
    const { expirySec, lastMessageId, endsAt } = this;
    this.kept?.save({ expirySec, lastMessageId, subscriptions: [...this.subscriptions.values()], ...endsAt !== undefined && { endsAt } });
  }

  /** Be as before, but for the connection. */
  public restore({ expirySec, lastMessageId, endsAt }: Omit<SessionState, 'subscriptions'>, messages: readonly Waiting[]): void {
    this.outlivesSec = expirySec;
    this.endsAt = endsAt;
    for (const waiting of messages) {
      this.places = waiting.place + 1;
      if (waiting.messageId !== undefined) {
        this.inflight.set(waiting.messageId, waiting);
      } else if (!this.enqueue(waiting)) {
        this.kept?.remove(waiting);
      }
    }
    // Those that were sent came after it was last written down.
    this.lastMessageId = [...this.inflight.keys()].at(-1) ?? lastMessageId;
  }

  /**
   * Pass a message on, or keep it until the client can take it.
   *
   * @param isAllowed whether the client is known to may receive it
   */
  public deliver(delivery: Delivery, isAllowed = false): void {
    if (this.outlet === undefined) {
      this.keep(delivery);
    } else if (isAllowed || this.outlet.mayReceive(delivery.message)) {
      if (delivery.qos === 0) {
        this.outlet.publish(delivery);
      } else if (this.hasRoom(this.outlet) && this.queue.length === 0) {
        this.send(this.outlet, { delivery, place: this.places++ });
      } else {
        this.keep(delivery);
      }
    }
  }

  /** The client acknowledged a QoS 1 message. */
  public acknowledge(messageId: number): void {
    const waiting = this.inflight.get(messageId);
    if (waiting !== undefined) {
      this.inflight.delete(messageId);
      this.kept?.remove(waiting);
      this.drain();
    }
  }

  /** A connection took the session over: first comes what was never acknowledged, then what waited. */
  public attach(outlet: Outlet): void {
    this.expiry?.cancel();
    this.expiry = undefined;
    this.endsAt = undefined;
    this.save();
    this.outlet = outlet;
    const unacknowledged = [...this.inflight.values()];
    this.queue = new Fifo(this.unfinished());
    this.count(unacknowledged.reduce((sum, { delivery }) => sum + sizeOf(delivery), 0));
    this.inflight.clear();
    this.drain();
  }

  /** The connection is gone; `onExpiry` ends the session when nobody comes back in time. */
  public detach(onExpiry: () => void): void {
    this.outlet = undefined;
    if (this.expirySec === 0) {
      onExpiry();
    } else {
      this.expireAt(this.clock.now() + this.expirySec * 1000, onExpiry);
    }
  }

  /** End at a moment, in milliseconds since the epoch, unless somebody comes back. */
  public expireAt(endsAt: number, onExpiry: () => void): void {
    if (this.endsAt !== endsAt) {
      this.endsAt = endsAt;
      this.save();
    }
    this.expiry = this.clock.after(endsAt - this.clock.now(), onExpiry);
  }

  /** Forget everything that waits. */
  public end(): void {
    this.expiry?.cancel();
    this.unrecord();
    this.outlivesSec = 0;
    this.inflight.clear();
    this.queue = new Fifo();
    this.count(-this.queuedBytes);
  }

  /** Where the session is written down, if it is. */
  private get kept(): SessionRecord | undefined {
    return this.outlivesSec > 0 ? this.record : undefined;
  }

  private unrecord(): void {
    if (this.kept !== undefined) {
      this.unfinished().forEach((waiting) => this.kept?.remove(waiting));
      this.kept.end();
    }
  }

  /** What was not acknowledged, and then what was not sent. */
  private unfinished(): Waiting[] {
    return [...this.inflight.values(), ...this.queue];
  }

  private keep(delivery: Delivery): void {
    // QoS 0 is for those who are there.
    if (delivery.qos === 0) {
      return;
    }
    const waiting = { delivery, place: this.places++ };
    if (this.enqueue(waiting)) {
      this.kept?.put(waiting);
      this.isFull = false;
      return;
    }
    if (!this.isFull) {
      this.backlog.full?.(this.clientId);
    }
    this.isFull = true;
    this.outlet?.overflow();
  }

  /** Whether there is room. */
  private enqueue(waiting: Waiting): boolean {
    const size = sizeOf(waiting.delivery);
    if (this.queuedBytes + size > SAFETY.queuedBytes || this.backlog.bytes + size > SAFETY.allQueuedBytes) {
      return false;
    }
    this.queue.push(waiting);
    this.count(size);
    return true;
  }

  private count(bytes: number): void {
    this.queuedBytes += bytes;
    this.backlog.bytes += bytes;
  }

  private drain(): void {
    const { outlet } = this;
    // A client that does not read loses its connection while it is being sent to.
    while (outlet !== undefined && this.outlet === outlet && this.queue.length > 0 && this.hasRoom(outlet)) {
      const waiting = this.queue.shift()!;
      this.count(-sizeOf(waiting.delivery));
      if (this.isDeliverable(outlet, waiting.delivery)) {
        this.send(outlet, waiting);
      } else {
        this.kept?.remove(waiting);
      }
    }
  }

  private isDeliverable(outlet: Outlet, { message }: Delivery): boolean {
    const expired = message.expiresAt !== undefined && message.expiresAt <= this.clock.now();
    return !expired && outlet.mayReceive(message);
  }

  private hasRoom(outlet: Outlet): boolean {
    return this.inflight.size < Math.min(outlet.receiveMaximum, LIMITS.inflight);
  }

  private send(outlet: Outlet, { delivery, place, messageId: sentAs }: Waiting): void {
    const messageId = sentAs ?? this.nextMessageId();
    const sent = { delivery, place, messageId };
    this.inflight.set(messageId, sent);
    // [MQTT-4.4.0-1] Unacknowledged messages are sent again, with their identifier and DUP set.
    if (!outlet.publish(delivery, messageId, sentAs !== undefined)) {
      this.inflight.delete(messageId);
      this.kept?.remove(sent);
    } else if (sentAs === undefined) {
      this.kept?.put(sent);
    }
  }

  private nextMessageId(): number {
    do {
      this.lastMessageId = (this.lastMessageId % 0xffff) + 1;
    } while (this.inflight.has(this.lastMessageId));
    return this.lastMessageId;
  }
}

function sizeOf({ message }: Delivery): number {
  return OVERHEAD_BYTES + bytesOf(message);
}

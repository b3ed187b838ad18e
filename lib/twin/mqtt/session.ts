import type { Clock, Timer } from '../clock';
import { LIMITS, SAFETY } from '../limits';
import { Fifo } from './fifo';
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

/** A message that waits for the client; one that was sent before keeps its identifier. */
interface Waiting {
  readonly delivery: Delivery;
  readonly messageId?: number;
}

/** Roughly what a message that waits takes besides its payload and topic. */
const OVERHEAD_BYTES = 200;

/** What waits for all sessions together. */
export interface Backlog {
  bytes: number;
}

/** What the broker keeps of a client, with or without a connection. */
export class Session {
  public readonly subscriptions = new Map<string, Subscription>();
  public outlet: Outlet | undefined;

  /** Seconds the session outlives its connection; 0 ends it with the connection. */
  public expirySec = 0;

  private readonly inflight = new Map<number, Delivery>();
  private queue = new Fifo<Waiting>();
  private queuedBytes = 0;
  private lastMessageId = 0;
  private expiry: Timer | undefined;

  constructor(public readonly clientId: string, private readonly clock: Clock, private readonly backlog: Backlog = { bytes: 0 }) {}

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
        this.send(this.outlet, delivery);
      } else {
        this.keep(delivery);
      }
    }
  }

  /** The client acknowledged a QoS 1 message. */
  public acknowledge(messageId: number): void {
    if (this.inflight.delete(messageId)) {
      this.drain();
    }
  }

  /** A connection took the session over: first comes what was never acknowledged, then what waited. */
  public attach(outlet: Outlet): void {
    this.expiry?.cancel();
    this.expiry = undefined;
    this.outlet = outlet;
    const unacknowledged = [...this.inflight].map(([messageId, delivery]) => ({ delivery, messageId }));
    this.queue = new Fifo([...unacknowledged, ...this.queue]);
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
      this.expiry = this.clock.after(this.expirySec * 1000, onExpiry);
    }
  }

  /** Forget everything that waits. */
  public end(): void {
    this.expiry?.cancel();
    this.inflight.clear();
    this.queue = new Fifo();
    this.count(-this.queuedBytes);
  }

  private keep(delivery: Delivery): void {
    // QoS 0 is for those who are there.
    if (delivery.qos === 0) {
      return;
    }
    const size = sizeOf(delivery);
    if (this.queuedBytes + size > SAFETY.queuedBytes || this.backlog.bytes + size > SAFETY.allQueuedBytes) {
      this.outlet?.overflow();
      return;
    }
    this.queue.push({ delivery });
    this.count(size);
  }

  private count(bytes: number): void {
    this.queuedBytes += bytes;
    this.backlog.bytes += bytes;
  }

  private drain(): void {
    const { outlet } = this;
    // A client that does not read loses its connection while it is being sent to.
    while (outlet !== undefined && this.outlet === outlet && this.queue.length > 0 && this.hasRoom(outlet)) {
      const { delivery, messageId } = this.queue.shift()!;
      this.count(-sizeOf(delivery));
      if (this.isDeliverable(outlet, delivery)) {
        this.send(outlet, delivery, messageId);
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

  private send(outlet: Outlet, delivery: Delivery, sentAs?: number): void {
    const messageId = sentAs ?? this.nextMessageId();
    this.inflight.set(messageId, delivery);
    // [MQTT-4.4.0-1] Unacknowledged messages are sent again, with their identifier and DUP set.
    if (!outlet.publish(delivery, messageId, sentAs !== undefined)) {
      this.inflight.delete(messageId);
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
  return OVERHEAD_BYTES + message.payload.length + message.topic.length;
}

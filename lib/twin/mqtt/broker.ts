import type { Clock, Timer } from '../clock';
import type { Journal } from '../journal';
import { SAFETY } from '../limits';
import type { BrokerRecords } from './broker-records';
import { bytesOf } from './message';
import type { Message } from './message';
import { Session } from './session';
import type { Backlog, Subscription } from './session';
import { SubscriptionTree } from './subscription-tree';
import { hasWildcard, parseFilter } from './topic-syntax';

/** A connection, as the broker sees it. */
export interface Client {
  /** Another connection came with the same client id. */
  takeOver(): void;
}

/** A last will that waits for its delay to pass. */
interface PendingWill {
  readonly message: Message;
  readonly timer: Timer;
}

/** A message that is kept for those who subscribe later. */
export interface RetainedMessage extends Message {
  /** Milliseconds since the epoch. */
  readonly retainedAt: number;
}

/** Sessions, subscriptions and retained messages; passes messages from publishers to subscribers. */
export class Broker {
  private readonly sessions = new Map<string, Session>();
  private readonly clients = new Map<string, Client>();
  private readonly tree = new SubscriptionTree<Subscription>();
  private readonly retained = new Map<string, RetainedMessage>();
  private retainedBytes = 0;
  private readonly backlog: Backlog = {
    bytes: 0,
    full: (clientId) => this.journal.note({ clientId }, 'refused', 'messages to its session are dropped: what waits, for it or for all, is as much as the twin keeps'),
  };
  private readonly wills = new Map<string, PendingWill>();

  /**
   * @param journal learns what the twin's own limits cost
   * @param records what there was before, and where it is written down
   */
  constructor(private readonly clock: Clock, private readonly journal: Pick<Journal, 'note'> = { note: () => undefined }, private readonly records?: BrokerRecords) {
    if (records !== undefined) {
      this.restore(records);
    }
  }

  /** Whether there can be a session for a client id. */
  public hasRoomFor(clientId: string): boolean {
    return this.sessions.size < SAFETY.sessions || this.sessions.has(clientId);
  }

  /** Register a connection for its client id; one that has it already is told to go. Returns the session to use. */
  public open(clientId: string, client: Client, clean: boolean): { readonly session: Session; readonly present: boolean } {
    this.clients.get(clientId)?.takeOver();
    this.clients.set(clientId, client);
    const existing = this.sessions.get(clientId);
    if (existing !== undefined && !clean) {
      // [MQTT-3.1.3-9] Who comes back to the session before the delay has passed leaves no will.
      this.cancelWill(clientId);
      return { session: existing, present: true };
    }
    if (existing !== undefined) {
      this.endSession(existing);
    }
    const session = this.newSession(clientId);
    return { session, present: false };
  }

  /** A connection is gone: its session lives on for as long as it was asked to. */
  public close(session: Session, client: Client): void {
    if (this.clients.get(session.clientId) === client) {
      this.clients.delete(session.clientId);
    }
    session.detach(() => this.endSession(session));
  }

  public subscribe(subscription: Subscription): void {
    this.add(subscription);
    subscription.session.save();
  }

  /** Whether there was such a subscription. */
  public unsubscribe(session: Session, requested: string): boolean {
    const { filter, share } = parseFilter(requested);
    this.tree.remove(filter, share, session.clientId);
    const isGone = session.subscriptions.delete(requested);
    session.save();
    return isGone;
  }

  /** Whether anybody subscribed to a topic, so that a message need not be made for nobody. */
  public hasSubscribers(topic: string): boolean {
    const { subscribers, shares } = this.tree.match(topic);
    return subscribers.length > 0 || shares.length > 0;
  }

  /** Pass a message to everyone who subscribed to its topic and may receive it. */
  public publish(message: Message): void {
    if (message.retain) {
      this.retain(message);
    }
    const { subscribers, shares } = this.tree.match(message.topic);
    for (const subscription of subscribers.length > 1 ? strongestOfEachSession(message, subscribers) : subscribers) {
      passOn(message, subscription);
    }
    for (const share of shares) {
      const members = share.inTurn();
      const taker = members.find(({ session }) => session.outlet?.mayReceive(message)) ?? members.find(({ session }) => session.outlet === undefined);
      if (taker !== undefined) {
        passOn(message, taker, true);
      }
    }
  }

  /**
   * What was retained for a filter. Filters with wildcards get none.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-retain
   */
  public retainedFor(filter: string): RetainedMessage | undefined {
    const message = hasWildcard(filter) ? undefined : this.retained.get(filter);
    if (message?.expiresAt !== undefined && message.expiresAt <= this.clock.now()) {
      this.forget(message.topic);
      return undefined;
    }
    return message;
  }

  /** Topics with a retained message, by their names. */
  public retainedTopics(): readonly string[] {
    return [...this.retained.keys()].filter((topic) => this.retainedFor(topic) !== undefined).sort();
  }

  /** Publish a last will once its delay has passed, or when the session ends, whichever comes first. */
  public scheduleWill(clientId: string, message: Message, delaySec: number): void {
    this.cancelWill(clientId);
    if (delaySec === 0) {
      this.publish(message);
      return;
    }
    this.wills.set(clientId, { message, timer: this.clock.after(delaySec * 1000, () => this.publishWill(clientId)) });
  }

  private publishWill(clientId: string): void {
    const will = this.cancelWill(clientId);
    if (will !== undefined) {
      this.publish(will.message);
    }
  }

  private cancelWill(clientId: string): PendingWill | undefined {
    const will = this.wills.get(clientId);
    will?.timer.cancel();
    this.wills.delete(clientId);
    return will;
  }

  private newSession(clientId: string): Session {
    const session = new Session(clientId, this.clock, this.backlog, this.records?.of(clientId));
    this.sessions.set(clientId, session);
    return session;
  }

  private add(subscription: Subscription): void {
    const { session, filter, share, requested } = subscription;
    session.subscriptions.set(requested, subscription);
    this.tree.add(filter, share, session.clientId, subscription);
  }

  private endSession(session: Session): void {
    session.end();
    for (const requested of [...session.subscriptions.keys()]) {
      this.unsubscribe(session, requested);
    }
    if (this.sessions.get(session.clientId) === session) {
      this.sessions.delete(session.clientId);
      this.publishWill(session.clientId);
    }
  }

  private retain(message: Message): void {
    // [MQTT-3.3.1-6] An empty payload removes what was retained.
    const retained = { ...message, retainedAt: this.clock.now() };
    if (message.payload.length > 0 && this.hold(retained)) {
      this.records?.retain(retained);
    } else {
      this.forget(message.topic);
    }
  }

  /** Whether there is room. */
  private hold(message: RetainedMessage): boolean {
    const { topic, publisher } = message;
    const bytes = this.retainedBytes - this.bytesOn(topic) + bytesOf(message);
    if ((this.retained.size >= SAFETY.retainedMessages && !this.retained.has(topic)) || bytes > SAFETY.retainedBytes) {
      this.journal.note(publisher === undefined ? {} : { clientId: publisher }, 'refused', `the message to '${topic}' is not retained: the twin retains no more`);
      return false;
    }
    this.retained.set(topic, message);
    this.retainedBytes = bytes;
    return true;
  }

  private forget(topic: string): void {
    this.retainedBytes -= this.bytesOn(topic);
    this.retained.delete(topic);
    this.records?.forget(topic);
  }

  private bytesOn(topic: string): number {
    const message = this.retained.get(topic);
    return message === undefined ? 0 : bytesOf(message);
  }

  /** Be as before, but for the connections. What is over by now is forgotten. */
  private restore(records: BrokerRecords): void {
    const now = this.clock.now();
    for (const message of records.retained()) {
      if ((message.expiresAt ?? Infinity) <= now || !this.hold(message)) {
        this.forget(message.topic);
      }
    }
    for (const { clientId, subscriptions, waiting, ...state } of records.sessions()) {
      const session = this.newSession(clientId);
      session.restore(state, waiting);
      subscriptions.forEach((subscription) => this.add({ ...subscription, session }));
      // A connection that lasted to the end of the process is taken to have ended now.
      const endsAt = state.endsAt ?? now + state.expirySec * 1000;
      if (endsAt <= now || this.sessions.size > SAFETY.sessions) {
        this.endSession(session);
      } else {
        session.expireAt(endsAt, () => this.endSession(session));
      }
    }
  }
}

/** Overlapping subscriptions of one session: the message goes out once, with the highest QoS. */
function strongestOfEachSession(message: Message, subscriptions: readonly Subscription[]): Iterable<Subscription> {
  const strongest = new Map<Session, Subscription>();
  for (const subscription of subscriptions) {
    const other = strongest.get(subscription.session);
    if (!isEcho(message, subscription) && (other === undefined || other.qos < subscription.qos)) {
      strongest.set(subscription.session, subscription);
    }
  }
  return strongest.values();
}

/** [MQTT-3.8.3-3] A message that the subscriber published itself, and does not want back. */
function isEcho(message: Message, { session, noLocal }: Subscription): boolean {
  return noLocal && message.publisher === session.clientId;
}

function passOn(message: Message, subscription: Subscription, isAllowed = false): void {
  const { session, qos, retainAsPublished } = subscription;
  if (!isEcho(message, subscription)) {
    session.deliver({ message, qos: message.qos === 1 ? qos : 0, retain: message.retain && retainAsPublished }, isAllowed);
  }
}

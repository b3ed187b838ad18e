import type { Storage } from '../storage';
import type { RetainedMessage } from './broker';
import { decodeMessage, encodeMessage } from './kept-message';
import type { SessionRecord, SessionState, Subscription, Waiting } from './session';
import { parseFilter } from './topic-syntax';

const RETAINED = 'mqtt_retained';
const SESSIONS = 'mqtt_sessions';
const MESSAGES = 'mqtt_messages';

/** A session that was there before. Messages are in the order in which they came. */
export interface KeptSession extends Omit<SessionState, 'subscriptions'> {
  readonly clientId: string;
  readonly subscriptions: readonly Omit<Subscription, 'session'>[];
  readonly waiting: readonly Waiting[];
}

/** What is kept of a subscription; the rest follows from the filter as requested. */
type KeptSubscription = Pick<Subscription, 'requested' | 'qos' | 'noLocal' | 'retainAsPublished'>;

/** What a broker writes down: retained messages, sessions that outlast their connections, and what waits for them. */
export class BrokerRecords {
  constructor(private readonly storage: Storage) {}

  public *retained(): Iterable<RetainedMessage> {
    for (const { value } of this.storage.load(RETAINED)) {
      const { message, more } = decodeMessage<Pick<RetainedMessage, 'retainedAt'>>(value);
      yield { ...message, ...more };
    }
  }

  public retain({ retainedAt, ...message }: RetainedMessage): void {
    this.storage.put(RETAINED, message.topic, encodeMessage(message, { retainedAt }));
  }

  public forget(topic: string): void {
    this.storage.remove(RETAINED, topic);
  }

  public *sessions(): Iterable<KeptSession> {
    const waiting = this.messages();
    for (const { key: clientId, value } of this.storage.load(SESSIONS)) {
      const { subscriptions, ...state } = JSON.parse(value.toString()) as SessionState<KeptSubscription>;
      yield {
        ...state,
        clientId,
        subscriptions: subscriptions.map((subscription) => ({ ...subscription, ...parseFilter(subscription.requested) })),
        waiting: waiting.get(clientId) ?? [],
      };
    }
  }

  /** Where a session is written down. */
  public of(clientId: string): SessionRecord {
    const { storage } = this;
    const nameOf = ({ place }: Waiting): string => `${clientId}/${place}`;
    return {
      save: ({ subscriptions, ...state }) => {
        const kept = subscriptions.map(({ requested, qos, noLocal, retainAsPublished }): KeptSubscription => ({ requested, qos, noLocal, retainAsPublished }));
        storage.put(SESSIONS, clientId, JSON.stringify({ ...state, subscriptions: kept }));
      },
      put: (waiting) => {
        const { delivery: { message, ...delivery }, messageId } = waiting;
        storage.put(MESSAGES, nameOf(waiting), encodeMessage(message, { delivery, messageId }));
      },
      remove: (waiting) => storage.remove(MESSAGES, nameOf(waiting)),
      end: () => storage.remove(SESSIONS, clientId),
    };
  }

  /** By client id. */
  private messages(): Map<string, Waiting[]> {
    const found = new Map<string, Waiting[]>();
    for (const { key, value } of this.storage.load(MESSAGES)) {
      const at = key.lastIndexOf('/');
      const clientId = key.slice(0, at);
      const { message, more: { delivery, messageId } } = decodeMessage<Pick<Waiting, 'messageId'> & { readonly delivery: Omit<Waiting['delivery'], 'message'> }>(value);
      const waiting = { delivery: { ...delivery, message }, place: Number(key.slice(at + 1)), ...messageId !== undefined && { messageId } };
      const others = found.get(clientId);
      if (others === undefined) {
        found.set(clientId, [waiting]);
      } else {
        others.push(waiting);
      }
    }
    return found;
  }
}

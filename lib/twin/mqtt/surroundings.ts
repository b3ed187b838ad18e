import type { Clock } from '../clock';
import type { Guard } from '../guard';
import type { Journal } from '../journal';
import type { Broker } from './broker';
import type { Connection } from './connection';
import type { Outbox } from './outbox';
import type { ReasonCode } from './reason-codes';
import type { TopicService } from './topic-service';

/** Learns what connections do. */
export interface ConnectionWatcher {
  connected(connection: Connection): void;

  /** The policies do not allow the connection or its last will. */
  connectFailed(connection: Connection): void;

  /** @param reasonCode why the client or the twin ended it; undefined when the connection was lost */
  disconnected(connection: Connection, reasonCode: ReasonCode | undefined): void;
  subscribed(connection: Connection, topics: readonly string[]): void;
  unsubscribed(connection: Connection, topics: readonly string[]): void;
}

/** What every connection shares. */
export interface Surroundings {
  readonly broker: Broker;
  readonly guard: Guard;
  readonly journal: Journal;
  readonly clock: Clock;

  /** A client id for those who bring none. */
  readonly newClientId: () => string;

  /** Sends what connections have gathered, once for all events at hand. */
  readonly outbox: Outbox;

  readonly service?: TopicService;
  readonly watcher?: ConnectionWatcher;
}

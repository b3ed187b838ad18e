import type { Clock } from '../clock';
import type { Broker } from '../mqtt/broker';
import type { Caller } from '../mqtt/caller';
import type { Connection } from '../mqtt/connection';
import type { ConnectionWatcher } from '../mqtt/surroundings';
import { ReasonCode } from '../mqtt/reason-codes';

/** How AWS names the reasons for which connections end. */
type DisconnectReason =
  | 'AUTH_ERROR' | 'CLIENT_ERROR' | 'CLIENT_INITIATED_DISCONNECT' | 'CONNECTION_LOST' | 'DUPLICATE_CLIENTID'
  | 'CUSTOMAUTH_TTL_EXPIRATION' | 'MQTT_KEEP_ALIVE_TIMEOUT' | 'SERVER_ERROR' | 'SERVER_INITIATED_DISCONNECT'
  | 'WEBSOCKET_TTL_EXPIRATION';

/** Every other reason code is for what a client does wrong. */
const DISCONNECT_REASONS: { readonly [code in ReasonCode]?: DisconnectReason } = {
  [ReasonCode.SUCCESS]: 'CLIENT_INITIATED_DISCONNECT',
  [ReasonCode.UNSPECIFIED_ERROR]: 'SERVER_ERROR',
  [ReasonCode.NOT_AUTHORIZED]: 'AUTH_ERROR',
  // A certificate that is no longer active.
  [ReasonCode.ADMINISTRATIVE_ACTION]: 'AUTH_ERROR',
  [ReasonCode.SERVER_SHUTTING_DOWN]: 'SERVER_INITIATED_DISCONNECT',
  [ReasonCode.KEEP_ALIVE_TIMEOUT]: 'MQTT_KEEP_ALIVE_TIMEOUT',
  [ReasonCode.SESSION_TAKEN_OVER]: 'DUPLICATE_CLIENTID',
};

const TIME_IS_UP: { readonly [kind in Caller['kind']]: DisconnectReason } = {
  certificate: 'SERVER_INITIATED_DISCONNECT', sigv4: 'WEBSOCKET_TTL_EXPIRATION', custom: 'CUSTOMAUTH_TTL_EXPIRATION',
};

/** "If a client is not connected for approximately one hour, the version number is reset to 0." */
const VERSION_LIFETIME_MS = 3_600_000;

export interface LifecycleEventsProps {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly newSessionIdentifier: () => string;

  /** The thing that a certificate is attached to exclusively. */
  readonly exclusiveThingOf: (certificateId: string) => string | undefined;
}

interface Known {
  readonly sessionIdentifier: string;
  readonly versionNumber: number;
}

/**
 * Tells who comes and goes, and who subscribes to what, on `$aws/events/…`. A message is made only when somebody listens.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html
 */
export class LifecycleEvents implements ConnectionWatcher {
  private readonly known = new WeakMap<Connection, Known>();

  /** The last versions of clients that are gone, the one gone longest first. */
  private readonly gone = new Map<string, { readonly versionNumber: number; readonly at: number }>();

  constructor(private readonly props: LifecycleEventsProps) {}

  public connected(connection: Connection): void {
    const { clientId } = connection;
    this.forgetVersions();
    const last = this.gone.get(clientId);
    this.gone.delete(clientId);
    this.known.set(connection, {
      sessionIdentifier: this.props.newSessionIdentifier(),
      versionNumber: last === undefined ? 0 : last.versionNumber + 1,
    });
    this.tell('presence', 'connected', connection, ({ versionNumber }) => ({ ipAddress: connection.caller.sourceIp, versionNumber }));
  }

  public connectFailed(connection: Connection): void {
    this.tell('presence', 'connect_failed', connection, () => ({
      connectFailureReason: 'AUTHORIZATION_FAILED', ipAddress: connection.caller.sourceIp,
    }));
  }

  public disconnected(connection: Connection, reasonCode: ReasonCode | undefined): void {
    const { clientId } = connection;
    const disconnectReason = reasonCode === undefined ? 'CONNECTION_LOST'
      : reasonCode === ReasonCode.MAXIMUM_CONNECT_TIME ? TIME_IS_UP[connection.caller.kind]
        : DISCONNECT_REASONS[reasonCode] ?? 'CLIENT_ERROR';
    this.gone.delete(clientId);
    this.gone.set(clientId, { versionNumber: this.knownOf(connection).versionNumber, at: this.props.clock.now() });
    this.tell('presence', 'disconnected', connection, ({ versionNumber }) => ({
      clientInitiatedDisconnect: disconnectReason === 'CLIENT_INITIATED_DISCONNECT', disconnectReason, versionNumber,
    }));
  }

  public subscribed(connection: Connection, topics: readonly string[]): void {
    this.tell('subscriptions', 'subscribed', connection, () => ({ topics }));
  }

  public unsubscribed(connection: Connection, topics: readonly string[]): void {
    this.tell('subscriptions', 'unsubscribed', connection, () => ({ topics }));
  }

  private tell(kind: 'presence' | 'subscriptions', eventType: string, connection: Connection, details: (known: Known) => object): void {
    const { broker, clock, exclusiveThingOf } = this.props;
    const { clientId, principal, caller } = connection;
    const topic = `$aws/events/${kind}/${eventType}/${clientId}`;
    // "Client IDs that contain # or + do not receive lifecycle events."
    if (/[#+]/.test(clientId) || !broker.hasSubscribers(topic)) {
      return;
    }
    const known = this.knownOf(connection);
    const { sessionIdentifier } = known;
    const event = {
      clientId, thingName: caller.certificateId && exclusiveThingOf(caller.certificateId), timestamp: clock.now(), eventType, sessionIdentifier, principalIdentifier: principal, ...details(known),
    };
    broker.publish({ topic, payload: Buffer.from(JSON.stringify(event)), qos: 1, retain: false });
  }

  private knownOf(connection: Connection): Known {
    return this.known.get(connection) ?? { sessionIdentifier: this.props.newSessionIdentifier(), versionNumber: 0 };
  }

  private forgetVersions(): void {
    const oldest = this.props.clock.now() - VERSION_LIFETIME_MS;
    for (const [clientId, { at }] of this.gone) {
      if (at > oldest) {
        return;
      }
      this.gone.delete(clientId);
    }
  }
}

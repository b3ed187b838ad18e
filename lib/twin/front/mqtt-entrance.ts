import type { Duplex } from 'node:stream';
import type { Caller } from '../mqtt/caller';
import { Connection } from '../mqtt/connection';
import type { Surroundings } from '../mqtt/surroundings';
import { ReasonCode } from '../mqtt/reason-codes';
import type { Callers } from './callers';
import type { Arrival } from './front-door';

/** Takes in MQTT clients, over TLS or over a WebSocket. */
export class MqttEntrance {
  private readonly connections = new Map<Connection, Caller>();

  constructor(private readonly callers: Callers, private readonly around: Surroundings) {}

  /** A client that speaks MQTT over TLS. */
  public arrive(arrival: Arrival): void {
    const { socket, route: { authentication } } = arrival;
    // Lost before it has said anything.
    socket.once('error', () => socket.destroy());
    if (authentication === 'custom') {
      this.accept(socket, this.callers.ofAuthorizer(arrival));
      return;
    }
    void this.callers.admit(arrival).then((admitted) => {
      if (admitted === undefined || 'refused' in admitted) {
        this.drop(arrival, admitted?.refused);
      } else if (!socket.destroyed) {
        this.accept(socket, authentication === 'custom-x509' ? this.callers.ofAuthorizer(arrival, admitted) : this.callers.ofCertificate(admitted));
      }
    }).catch((error: unknown) => this.drop(arrival, `the twin could not handle a client: ${(error as Error).message}`));
  }

  /** A client that will say under which client id it comes. */
  public accept(stream: Duplex & { setNoDelay?(): unknown }, caller: Caller): void {
    stream.setNoDelay?.();
    const connection = new Connection(stream, caller, this.around, () => this.connections.delete(connection));
    this.connections.set(connection, caller);
  }

  /** Cut the connections of a certificate. */
  public cut(certificateId: string, reason: string): void {
    for (const [connection, caller] of [...this.connections]) {
      if (caller.certificateId === certificateId) {
        connection.close(ReasonCode.ADMINISTRATIVE_ACTION, reason);
      }
    }
  }

  /** Tell every client that the twin stops. */
  public shutDown(): void {
    for (const connection of [...this.connections.keys()]) {
      connection.close(ReasonCode.SERVER_SHUTTING_DOWN, 'the twin stops');
    }
  }

  /** @param reason undefined where the journal knows it already */
  private drop({ socket }: Arrival, reason: string | undefined): void {
    if (reason !== undefined) {
      this.around.journal.note({}, 'refused', reason);
    }
    socket.destroy();
  }
}

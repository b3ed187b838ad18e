import { createServer } from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';
import type { Admission, Admitted } from './admission';
import { SAFETY } from './limits';
import { Connection } from './mqtt/connection';
import type { Surroundings } from './mqtt/connection';
import { ReasonCode } from './mqtt/reason-codes';
import type { KeyPair } from './pki/authority';
import type { Registry } from './registry';

/** What devices offer to speak MQTT on port 443; on 8883 they offer nothing. */
const ALPN_PROTOCOL = 'x-amzn-mqtt-ca';

/**
 * MQTT over mutual TLS, with ALPN or without.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 */
export class MqttListener {
  public readonly server: Server;
  private readonly connections = new Map<Connection, string>();

  constructor(
    certificate: KeyPair,
    private readonly admission: Admission,
    private readonly registry: Registry,
    private readonly around: Surroundings,
  ) {
    this.server = createServer({
      cert: certificate.certificatePem,
      key: certificate.privateKeyPem,
      minVersion: 'TLSv1.2',
      requestCert: true,
      // A certificate counts by its registration, whoever issued it; the handshake still proves the private key.
      rejectUnauthorized: false,
      ALPNCallback: ({ protocols }) => (protocols.includes(ALPN_PROTOCOL) ? ALPN_PROTOCOL : undefined),
      handshakeTimeout: SAFETY.connectTimeoutMs,
    }, (socket) => this.accept(socket));
    this.server.maxConnections = SAFETY.connections;
    this.server.on('drop', () => around.journal.note({}, 'refused', `more than ${SAFETY.connections} connections`));
    this.server.on('tlsClientError', (error, socket) => {
      around.journal.note({}, 'refused', `TLS handshake: ${error.message}`);
      socket.destroy();
    });
  }

  /** Cut the connections of a certificate. */
  public cut(certificateId: string, reason: string): void {
    for (const [connection, id] of [...this.connections]) {
      if (id === certificateId) {
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

  private accept(socket: TLSSocket): void {
    const admitted = this.admission.admit(socket);
    if (admitted === undefined) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    const caller = { certificateId: admitted.registered.id, sourceIp: admitted.sourceIp, identify: (clientId: string) => this.identify(admitted, clientId) };
    const connection = new Connection(socket, caller, this.around, () => this.connections.delete(connection));
    this.connections.set(connection, admitted.registered.id);
  }

  private identify({ registered, certificate, sourceIp, domainName }: Admitted, clientId: string): ReturnType<Registry['principal']> {
    return this.registry.principal(registered, certificate, {
      clientId,
      ...(sourceIp === undefined ? {} : { sourceIp }),
      ...(domainName === undefined ? {} : { domainName }),
    });
  }
}

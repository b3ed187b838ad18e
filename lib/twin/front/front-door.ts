import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import type { Journal } from '../journal';
import { SAFETY } from '../limits';
import type { KeyPair } from '../pki/authority';
import { readHello } from './client-hello';
import type { Domain } from './domains';
import { chooseProtocol, routeOf } from './route';
import type { Port, Route } from './route';
import { TLS_POLICIES } from './tls-policies';

/** A client at the end of its TLS handshake. */
export interface Arrival {
  readonly socket: TLSSocket;
  readonly domain: Domain;
  readonly route: Route;

  /** What the client sent as server name (SNI). */
  readonly serverName: string | undefined;
  readonly sourceIp: string | undefined;
}

/** The names that a port serves. */
export interface Names {
  /** The endpoint of the account, for every name that is no other's. */
  readonly endpoint: { readonly domain: Domain; readonly certificate: KeyPair };

  /** The other names, in lower case. */
  readonly others: ReadonlyMap<string, { readonly domain: Domain; readonly certificate: KeyPair }>;
}

/** One port: TLS as the name asks for that the client connects to, then whatever the port, the name and ALPN say. */
export class FrontDoor {
  public readonly server: Server;
  private readonly tls = new Map<string, TlsServer>();

  /**
   * @param names the names of the moment: they change when the assembly is read again
   * @param arrive takes the client in
   */
  constructor(
    private readonly port: Port,
    private readonly names: () => Names,
    private readonly journal: Journal,
    private readonly arrive: (arrival: Arrival) => void,
  ) {
    this.server = createServer((socket) => this.open(socket));
    this.server.maxConnections = SAFETY.connections;
    this.server.on('drop', () => journal.note({}, 'refused', `more than ${SAFETY.connections} connections`));
  }

  private open(socket: Socket): void {
    const { endpoint, others } = this.names();
    if (others.size === 0 && this.port === 'mqtt') {
      this.handshake(socket, endpoint, true);
      return;
    }
    // The version of TLS is settled before OpenSSL tells the name, so that the name must be read beforehand. So is whether
    // the client is asked for a certificate.
    const timer = setTimeout(() => socket.destroy(), SAFETY.connectTimeoutMs);
    socket.once('error', () => socket.destroy());
    void readHello(socket).then(({ serverName, isBrowserSocket }) => {
      clearTimeout(timer);
      if (!socket.destroyed) {
        this.handshake(socket, this.named(serverName) ?? endpoint, !isBrowserSocket);
      }
    });
  }

  private named(serverName: string | undefined): Names['endpoint'] | undefined {
    return this.names().others.get(serverName?.toLowerCase() ?? '');
  }

  private handshake(socket: Socket, { domain, certificate }: Names['endpoint'], requestCert: boolean): void {
    if (!domain.enabled) {
      this.drop(socket, `domain configuration '${domain.name}' is DISABLED`);
      return;
    }
    this.tlsServer(domain, certificate, requestCert).emit('connection', socket);
  }

  private tlsServer(domain: Domain, { certificatePem, privateKeyPem }: KeyPair, requestCert: boolean): TlsServer {
    const key = JSON.stringify([domain, certificatePem, requestCert]);
    const existing = this.tls.get(key);
    if (existing !== undefined) {
      return existing;
    }
    const server = createTlsServer({
      ...TLS_POLICIES[domain.tlsPolicy]!,
      cert: certificatePem,
      key: privateKeyPem,
      requestCert,
      // A certificate counts by its registration, whoever issued it; the handshake still proves the private key.
      rejectUnauthorized: false,
      ALPNCallback: ({ protocols }) => chooseProtocol(this.port, domain, protocols),
      handshakeTimeout: SAFETY.connectTimeoutMs,
    }, (socket) => this.welcome(socket, domain));
    server.on('tlsClientError', (error, socket) => this.drop(socket, `TLS handshake: ${error.message}`));
    this.tls.set(key, server);
    return server;
  }

  private welcome(socket: TLSSocket, domain: Domain): void {
    const serverName = socket.servername === false || socket.servername === '' ? undefined : socket.servername ?? undefined;
    if (this.named(serverName) !== undefined && serverName?.toLowerCase() !== domain.serverName) {
      this.drop(socket, `the name '${serverName}' was not sent where it could be read before the handshake`);
      return;
    }
    const route = routeOf(this.port, domain, socket.alpnProtocol === false ? '' : socket.alpnProtocol ?? '', serverName);
    if (typeof route === 'string') {
      this.drop(socket, route);
      return;
    }
    // IPv4 clients of a dual-stack socket.
    this.arrive({ socket, domain, route, serverName, sourceIp: socket.remoteAddress?.replace(/^::ffff:/, '') });
  }

  private drop(socket: Socket, reason: string): void {
    this.journal.note({}, 'refused', reason);
    socket.destroy();
  }
}

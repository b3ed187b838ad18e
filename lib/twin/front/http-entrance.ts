import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, createWebSocketStream } from 'ws';
import type { CredentialProvider } from '../credentials';
import type { Asker, Journal } from '../journal';
import { LIMITS, SAFETY } from '../limits';
import type { IsKept } from '../storage';
import { FORBIDDEN } from './data-plane';
import type { DataAnswer, DataPlane } from './data-plane';
import type { Arrival } from './front-door';
import type { HttpCallers } from './http-callers';
import type { MqttEntrance } from './mqtt-entrance';

export interface HttpEntranceProps {
  readonly callers: HttpCallers;
  readonly mqtt: MqttEntrance;
  readonly data: DataPlane;
  readonly journal: Journal;
  readonly credentials?: CredentialProvider;
  readonly newTraceId: () => string;

  /** Asked before each answer, whether what led to it outlasts the twin. */
  readonly isKept: IsKept;
}

/** The disk is full; clients may try again. */
const NOT_KEPT: DataAnswer = { status: 503, body: { message: 'the twin cannot write its state to the disk' }, error: 'ServiceUnavailableException' };

/** Where WebSockets are opened. */
const MQTT_PATH = '/mqtt';

/**
 * HTTPS, and MQTT over WebSocket: the data API, and `GET /role-aliases/ALIAS/credentials`, for which AWS has an endpoint of its own.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/http.html
 */
export class HttpEntrance {
  private readonly server: Server;
  private readonly arrivals = new WeakMap<Socket, Arrival>();
  private readonly webSockets = new WebSocketServer({
    noServer: true, maxPayload: LIMITS.packetBytes, perMessageDeflate: false, clientTracking: false, handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  });

  constructor(private readonly props: HttpEntranceProps) {
    this.server = createServer({ requestTimeout: SAFETY.connectTimeoutMs, headersTimeout: SAFETY.connectTimeoutMs, connectionsCheckingInterval: SAFETY.lingerMs }, (request, response) => {
      receive(request, (payload) => void this.serve(request, response, payload));
    });
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.open(request, socket, head));
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.props.journal.note({}, 'refused', `HTTP request: ${error.code === 'HPE_HEADER_OVERFLOW' ? 'the headers are larger than 16 KB' : error.message}`);
      if (socket.writable) {
        hangUp(socket, `HTTP/1.1 ${STATUS[error.code ?? ''] ?? '400 Bad Request'}\r\nconnection: close\r\n\r\n`);
      } else {
        socket.destroy();
      }
    });
    // What ends requests that take too long begins when a server listens; this one is handed its connections.
    this.server.emit('listening');
  }

  /** Ends what watches over requests. */
  public stop(): void {
    this.server.close();
  }

  /** A client that speaks HTTP over TLS. */
  public arrive(arrival: Arrival): void {
    this.arrivals.set(arrival.socket, arrival);
    this.server.emit('connection', arrival.socket);
  }

  private async serve(request: IncomingMessage, response: ServerResponse, payload: Buffer | undefined): Promise<void> {
    const answer = await this.answerTo(request, payload).catch((cause: unknown): DataAnswer => {
      // The last resort: what one client sends must not end the process.
      this.refuse({}, `the twin could not handle a request: ${(cause as Error).message}`);
      return { status: 500, body: { message: 'the twin could not handle the request' }, error: 'InternalFailureException' };
    });
    const { status, body, error } = this.props.isKept() ? answer : NOT_KEPT;
    if (!response.destroyed) {
      response.writeHead(status, { 'content-type': 'application/json', ...(error === undefined ? {} : { 'x-amzn-errortype': error }) });
      response.end(typeof body === 'string' ? body : JSON.stringify('message' in body ? { ...body, traceId: this.props.newTraceId() } : body));
    }
  }

  private async answerTo(request: IncomingMessage, payload: Buffer | undefined): Promise<DataAnswer> {
    const { callers, credentials } = this.props;
    const arrival = this.arrivals.get(request.socket)!;
    if (arrival.route.webSocketOnly === true) {
      this.refuse({}, `domain configuration '${arrival.domain.name}' is for MQTT over WebSocket alone`);
      return FORBIDDEN;
    }
    if (credentials?.serves(request) !== true) {
      return this.answer(request, arrival, payload);
    }
    const admitted = await callers.certificate(arrival);
    return admitted === undefined ? FORBIDDEN : credentials.answer(request, admitted, (asker, reason) => this.refuse(asker, reason));
  }

  private async answer(request: IncomingMessage, arrival: Arrival, payload: Buffer | undefined): Promise<DataAnswer> {
    const { callers, data } = this.props;
    const caller = await callers.of(request, arrival, payload ?? Buffer.alloc(0));
    if ('refused' in caller) {
      this.refuse(caller.asker ?? {}, caller.refused);
      return { status: 403, body: { message: caller.message ?? 'Forbidden' }, error: caller.error ?? 'ForbiddenException' };
    }
    return data.serve({ ...caller, method: request.method ?? '', url: request.url ?? '', payload });
  }

  /** Open a WebSocket for MQTT. */
  private async open(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const refuse = (reason: string, status = '403 Forbidden'): void => {
      this.refuse({}, `WebSocket: ${reason}`);
      hangUp(socket, `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    };
    socket.on('error', () => socket.destroy());
    try {
      const arrival = this.arrivals.get(request.socket)!;
      const [path] = (request.url ?? '').split('?', 1);
      const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
      if (path !== MQTT_PATH || !protocols.includes('mqtt')) {
        refuse(`MQTT is spoken on ${MQTT_PATH} with the sub-protocol 'mqtt'`, '400 Bad Request');
        return;
      }
      const caller = await this.props.callers.ofWebSocket(request, arrival);
      if ('refused' in caller) {
        refuse(caller.refused ?? 'refused');
        return;
      }
      if (socket.destroyed) {
        return;
      }
      this.webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        // [MQTT-6.0.0-1] MQTT is sent in binary frames.
        webSocket.on('message', (_data, isBinary) => isBinary || webSocket.close(1003));
        this.props.mqtt.accept(createWebSocketStream(webSocket), caller);
      });
    } catch (error) {
      refuse(`the twin could not handle a request: ${(error as Error).message}`, '500 Internal Server Error');
    }
  }

  private refuse(asker: Asker, reason: string | undefined): void {
    if (reason !== undefined) {
      this.props.journal.note(asker, 'refused', reason);
    }
  }
}

/** How requests are answered that cannot be read. */
const STATUS: Readonly<Record<string, string>> = { HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large', ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout' };

/** Say a last word. A client that does not hang up in turn would keep the socket half open. */
function hangUp(socket: Duplex, answer: string): void {
  socket.end(answer);
  const timer = setTimeout(() => socket.destroy(), SAFETY.lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

/** Read a body; nothing is kept of one that is too large, but a client that sends on for much longer is cut off. */
function receive(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  let chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= LIMITS.payloadBytes) {
      chunks.push(chunk);
    } else {
      chunks = [];
    }
    if (length > SAFETY.requestBytes) {
      request.destroy();
    }
  });
  request.on('end', () => done(length <= LIMITS.payloadBytes ? Buffer.concat(chunks) : undefined));
}

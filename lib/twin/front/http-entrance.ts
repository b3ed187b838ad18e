import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, createWebSocketStream } from 'ws';
import type { CredentialAnswer, CredentialProvider } from '../credentials';
import type { Guard } from '../guard';
import type { Asker, Journal } from '../journal';
import { LIMITS, SAFETY } from '../limits';
import type { Broker } from '../mqtt/broker';
import type { Arrival } from './front-door';
import type { HttpCallers } from './http-callers';
import type { MqttEntrance } from './mqtt-entrance';
import { readPublish } from './publish-request';

export interface HttpEntranceProps {
  readonly callers: HttpCallers;
  readonly mqtt: MqttEntrance;
  readonly guard: Guard;
  readonly broker: Broker;
  readonly journal: Journal;
  readonly credentials?: CredentialProvider;
  readonly newTraceId: () => string;
}

/** Where WebSockets are opened. */
const MQTT_PATH = '/mqtt';

/**
 * HTTPS, and MQTT over WebSocket. To publish, `POST /topics/TOPIC?qos=0|1`: there is no client id and no thing, so policies
 * that hang on them do not match. For credentials, `GET /role-aliases/ALIAS/credentials`, for which AWS has an endpoint of its own.
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
    const send = ({ status, body, error }: CredentialAnswer & { readonly error?: string }): void => {
      if (!response.destroyed) {
        response.writeHead(status, { 'content-type': 'application/json', ...(error === undefined ? {} : { 'x-amzn-errortype': error }) });
        response.end(JSON.stringify(body));
      }
    };
    const answer = (status: number, message: string, error?: string): void => send({ status, body: { message, traceId: this.props.newTraceId() }, ...(error === undefined ? {} : { error }) });
    try {
      const arrival = this.arrivals.get(request.socket)!;
      if (arrival.route.webSocketOnly === true) {
        this.refuse({}, `domain configuration '${arrival.domain.name}' is for MQTT over WebSocket alone`);
        answer(403, 'Forbidden', 'ForbiddenException');
      } else if (this.props.credentials?.serves(request) === true) {
        await this.giveCredentials(this.props.credentials, request, arrival, send, answer);
      } else {
        await this.publish(request, arrival, payload, answer);
      }
    } catch (error) {
      // The last resort: what one client sends must not end the process.
      this.refuse({}, `the twin could not handle a request: ${(error as Error).message}`);
      answer(500, 'the twin could not handle the request', 'InternalFailureException');
    }
  }

  private async giveCredentials(credentials: CredentialProvider, request: IncomingMessage, arrival: Arrival, send: (answer: CredentialAnswer) => void, answer: Answer): Promise<void> {
    const admitted = await this.props.callers.certificate(arrival);
    if (admitted === undefined) {
      answer(403, 'Forbidden');
    } else {
      send(credentials.answer(request, admitted, (asker, reason) => this.refuse(asker, reason)));
    }
  }

  private async publish(request: IncomingMessage, arrival: Arrival, payload: Buffer | undefined, answer: Answer): Promise<void> {
    const { callers, guard, broker } = this.props;
    const caller = await callers.of(request, arrival, payload ?? Buffer.alloc(0));
    if ('refused' in caller) {
      this.refuse(caller.asker ?? {}, caller.refused);
      answer(403, caller.message ?? 'Forbidden', caller.error ?? 'ForbiddenException');
      return;
    }
    const refuse = (status: number, reason: string, error: string): void => {
      this.refuse(caller.asker, `HTTPS publish: ${reason}`);
      answer(status, reason, error);
    };
    const asked = readPublish(request);
    if (typeof asked === 'string') {
      refuse(400, asked, 'InvalidRequestException');
    } else if (asked.isReserved) {
      // What answers requests, answers those of MQTT clients alone.
      refuse(403, 'Forbidden', 'ForbiddenException');
    } else if (payload === undefined) {
      refuse(413, `the payload is larger than ${LIMITS.payloadBytes} bytes`, 'PayloadTooLargeException');
    } else if (guard.allowsOperation(caller.asker, caller.identity.authorizer, { protocol: 'https', action: 'iot:Publish', resource: asked.topic, retain: asked.retain })) {
      broker.publish({ topic: asked.topic, qos: asked.qos, retain: asked.retain, payload });
      answer(200, 'OK');
    } else {
      answer(403, 'Forbidden', 'ForbiddenException');
    }
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

type Answer = (status: number, message: string, error?: string) => void;

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

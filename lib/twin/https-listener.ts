import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Admission } from './admission';
import type { CredentialProvider } from './credentials';
import type { Guard } from './guard';
import type { Asker, Journal } from './journal';
import { LIMITS, SAFETY } from './limits';
import type { Broker } from './mqtt/broker';
import { isReservedTopic } from './mqtt/reserved-topics';
import { objectToTopicName } from './mqtt/topic-syntax';
import type { KeyPair } from './pki/authority';
import type { Registry } from './registry';

const ALPN_PROTOCOLS = ['x-amzn-http-ca', 'http/1.1'];
const TOPICS = '/topics/';

/**
 * HTTPS over mutual TLS. To publish, `POST /topics/TOPIC?qos=0|1`: there is no client id and no thing, so policies that
 * hang on them do not match. For credentials, `GET /role-aliases/ALIAS/credentials`, for which AWS has an endpoint of its own.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/http.html
 */
export function createHttpsServer(certificate: KeyPair, around: {
  readonly admission: Admission;
  readonly registry: Registry;
  readonly guard: Guard;
  readonly broker: Broker;
  readonly journal: Journal;
  readonly credentials?: CredentialProvider;
  readonly newTraceId: () => string;
}): Server {
  const server = createServer({
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ALPN_PROTOCOLS,
    handshakeTimeout: SAFETY.connectTimeoutMs,
    requestTimeout: SAFETY.connectTimeoutMs,
  }, (request, response) => {
    const send = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const answer = (status: number, message: string): void => send(status, { message, traceId: around.newTraceId() });
    receive(request, (payload) => {
      try {
        if (around.credentials?.serves(request) === true) {
          giveCredentials(around.credentials, request, send, answer);
        } else {
          publish(request, payload, answer);
        }
      } catch (error) {
        // The last resort: what one client sends must not end the process.
        around.journal.note({}, 'refused', `the twin could not handle a request: ${(error as Error).message}`);
        answer(500, 'the twin could not handle the request');
      }
    });
  });
  server.on('tlsClientError', (error, socket) => {
    around.journal.note({}, 'refused', `TLS handshake: ${error.message}`);
    socket.destroy();
  });
  return server;

  function giveCredentials(credentials: CredentialProvider, request: IncomingMessage, send: (status: number, body: object) => void, answer: Answer): void {
    const admitted = around.admission.admit(request.socket as TLSSocket);
    if (admitted === undefined) {
      answer(403, 'Forbidden');
      return;
    }
    const { status, body } = credentials.answer(request, admitted, (asker, reason) => around.journal.note(asker, 'refused', reason));
    send(status, body);
  }

  function publish(request: IncomingMessage, payload: Buffer | undefined, answer: Answer): void {
    const admitted = around.admission.admit(request.socket as TLSSocket);
    if (admitted === undefined) {
      answer(403, 'Forbidden');
      return;
    }
    const { registered, certificate, sourceIp, domainName } = admitted;
    const asker: Asker = { certificateId: registered.id };
    const refuse = (status: number, reason: string): void => {
      around.journal.note(asker, 'refused', `HTTPS publish: ${reason}`);
      answer(status, reason);
    };
    const asked = readRequest(request);
    if (typeof asked === 'string') {
      refuse(400, asked);
      return;
    }
    // What answers requests, answers those of MQTT clients alone.
    if (isReservedTopic(asked.topic)) {
      refuse(403, 'Forbidden');
      return;
    }
    if (payload === undefined) {
      refuse(413, `the payload is larger than ${LIMITS.payloadBytes} bytes`);
      return;
    }
    const { authorizer } = around.registry.principal(registered, certificate, {
      ...(sourceIp === undefined ? {} : { sourceIp }),
      ...(domainName === undefined ? {} : { domainName }),
    });
    const allowed = around.guard.allowsOperation(asker, authorizer, {
      protocol: 'https', action: 'iot:Publish', resource: asked.topic, retain: asked.retain,
    });
    if (!allowed) {
      answer(403, 'Forbidden');
      return;
    }
    around.broker.publish({ ...asked, payload });
    answer(200, 'OK');
  }
}

type Answer = (status: number, message: string) => void;

function readRequest(request: IncomingMessage): { topic: string; qos: 0 | 1; retain: boolean } | string {
  // Taken as it is: a URL parser would resolve '..' in the topic.
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  if (request.method !== 'POST' || !path.startsWith(TOPICS)) {
    return 'only POST /topics/TOPIC is served';
  }
  const parameters = new URLSearchParams(query);
  let topic: string;
  try {
    topic = decodeURIComponent(path.slice(TOPICS.length));
  } catch {
    return 'the topic is not URL-encoded';
  }
  const qos = parameters.get('qos') ?? '0';
  const objection = objectToTopicName(topic) ?? (qos === '0' || qos === '1' ? undefined : 'qos must be 0 or 1');
  const retain = parameters.get('retain') === 'true';
  return objection ?? (retain && topic.startsWith('$') ? 'messages to reserved topics cannot be retained' : { topic, qos: qos === '1' ? 1 : 0, retain });
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

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Admitted } from '../admission';
import { verifySignature } from '../aws';
import type { AccessKeys, Signed } from '../aws';
import type { Clock } from '../clock';
import type { CustomAuth, Verdict } from '../custom-auth';
import { RoleSessions } from '../iam';
import type { Asker, Journal } from '../journal';
import type { Caller } from '../mqtt/caller';
import type { Sender } from '../mqtt/message';
import type { Identity } from '../registry';
import type { Callers, HttpFacts } from './callers';
import type { Arrival } from './front-door';
import type { Route } from './route';

/** Who sent one request. */
export interface HttpCaller {
  readonly asker: Asker;
  readonly identity: Identity;

  /** How rules call it. */
  readonly sender: Sender;
}

/** Why a request is refused: for the journal, and what the client is told. */
export interface HttpRefused {
  /** Undefined where the journal knows already. */
  readonly refused: string | undefined;
  readonly asker?: Asker;
  readonly message?: string;
  readonly error?: string;
}

export interface HttpCallersProps {
  readonly callers: Callers;
  readonly customAuth: CustomAuth;
  readonly keys: AccessKeys;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** The services that requests to the endpoint are signed for. */
const SERVICES = { publish: ['iotdata', 'iotdevicegateway', 'iot-jobs-data'], webSocket: ['iotdevicegateway'] };

const NOT_ADMITTED: HttpRefused = { refused: undefined };

/** Answers of authorizers that are kept for one connection. */
const MAX_CACHED = 16;

interface Cached {
  readonly verdict: Verdict;
  readonly until: number;
}

/** Finds out who sent a request over HTTP. */
export class HttpCallers {
  private readonly cached = new WeakMap<Socket, Map<string, Cached>>();

  constructor(private readonly props: HttpCallersProps) {}

  public async of(request: IncomingMessage, arrival: Arrival, body: Buffer): Promise<HttpCaller | HttpRefused> {
    const { callers } = this.props;
    switch (this.authentication(request, arrival)) {
      case 'x509': {
        const admitted = await this.certificate(arrival);
        return admitted === undefined ? NOT_ADMITTED : { asker: askerOf(admitted), identity: callers.identityOfCertificate(admitted), sender: senderOf(admitted.registered.id, arrival) };
      }
      case 'custom-x509': {
        const admitted = await this.certificate(arrival);
        return admitted === undefined ? NOT_ADMITTED : this.byAuthorizer(request, arrival, admitted);
      }
      case 'custom':
        return this.byAuthorizer(request, arrival);
      case 'sigv4': {
        const signed = await this.signature(request, body, SERVICES.publish);
        return 'refused' in signed ? signed
          : { asker: { principal: RoleSessions.nameOf(signed.session) }, identity: callers.identityOfSession(signed.session, arrival), sender: senderOf(RoleSessions.userIdOf(signed.session), arrival) };
      }
      case 'any':
        return { refused: 'HTTPS: the client shows no certificate, signature or token', message: 'Missing Authentication Token', error: 'MissingAuthenticationTokenException' };
    }
  }

  /** Who opens a WebSocket: whose signature the request has, or whom an authorizer will decide about. */
  public async ofWebSocket(request: IncomingMessage, arrival: Arrival): Promise<Caller | HttpRefused> {
    const { callers, customAuth } = this.props;
    const authentication = this.authentication(request, arrival);
    if (authentication === 'sigv4') {
      const signed = await this.signature(request, Buffer.alloc(0), SERVICES.webSocket);
      return 'refused' in signed ? signed : callers.ofSession(signed.session, arrival);
    }
    if (authentication === 'x509' || authentication === 'custom-x509') {
      return { refused: 'a certificate does not open it: sign the request, or use a custom authorizer' };
    }
    const http = httpFacts(request);
    const presented = callers.presented(arrival, undefined, http);
    // Without credentials in the request, those of CONNECT count.
    const question = customAuth.names(presented) ? customAuth.question(arrival.domain, presented) : undefined;
    return typeof question === 'string' ? { refused: question } : callers.ofAuthorizer(arrival, undefined, http);
  }

  /** The certificate of the client, if it is let in; the journal knows why not. */
  public async certificate(arrival: Arrival): Promise<Admitted | undefined> {
    const admitted = await this.props.callers.admit(arrival);
    if (admitted !== undefined && 'refused' in admitted) {
      this.props.journal.note({}, 'refused', admitted.refused);
      return undefined;
    }
    return admitted;
  }

  /** How a request says who sent it, where the port and the name leave that open. */
  private authentication(request: IncomingMessage, arrival: Arrival): Route['authentication'] {
    const { callers, customAuth } = this.props;
    if (arrival.route.authentication !== 'any') {
      return arrival.route.authentication;
    }
    const presented = callers.presented(arrival, undefined, httpFacts(request));
    if (request.headers.authorization?.startsWith('AWS4-') === true || /[?&]X-Amz-Algorithm=/.test(request.url ?? '')) {
      return 'sigv4';
    }
    if (customAuth.names(presented)) {
      return 'custom';
    }
    if (arrival.socket.getPeerCertificate().raw !== undefined) {
      return 'x509';
    }
    return customAuth.applies(arrival.domain) ? 'custom' : 'any';
  }

  private async signature(request: IncomingMessage, body: Buffer, services: readonly string[]): Promise<Signed | HttpRefused> {
    const { keys, clock } = this.props;
    const signed = await verifySignature({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }, keys, clock.now());
    if ('refused' in signed) {
      return { refused: `signature: ${signed.refused}: ${signed.message}`, message: signed.message, error: signed.refused };
    }
    return services.includes(signed.service) ? signed : {
      refused: `signature: it is for '${signed.service}', and must be for ${services.join(' or ')}`, message: 'Credential should be scoped to correct service.', error: 'InvalidSignatureException',
    };
  }

  private async byAuthorizer(request: IncomingMessage, arrival: Arrival, admitted?: Admitted): Promise<HttpCaller | HttpRefused> {
    const { callers, customAuth } = this.props;
    const question = customAuth.question(arrival.domain, callers.presented(arrival, admitted, httpFacts(request)));
    if (typeof question === 'string') {
      return { refused: question };
    }
    const asker: Asker = admitted === undefined ? { principal: question.authorizer.name } : askerOf(admitted);
    const verdict = await this.ask(request.socket, question.authorizer.cachesHttp ? question.key : undefined, () => question.ask(asker));
    return typeof verdict === 'string' ? { refused: verdict, asker } : {
      asker: admitted === undefined ? { principal: `${question.authorizer.name}: ${verdict.principalId}` } : asker,
      identity: callers.identityOfVerdict(() => verdict, arrival, admitted),
      sender: senderOf(verdict.principalId, arrival),
    };
  }

  /** An answer is good for the same credentials over the same connection, where the authorizer says so. */
  private async ask(socket: Socket, key: string | undefined, ask: () => Promise<Verdict | string>): Promise<Verdict | string> {
    if (key === undefined) {
      return ask();
    }
    const now = this.props.clock.now();
    const cache = this.cached.get(socket) ?? new Map<string, Cached>();
    this.cached.set(socket, cache);
    const known = cache.get(key);
    if (known !== undefined && known.until > now) {
      return known.verdict;
    }
    const verdict = await ask();
    if (typeof verdict !== 'string') {
      cache.delete([...cache.keys()][MAX_CACHED - 1] ?? '');
      cache.set(key, { verdict, until: now + verdict.refreshAfterSec * 1000 });
    }
    return verdict;
  }
}

function httpFacts({ headers, url = '' }: IncomingMessage): HttpFacts {
  const at = url.indexOf('?');
  return { headers, queryString: at < 0 ? '' : url.slice(at + 1) };
}

function senderOf(principal: string | undefined, { sourceIp }: Arrival): Sender {
  return { ...(principal === undefined ? {} : { principal }), ...(sourceIp === undefined ? {} : { sourceIp }) };
}

function askerOf({ registered }: Admitted): Asker {
  return { certificateId: registered.id };
}

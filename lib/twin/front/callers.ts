import type { IncomingHttpHeaders } from 'node:http';
import { Authorizer } from '../../policy';
import type { Admission, Admitted } from '../admission';
import type { Session } from '../aws';
import type { Clock } from '../clock';
import type { CustomAuth, Presented, Question, Verdict } from '../custom-auth';
import { RoleSessions } from '../iam';
import type { Asker, Journal } from '../journal';
import type { Functions } from '../lambda';
import type { Caller, ClientIdentity, Credentials, Refused } from '../mqtt/caller';
import { ReasonCode } from '../mqtt/reason-codes';
import type { ConnectionFacts, Identity, Registry } from '../registry';
import type { Arrival } from './front-door';

export interface CallersProps {
  readonly admission: Admission;
  readonly registry: Registry;
  readonly sessions: RoleSessions;
  readonly customAuth: CustomAuth;
  readonly functions: Functions;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly newConnectionId: () => string;
}

/** A WebSocket that was opened with a signature lives no longer. https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html */
const SIGNED_CONNECTION_MS = 24 * 3_600_000;

/** AWS IoT waits no longer for the function that is asked about a certificate. */
const CALLBACK_TIMEOUT_MS = 5000;

/** The parts of a request over HTTP that an authorizer is told. */
export interface HttpFacts {
  readonly headers: IncomingHttpHeaders;
  readonly queryString: string;
}

/** Finds out who clients are, each kind its own way. */
export class Callers {
  constructor(private readonly props: CallersProps) {}

  /** Who showed a certificate; the journal has the reason where it is not let in. */
  public async admit({ socket, domain, serverName }: Arrival): Promise<Admitted | Refused | undefined> {
    const { admission, functions, newConnectionId } = this.props;
    const admitted = admission.admit(socket);
    if (admitted === undefined || domain.certificateCallback === undefined) {
      return admitted;
    }
    const { functionArn, notAllowed } = domain.certificateCallback;
    const refuse = (reason: string): Refused => ({ refused: `the client certificate callback of '${domain.name}' ${reason}` });
    if (notAllowed !== undefined) {
      return refuse(notAllowed);
    }
    const event = {
      connectionMetadata: { id: newConnectionId() }, principalId: admitted.registered.id, serverName, clientCertificateChain: [admitted.certificate.toString()],
    };
    try {
      const answer = await functions.invoke(functionArn, event, { timeoutMs: CALLBACK_TIMEOUT_MS });
      return (answer as { readonly isAuthenticated?: unknown } | undefined)?.isAuthenticated === true ? admitted : refuse('did not answer { isAuthenticated: true }');
    } catch (error) {
      return refuse(`failed: ${(error as Error).message}`);
    }
  }

  public ofCertificate(admitted: Admitted): Caller {
    const { registered: { id }, sourceIp } = admitted;
    return { kind: 'certificate', principal: id, certificateId: id, sourceIp, identify: ({ clientId }) => this.identityOfCertificate(admitted, clientId) };
  }

  public identityOfCertificate({ registered, certificate, ...connection }: Admitted, clientId?: string): Identity {
    return this.props.registry.principal(registered, certificate, factsOf(connection.sourceIp, connection.domainName, clientId));
  }

  /** Whose credentials signed the request that opened a WebSocket. */
  public ofSession(session: Session, { sourceIp, serverName }: Arrival): Caller {
    return {
      kind: 'sigv4',
      principal: RoleSessions.nameOf(session),
      userId: RoleSessions.userIdOf(session),
      sourceIp,
      identify: ({ clientId }) => Object.assign(this.props.sessions.identity(session, factsOf(sourceIp, serverName, clientId)), {
        watch: (end: Parameters<NonNullable<ClientIdentity['watch']>>[0]) => {
          const timer = this.props.clock.after(SIGNED_CONNECTION_MS, () => end(ReasonCode.MAXIMUM_CONNECT_TIME, 'a connection with a signature ends after 24 hours'));
          return () => timer.cancel();
        },
      }),
    };
  }

  public identityOfSession(session: Session, { sourceIp, serverName }: Arrival): Identity {
    return this.props.sessions.identity(session, factsOf(sourceIp, serverName));
  }

  /** Whom an authorizer decides about, when CONNECT has come. */
  public ofAuthorizer(arrival: Arrival, admitted?: Admitted, http?: HttpFacts): Caller {
    const { customAuth } = this.props;
    const certificateId = admitted?.registered.id;
    return {
      kind: 'custom',
      principal: certificateId ?? 'custom authentication',
      ...(certificateId === undefined ? {} : { certificateId }),
      sourceIp: arrival.sourceIp,
      identify: (credentials) => {
        const question = customAuth.question(arrival.domain, this.presented(arrival, admitted, http, credentials));
        return typeof question === 'string' ? { refused: question } : this.identified(question, arrival, admitted, credentials);
      },
    };
  }

  /** What a client shows to an authorizer. */
  public presented({ serverName }: Arrival, admitted?: Admitted, http?: HttpFacts, connect?: Credentials): Presented {
    return {
      connectionId: this.props.newConnectionId(),
      tls: { ...(serverName === undefined ? {} : { serverName }), ...(admitted && { x509CertificatePem: admitted.certificate.toString(), principalId: admitted.registered.id }) },
      ...(http && { http }),
      ...(connect && {
        mqtt: {
          ...(connect.username === undefined ? {} : { username: connect.username }),
          ...(connect.password === undefined ? {} : { password: connect.password }),
          ...(connect.assigned ? {} : { clientId: connect.clientId }),
        },
      }),
    };
  }

  /** What decides for a client by the answer of an authorizer, together with its certificate if it has one. */
  public identityOfVerdict(verdict: () => Verdict, { sourceIp, serverName }: Arrival, admitted: Admitted | undefined, clientId?: string): Identity {
    const { registry } = this.props;
    const facts = factsOf(sourceIp, serverName, clientId);
    return admitted === undefined
      ? registry.live(() => ({
        records: [verdict()],
        make: () => new Authorizer(registry.scope, { principal: { kind: 'custom', isAuthenticated: true, ...facts }, policies: verdict().documents }),
      }))
      : registry.principal(admitted.registered, admitted.certificate, facts, () => verdict().documents);
  }

  private async identified(question: Question, arrival: Arrival, admitted: Admitted | undefined, { clientId }: Credentials): Promise<ClientIdentity | Refused> {
    const { registry, clock, journal } = this.props;
    const asker: Asker = { clientId, ...(admitted && { certificateId: admitted.registered.id }) };
    const first = await question.ask(asker);
    if (typeof first === 'string') {
      return { refused: first };
    }
    let current = first;
    return Object.assign(this.identityOfVerdict(() => current, arrival, admitted, clientId), {
      principalId: first.principalId,
      principal: `${question.authorizer.name}: ${first.principalId}`,
      watch: (end: (reasonCode: ReasonCode, reason: string) => void): (() => void) => {
        // Counted from the connection, whatever later answers say.
        const disconnect = clock.after(first.disconnectAfterSec * 1000, () => end(ReasonCode.MAXIMUM_CONNECT_TIME, `authorizer '${question.authorizer.name}': disconnectAfterInSeconds (${first.disconnectAfterSec}) are over`));
        let stopped = false;
        const refresh = async (): Promise<void> => {
          const next = await question.ask(asker).catch((error: unknown) => `authorizer '${question.authorizer.name}': the twin failed: ${(error as Error).message}`);
          if (stopped) {
            return;
          }
          if (typeof next === 'string') {
            end(ReasonCode.NOT_AUTHORIZED, `${next}, when asked again`);
            return;
          }
          current = next;
          registry.touch();
          plan();
          journal.note(asker, 'log', `authorizer '${question.authorizer.name}': asked again after refreshAfterInSeconds, it lets the client stay`);
        };
        const plan = (): void => {
          timer = clock.after(current.refreshAfterSec * 1000, () => void refresh());
        };
        let timer = disconnect;
        plan();
        return () => {
          stopped = true;
          timer.cancel();
          disconnect.cancel();
        };
      },
    });
  }
}

function factsOf(sourceIp: string | undefined, domainName: string | undefined, clientId?: string): ConnectionFacts {
  return {
    ...(clientId === undefined ? {} : { clientId }), ...(sourceIp === undefined ? {} : { sourceIp }), ...(domainName === undefined ? {} : { domainName }),
  };
}


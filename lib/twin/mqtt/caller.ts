import type { Authorizer } from '../../policy';
import type { ReasonCode } from './reason-codes';

/** Who a client is. What decides may be another one for each packet: policies change while a connection lasts. */
export interface ClientIdentity {
  readonly authorizer: Authorizer;
  readonly thingName?: string;

  /** Who it is, where only an authorizer could tell: its `principalId`, and the same for a person. */
  readonly principalId?: string;
  readonly principal?: string;

  /**
   * Watch over how long the client may stay.
   *
   * @param end ends the connection
   * @returns what stops watching
   */
  watch?(end: (reasonCode: ReasonCode, reason: string) => void): () => void;
}

/** What CONNECT says about who the client is. */
export interface Credentials {
  readonly clientId: string;

  /** Whether the client id is the twin's choice. */
  readonly assigned: boolean;
  readonly username?: string;
  readonly password?: Buffer;
}

/** Who is at the other end of a socket, before CONNECT says under which client id. */
export interface Caller {
  readonly kind: 'certificate' | 'sigv4' | 'custom';

  /** How the caller is called in events: the id of its certificate, or whose credentials it has. */
  readonly principal: string;

  /** What rules call it, where that is something else. */
  readonly userId?: string | undefined;

  /** Absent for one without a certificate. */
  readonly certificateId?: string;
  readonly sourceIp?: string | undefined;

  /** What decides for the caller, and the thing it then stands for; or why it is refused. */
  identify(credentials: Credentials): ClientIdentity | Refused | Promise<ClientIdentity | Refused>;
}

/** A caller who is not let in, and why, for the journal. */
export interface Refused {
  readonly refused: string;
}

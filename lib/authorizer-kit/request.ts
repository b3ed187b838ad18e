import type { AuthorizerEvent } from './event';

/** A bearer token as RFC 6750 has it, the scheme in any case. */
const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;

/** The certificate of a client that has one as well, with `CUSTOM_AUTH_X509`. */
export interface ClientCertificate {
  readonly principalId: string;
  readonly pem?: string;
}

/** A client that wants to connect, or to publish over HTTPS, and what it says of itself. */
export class ConnectionRequest {
  /** @param event what AWS IoT has sent. */
  constructor(public readonly event: AuthorizerEvent) {}

  /** The value of the authorizer's token key. */
  public get token(): string | undefined {
    return textOrNothing(this.event.token);
  }

  /** Whether AWS IoT has checked the signature of the token; never with an authorizer whose signing is off. */
  public get signatureVerified(): boolean {
    return this.event.signatureVerified === true;
  }

  /** Such as `tls`, `mqtt` and `http`. */
  public get protocols(): readonly string[] {
    return this.event.protocols ?? [];
  }

  /** The same for all invocations of one connection. */
  public get connectionId(): string | undefined {
    return textOrNothing(this.event.connectionMetadata?.id);
  }

  /** The host name that the client asked for. */
  public get serverName(): string | undefined {
    return textOrNothing(this.event.protocolData?.tls?.serverName);
  }

  /** Absent where the client sent none, as over HTTPS. */
  public get clientId(): string | undefined {
    return textOrNothing(this.event.protocolData?.mqtt?.clientId);
  }

  /** The MQTT user name without its query string. */
  public get userName(): string | undefined {
    return textOrNothing(this.event.protocolData?.mqtt?.username)?.split('?', 1)[0];
  }

  /** The MQTT password as bytes. */
  public get passwordBytes(): Buffer | undefined {
    const password = textOrNothing(this.event.protocolData?.mqtt?.password);
    return password === undefined ? undefined : Buffer.from(password, 'base64');
  }

  /** The MQTT password as text. */
  public get password(): string | undefined {
    return this.passwordBytes?.toString();
  }

  /** A header of the HTTP request or of the WebSocket handshake; the name in any case. */
  public header(name: string): string | undefined {
    const wanted = name.toLowerCase();
    const headers = Object.entries(this.event.protocolData?.http?.headers ?? {});
    return textOrNothing(headers.find(([header]) => header.toLowerCase() === wanted)?.[1]);
  }

  /** The token of an `Authorization: Bearer …` header. */
  public get bearerToken(): string | undefined {
    return BEARER.exec(this.header('authorization') ?? '')?.[1];
  }

  /** A parameter of the MQTT user name or, where that has none of the name, of the URL. */
  public parameter(name: string): string | undefined {
    const { mqtt, http } = this.event.protocolData ?? {};
    const userName = textOrNothing(mqtt?.username) ?? '';
    const queries = [userName.includes('?') ? userName.slice(userName.indexOf('?')) : '', textOrNothing(http?.queryString) ?? ''];
    return queries.map((query) => new URLSearchParams(query).get(name)).find((value) => value !== null) ?? undefined;
  }

  /** The client's certificate, with `CUSTOM_AUTH_X509`. */
  public get certificate(): ClientCertificate | undefined {
    const { x509CertificatePem: pem, principalId } = this.event.protocolData?.tls ?? {};
    return typeof principalId === 'string' ? { principalId, pem: textOrNothing(pem) } : undefined;
  }
}

/** Clients choose the content, not the type; only a call that AWS IoT did not make has another. */
function textOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

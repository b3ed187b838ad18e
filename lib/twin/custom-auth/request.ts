import type { IncomingHttpHeaders } from 'node:http';
import type { CustomAuthorizer } from './authorizers';

/** Where a client may have put what a custom authorizer is asked about. */
export interface Presented {
  /** Of the connection, for logs. */
  readonly connectionId: string;

  /** What is to be asked in the place of what the client would send, to try an authorizer out. */
  readonly told?: { readonly name: string; readonly token?: string; readonly signature?: string };
  readonly tls?: { readonly serverName?: string; readonly x509CertificatePem?: string; readonly principalId?: string };
  readonly http?: { readonly headers: IncomingHttpHeaders; readonly queryString: string };
  readonly mqtt?: { readonly username?: string; readonly password?: Buffer; readonly clientId?: string };
}

/** What a client says about which authorizer to ask, and with what. */
export interface AuthorizerChoice {
  readonly name?: string;
  readonly signature?: string;
  token(tokenKeyName: string): string | undefined;
}

/** What a function is told. */
export interface AuthorizerEvent {
  readonly token?: string;
  readonly signatureVerified: boolean;
  readonly protocols: readonly string[];
  readonly protocolData: object;
  readonly connectionMetadata: { readonly id: string };
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth.html */
const NAME = 'x-amz-customauthorizer-name';
const SIGNATURE = 'x-amz-customauthorizer-signature';

/** Read the choice from headers, from the query of the URL or from the user name of CONNECT, in this order. */
export function readChoice({ told, http, mqtt }: Presented): AuthorizerChoice {
  if (told !== undefined) {
    return { ...told, token: () => told.token };
  }
  const queries = [http?.queryString, queryOf(mqtt?.username)].map((query) => parseQuery(query ?? ''));
  const find = (name: string): string | undefined => {
    const header = http?.headers[name.toLowerCase()];
    return typeof header === 'string' ? header : queries.map((query) => query.get(name)).find((value) => value !== undefined);
  };
  const name = find(NAME);
  const signature = find(SIGNATURE);
  return { ...(name === undefined ? {} : { name }), ...(signature === undefined ? {} : { signature }), token: find };
}

/**
 * The event for the function, with the fields that apply.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html
 */
export function eventOf({ connectionId, tls, http, mqtt }: Presented, token: string | undefined, { signing }: CustomAuthorizer): AuthorizerEvent {
  return {
    ...(token === undefined ? {} : { token }),
    signatureVerified: signing,
    protocols: [...(tls ? ['tls'] : []), ...(http ? ['http'] : []), ...(mqtt ? ['mqtt'] : [])],
    protocolData: {
      ...(tls && { tls }),
      ...(http && { http: { headers: plainHeaders(http.headers), queryString: http.queryString === '' ? '' : `?${http.queryString}` } }),
      ...(mqtt && {
        mqtt: {
          ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
          ...(mqtt.password === undefined ? {} : { password: mqtt.password.toString('base64') }),
          ...(mqtt.clientId === undefined ? {} : { clientId: mqtt.clientId }),
        },
      }),
    },
    connectionMetadata: { id: connectionId },
  };
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : value]])));
}

/** What follows the `?` of a user name; clients add to it, such as the device SDKs their version. */
function queryOf(username = ''): string {
  const at = username.indexOf('?');
  return at < 0 ? '' : username.slice(at + 1);
}

/** Not as a form: the `+` of base64 is a plus. What is not encoded well is taken as it is. */
function parseQuery(query: string): ReadonlyMap<string, string> {
  return new Map(query.split('&').filter((pair) => pair !== '').map((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
  }));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

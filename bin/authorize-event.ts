import { readFileSync } from 'node:fs';
import type { AuthorizerEvent } from '../lib/authorizer-kit';
import { TwinError } from '../lib/twin';

/** What of a client is given on the command line. */
export interface EventOptions {
  readonly event?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly unverified?: boolean;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly clientId?: string;
  readonly header: { readonly [name: string]: string };
  readonly query?: string;
  readonly serverName?: string;
}

const CONNECTION_ID = '00000000-0000-4000-8000-000000000000';

/** What AWS IoT would send about a client. */
export function eventOf(options: EventOptions, isSigned: boolean): AuthorizerEvent {
  const { event, unverified, username, clientId, query, serverName } = options;
  const headers = options.header;
  const token = options.tokenFile === undefined ? options.token : line(options.tokenFile);
  const password = options.passwordFile === undefined ? undefined : line(options.passwordFile);
  const hasHttp = Object.keys(headers).length > 0 || query !== undefined;
  const hasMqtt = [username, password, clientId].some((value) => value !== undefined) || !hasHttp;
  if (event !== undefined) {
    if (hasHttp || [token, username, password, clientId, serverName].some((value) => value !== undefined)) {
      throw new TwinError('--event has all of the event; leave out the options for its parts');
    }
    return readEvent(event);
  }
  return {
    ...token !== undefined && { token, signatureVerified: isSigned && unverified !== true },
    protocols: ['tls', ...hasHttp ? ['http'] : [], ...hasMqtt ? ['mqtt'] : []],
    protocolData: {
      ...serverName !== undefined && { tls: { serverName } },
      ...hasHttp && { http: { headers, ...query !== undefined && { queryString: query } } },
      ...hasMqtt && { mqtt: { username, password: password === undefined ? undefined : Buffer.from(password).toString('base64'), clientId } },
    },
    connectionMetadata: { id: CONNECTION_ID },
  };
}

/** Everything in an event that a log must not have, the longest first: one may be a part of another. */
export function secretsIn({ token, protocolData }: AuthorizerEvent): readonly string[] {
  const { mqtt, http } = Object(protocolData) as NonNullable<AuthorizerEvent['protocolData']>;
  const password = mqtt?.password;
  // As it was sent, too: a function may log it before it decodes it.
  const query = (text: string | undefined): readonly string[] => {
    const sent = String(text ?? '').replace(/^[^?]*\?/, '');
    return [...new URLSearchParams(sent).values(), ...sent.split('&').filter((pair) => pair.includes('=')).map((pair) => pair.slice(pair.indexOf('=') + 1))];
  };
  const headers = Object.values(http?.headers ?? {});
  return [token, password, password === undefined ? undefined : Buffer.from(String(password), 'base64').toString(), ...headers, ...headers.map((value) => String(value).split(' ').at(-1)), ...query(mqtt?.username), ...query(http?.queryString)]
    .filter((text): text is string => typeof text === 'string' && text.length > 3)
    .sort((a, b) => b.length - a.length);
}

function readEvent(path: string): AuthorizerEvent {
  try {
    const event: unknown = JSON.parse(read(path));
    if (typeof event === 'object' && event !== null && !Array.isArray(event)) {
      return event;
    }
  } catch (error) {
    if (error instanceof TwinError) {
      throw error;
    }
  }
  throw new TwinError(`${path}: must hold a JSON object, the event of an authorizer`);
}

/** What a file has in its one line: an editor puts an end to it. */
function line(path: string): string {
  return read(path).replace(/\r?\n$/, '');
}

function read(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new TwinError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
  }
}

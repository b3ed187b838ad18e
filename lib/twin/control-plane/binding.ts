import type { ServiceRequest } from '../aws';
import { IotError, invalidRequest } from '../account';
import api from './iot-api.json';

/** A member outside the body: its name on the wire, and what it is when it is not text. */
type Outside = { readonly [member: string]: readonly string[] };

/** How a call is mapped to HTTP, as the SDK's model says. */
interface OperationModel {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly query?: Outside;
  readonly header?: Outside;
}

interface Route extends OperationModel {
  readonly operation: string;
  readonly segments: readonly string[];
}

/** A call and what it was given. */
export interface Call {
  readonly operation: string;
  readonly status: number;
  readonly input: Readonly<Record<string, unknown>>;
}

const LABEL = /^\{(\w+)(\+?)\}$/;

/** A path that is written out goes before one with a name in that place. */
const ROUTES: readonly Route[] = Object.entries(api as Readonly<Record<string, OperationModel>>)
  .map(([operation, model]) => ({ ...model, operation, segments: model.path.split('/') }))
  .sort((a, b) => literals(b) - literals(a));

function literals({ segments }: Route): number {
  return segments.filter((segment) => !LABEL.test(segment)).length;
}

/**
 * Read the call out of a request: the name of its operation from method and path, its input from path, query, headers and body.
 *
 * @throws IotError for what is no call of AWS IoT, or cannot be read
 * @see https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
 */
export function readCall({ method, path, query, headers, body }: ServiceRequest): Call {
  const given = path.split('/');
  for (const route of ROUTES) {
    const labels = route.method === method ? matchPath(route.segments, given) : undefined;
    if (labels !== undefined) {
      const fromHeader = readOutside(route.header, (name) => first(headers[name]));
      return {
        operation: route.operation,
        status: route.status,
        input: { ...readBody(body), ...readOutside(route.query, (name) => query.get(name) ?? undefined), ...fromHeader, ...labels },
      };
    }
  }
  throw new IotError('UnsupportedOperationException', `${method} ${path.slice(0, 200)} is no call of AWS IoT that the twin knows`);
}

function matchPath(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const isGreedy = segments.at(-1)?.endsWith('+}') === true;
  if (isGreedy ? given.length < segments.length : given.length !== segments.length) {
    return undefined;
  }
  const labels: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const [, label, greedy] = LABEL.exec(segment) ?? [];
    if (label === undefined) {
      if (segment !== given[index]) {
        return undefined;
      }
    } else {
      labels[label] = decoded(greedy === '+' ? given.slice(index).join('/') : given[index]!);
    }
  }
  return labels;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidRequest('the path is not URL-encoded');
  }
}

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

function readOutside(members: Outside = {}, read: (name: string) => string | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).flatMap(([member, [name, kind]]) => {
    const text = read(name!);
    return text === undefined ? [] : [[member, kind === 'number' ? Number(text) : kind === 'boolean' ? text === 'true' : text]];
  }));
}

function readBody(body: Buffer): object {
  if (body.length === 0) {
    return {};
  }
  try {
    const value = JSON.parse(body.toString(), withoutNulls) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value;
    }
  } catch {
    // Said below.
  }
  throw invalidRequest('the body is not a JSON object');
}

/** A member that is null is not there, as for AWS. https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
function withoutNulls(this: unknown, _: string, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value;
}

/** An answer as JSON; times are seconds since the epoch. */
export function writeAnswer(output: object): string {
  return JSON.stringify(withSeconds(output));
}

function withSeconds(value: unknown): unknown {
  if (value instanceof Date) {
    return value.getTime() / 1000;
  }
  if (Array.isArray(value)) {
    return value.map(withSeconds);
  }
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withSeconds(part)])) : value;
}

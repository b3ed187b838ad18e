import type { IncomingHttpHeaders } from 'node:http';
import type { Need } from '../iam/need';
import type { Session } from './access-keys';

/** An AWS service as the endpoint dispatches to it. */
export interface Service {
  /** As in the credential scope of a signature: `iot`, `kms`, … */
  readonly name: string;

  /**
   * What IAM must allow a role that makes a request: nothing for a call that takes no permission, undefined for one whose
   * permissions are not written down, which no role may make.
   *
   * @throws ServiceError for a request that is no call of the service.
   */
  readonly needs: (request: ServiceRequest) => readonly Need[] | undefined;

  /** The calls that need no signature, where there are any. */
  readonly unsigned?: UnsignedCalls;
  handle(request: ServiceRequest): Promise<ServiceResponse>;
}

/** Calls by the two parts of `X-Amz-Target`. */
export interface UnsignedCalls {
  readonly target: string;
  readonly operations: ReadonlySet<string>;
}

export interface ServiceRequest {
  readonly method: string;

  /** Path and query as sent. */
  readonly url: string;

  /** Raw, still encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;

  /** Who signed the request; nobody for what needs no signature. */
  readonly caller?: Session;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** An error as an AWS service answers it: the name is what callers tell errors apart by. */
export class ServiceError extends Error {
  constructor(name: string, message: string, public readonly statusCode = 400) {
    super(message);
    this.name = name;
  }
}

/** The answer to a call that the twin does not serve. */
export function unknownOperation(service: string, operation: string, known: readonly string[]): ServiceError {
  return new ServiceError(
    'UnknownOperationException', `the twin does not serve ${service} ${quoted(operation)}; of ${service} it serves ${known.join(', ')}`,
  );
}

/** A name that a client chose, fit for one line. */
function quoted(name: string): string {
  return name.replace(/[^\w./:@-]+/g, '?').slice(0, 100);
}

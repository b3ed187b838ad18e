import type { IncomingHttpHeaders } from 'node:http';
import type { Session } from './access-keys';

/** An AWS service as the endpoint dispatches to it. */
export interface Service {
  /** As in the credential scope of a signature: `iot`, `kms`, … */
  readonly name: string;

  /** Whether it asks the policies of the caller's role; otherwise app users are kept out. */
  readonly evaluatesIam?: true;
  handle(request: ServiceRequest): Promise<ServiceResponse>;
}

export interface ServiceRequest {
  readonly method: string;

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
  readonly headers?: Readonly<Record<string, string>>;
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

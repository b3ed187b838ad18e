import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ServiceGuard } from '../iam';
import type { IsKept } from '../storage';
import type { AccessKeys } from './access-keys';
import { allowLocalPages, isForeignPage, preflightOfLocalPage } from './cors';
import { jsonError, targetOf } from './json-service';
import { ServiceError } from './service';
import type { Service, ServiceRequest, ServiceResponse } from './service';
import { serviceOf, verifySignature } from './signature';
import { xmlError } from './xml';

/** It listens on this computer alone. */
const OWN_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The largest of what is served: an object in S3 that a test works with, and more than a payload of AWS Lambda. */
const MAX_BODY = 16 * 1024 * 1024;

/** Who sends slower than this has gone. */
const REQUEST_TIMEOUT_MS = 60_000;

/** How a service that does not speak JSON answers with an error. */
const ERRORS: ReadonlyMap<string | undefined, (error: ServiceError) => ServiceResponse> = new Map([
  ['s3', (error: ServiceError) => xmlError(error)],
  ['sts', (error: ServiceError) => xmlError(error, 'ErrorResponse')],
]);

/** What a service calls it that IAM does not allow a call, where that is not AccessDeniedException with status 400. */
const DENIED: Readonly<Record<string, { readonly name: string; readonly statusCode: number }>> = {
  iot: { name: 'AccessDeniedException', statusCode: 403 },
  lambda: { name: 'AccessDeniedException', statusCode: 403 },
  s3: { name: 'AccessDenied', statusCode: 403 },
  sts: { name: 'AccessDenied', statusCode: 403 },
};

/** What the endpoint serves besides the services: requests without a signature, such as answers to CloudFormation. */
export interface OpenRoute {
  /** The answer; nothing if the path is none of its own. */
  handle(request: ServiceRequest): ServiceResponse | undefined | Promise<ServiceResponse | undefined>;
}

/** What the endpoint needs. */
export interface EndpointParts {
  readonly services: readonly Service[];
  readonly openRoutes: readonly OpenRoute[];
  readonly keys: AccessKeys;

  /** Asked before each call of a role. */
  readonly guard: Pick<ServiceGuard, 'objectionTo'>;

  /**
   * When signatures are checked.
   *
   * @default - the time of this computer
   */
  readonly now?: () => number;

  /**
   * Asked before each answer, whether what led to it outlasts the twin.
   *
   * @default - it need not
   */
  readonly isKept?: IsKept;

  /** Told of a fault of the twin itself. */
  readonly onFault: (reason: string) => void;
}

/**
 * One server for all AWS APIs: what `AWS_ENDPOINT_URL` names. Requests go to the service that their signature names, which
 * must be made with credentials that the twin has handed out.
 */
export function createAwsEndpoint(parts: EndpointParts): Server {
  const services = new Map(parts.services.map((service) => [service.name, service]));
  const server = createServer((request, response) => {
    void answer(request).then((answered) => send(response, parts.isKept?.() === false ? errorOf(request, NOT_KEPT) : answered));
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return server;

  async function answer(request: IncomingMessage): Promise<ServiceResponse> {
    // A page of another site must not reach this server under a name of its own.
    if (!OWN_NAMES.has((request.headers.host ?? '').toLowerCase().replace(/:\d+$/, ''))) {
      return { status: 403, body: 'this server is reached as localhost' };
    }
    const [path = '/', search = ''] = splitOnce(request.url ?? '/', '?');
    const query = new URLSearchParams(search);
    const name = serviceOf(request.headers, query);
    try {
      const body = await readBody(request);
      const served: ServiceRequest = { method: request.method ?? 'GET', url: request.url ?? '/', path, query, headers: request.headers, body };
      for (const route of parts.openRoutes) {
        const open = await route.handle(served);
        if (open !== undefined) {
          return open;
        }
      }
      const unsigned = name === undefined ? await answerUnsigned(parts.services, served) : undefined;
      if (unsigned !== undefined) {
        return unsigned;
      }
      const signed = await verifySignature(served, parts.keys, (parts.now ?? Date.now)());
      if ('refused' in signed) {
        throw new ServiceError(signed.refused, `${signed.message} The twin takes credentials that it has handed out, and none of a real account.`, 403);
      }
      const target = plain(String(request.headers['x-amz-target'] ?? `${served.method} ${path}`));
      const service = services.get(signed.service);
      if (service === undefined) {
        throw new ServiceError('UnknownOperationException', `the twin does not serve ${plain(signed.service)} (${target}); it serves ${[...services.keys()].join(', ')}`, 501);
      }
      const denied = signed.session.kind === 'role' ? parts.guard.objectionTo(signed.session, `${signed.service} (${target})`, service.needs(served)) : undefined;
      if (denied !== undefined) {
        const { name: code, statusCode } = DENIED[signed.service] ?? { name: 'AccessDeniedException', statusCode: 400 };
        throw new ServiceError(code, denied, statusCode);
      }
      return await service.handle({ ...served, caller: signed.session });
    } catch (error) {
      if (!(error instanceof ServiceError)) {
        parts.onFault(`${name ?? 'the AWS endpoint'}: ${error instanceof Error ? error.message : String(error)}`);
      }
      return errorOf(request, error instanceof ServiceError ? error : new ServiceError('InternalFailure', 'the twin failed; see its journal', 500));
    }
  }
}

/** The disk is full; clients may try again. */
const NOT_KEPT = new ServiceError('ServiceUnavailableException', 'the twin cannot write its state to the disk; see its journal', 503);

/** An error in the words of the service that the request is for. */
function errorOf({ url = '/', headers }: IncomingMessage, error: ServiceError): ServiceResponse {
  const [, search = ''] = splitOnce(url, '?');
  return (ERRORS.get(serviceOf(headers, new URLSearchParams(search))) ?? jsonError)(error);
}

/** The answer to a call that needs no signature, or to a page of this computer that is about to make one. */
async function answerUnsigned(services: readonly Service[], request: ServiceRequest): Promise<ServiceResponse | undefined> {
  const operation = targetOf(request.headers);
  const service = services.find(({ unsigned }) => unsigned?.operations.has(operation) && request.headers['x-amz-target'] === `${unsigned.target}.${operation}`);
  if (service === undefined) {
    return preflightOfLocalPage(request);
  }
  return isForeignPage(request.headers) ? undefined : allowLocalPages(request.headers, await service.handle(request));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // What is too much is read on, and dropped: who sends it would not read an answer before its end.
    if (size <= MAX_BODY) {
      chunks.push(chunk);
    } else if (size > 4 * MAX_BODY) {
      request.destroy();
    }
  }
  if (size > MAX_BODY) {
    throw new ServiceError('RequestEntityTooLargeException', `the body has more than the ${MAX_BODY} bytes that the twin takes`, 413);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers = {}, body = '' }: ServiceResponse): void {
  if (!response.destroyed) {
    response.writeHead(status, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-length': Buffer.byteLength(body), ...headers });
    response.end(response.req.method === 'HEAD' ? undefined : body);
  }
}

function splitOnce(value: string, separator: string): readonly string[] {
  const at = value.indexOf(separator);
  return at < 0 ? [value] : [value.slice(0, at), value.slice(at + 1)];
}

/** What a client chose, fit for one line. */
function plain(value: string): string {
  return value.replace(/[^\w./:%@ -]+/g, '?').slice(0, 100);
}

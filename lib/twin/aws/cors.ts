import type { IncomingHttpHeaders } from 'node:http';
import type { ServiceRequest, ServiceResponse } from './service';

/** Pages under development, which are served from this computer. */
const LOCAL_PAGE = /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/;

/** What the AWS SDK sends from a page with calls that need no signature; that leaves out what signs one. */
const ALLOWED_HEADERS = new Set(['amz-sdk-invocation-id', 'amz-sdk-request', 'cache-control', 'content-type', 'x-amz-content-sha256', 'x-amz-target', 'x-amz-user-agent']);

/** Whether a page that is not of this computer made a request. */
export function isForeignPage({ origin }: IncomingHttpHeaders): boolean {
  return origin !== undefined && !LOCAL_PAGE.test(origin);
}

/** Let a page of this computer read an answer. */
export function allowLocalPages({ origin }: IncomingHttpHeaders, response: ServiceResponse): ServiceResponse {
  return origin === undefined || !LOCAL_PAGE.test(origin) ? response : {
    ...response, headers: { ...response.headers, 'access-control-allow-origin': origin, 'access-control-expose-headers': 'x-amzn-errortype', vary: 'origin' },
  };
}

/** What a browser asks before a page of this computer makes a call that needs no signature. */
export function preflightOfLocalPage({ method, path, headers }: ServiceRequest): ServiceResponse | undefined {
  const asked = (headers['access-control-request-headers'] ?? '').split(',').map((name) => name.trim().toLowerCase());
  if (method !== 'OPTIONS' || path !== '/' || headers.origin === undefined || headers['access-control-request-method'] !== 'POST' || !asked.every((name) => ALLOWED_HEADERS.has(name))) {
    return undefined;
  }
  return isForeignPage(headers) ? undefined : allowLocalPages(headers, {
    status: 204, headers: { 'access-control-allow-methods': 'POST', 'access-control-allow-headers': asked.join(', '), 'access-control-max-age': '600' },
  });
}

import type { ServiceRequest, ServiceResponse } from '../service';
import type { CorsConfiguration } from './http-apis';

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html */
export function preflight(cors: CorsConfiguration, { headers }: ServiceRequest): ServiceResponse {
  const { methods, headers: allowed, maxAge } = cors;
  const granted = originHeaders(cors, headers.origin);
  return {
    status: 204,
    headers: Object.keys(granted).length === 0 ? {} : {
      ...granted,
      ...methods.length > 0 && { 'access-control-allow-methods': listed(methods, headers['access-control-request-method']) },
      ...allowed.length > 0 && { 'access-control-allow-headers': listed(allowed, headers['access-control-request-headers']) },
      ...maxAge !== undefined && { 'access-control-max-age': String(maxAge) },
    },
  };
}

/** The API's own settings go before what the function says. */
export function withCors(cors: CorsConfiguration | undefined, { headers }: ServiceRequest, response: ServiceResponse): ServiceResponse {
  if (cors === undefined) {
    return response;
  }
  const kept = Object.entries(response.headers ?? {}).filter(([name]) => !name.startsWith('access-control-'));
  const { exposed } = cors;
  const granted = originHeaders(cors, headers.origin);
  const isGranted = Object.keys(granted).length > 0 && exposed.length > 0;
  return { ...response, headers: { ...Object.fromEntries(kept), ...granted, ...isGranted && { 'access-control-expose-headers': exposed.join(',') } } };
}

function originHeaders({ origins, credentials }: CorsConfiguration, origin: string | undefined): Readonly<Record<string, string>> {
  const isAllowed = origin !== undefined && origins.some((allowed) => (
    allowed === '*' || allowed === origin || (allowed.endsWith('://*') && origin.startsWith(allowed.slice(0, -1)))
  ));
  return !isAllowed ? {} : {
    'access-control-allow-origin': origins.includes('*') && !credentials ? '*' : origin,
    ...credentials && { 'access-control-allow-credentials': 'true' },
    vary: 'origin',
  };
}

/** Everything that is asked for where everything is allowed: with `authorization`, browsers take no `*`. */
function listed(allowed: readonly string[], asked: string | undefined): string {
  return allowed.includes('*') && asked !== undefined ? asked.replace(/[^\w, -]+/g, '') : allowed.join(',');
}

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { urlSuffix } from '../../../deployment';
import type { AccountScope } from '../../../policy';
import { roleIdOf, userArn } from '../../iam';
import type { Session } from '../access-keys';
import type { ServiceRequest } from '../service';
import type { MatchedRoute } from './match-route';

/** Who has signed a request. */
export interface Caller {
  readonly accessKeyId: string;
  readonly session: Session;
}

/** A request to an HTTP API, and what it was found to be. */
export interface ApiRequest extends MatchedRoute {
  readonly apiId: string;
  readonly stage: string;

  /** Without the stage. */
  readonly path: string;
  readonly request: ServiceRequest;
  readonly caller: Caller | undefined;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Bodies that are text; any other is base64. */
const TEXT = /^(?:text\/|application\/(?:json|javascript|xml|x-www-form-urlencoded)|[\w.+-]+\/[\w.+-]+\+(?:json|xml))/i;

/**
 * The event of an HTTP API, payload format version 2.0.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function eventOf(scope: AccountScope, now: number, { apiId, stage, path, request, route, parameters, caller }: ApiRequest): object {
  const { method, headers, query, body } = request;
  const { cookie, ...others } = headers;
  const given = [...new Set(query.keys())].map((name) => [name, query.getAll(name).join(',')]);
  const isText = body.length === 0 || TEXT.test(headers['content-type'] ?? '');
  return {
    version: '2.0',
    routeKey: route.key,
    rawPath: stage === '$default' ? path : `/${stage}${path}`,
    rawQueryString: request.url.slice(request.path.length + 1),
    ...cookie !== undefined && { cookies: cookie.split(/;\s*/) },
    headers: joined(others),
    ...given.length > 0 && { queryStringParameters: Object.fromEntries(given) as object },
    requestContext: {
      accountId: scope.accountId,
      apiId,
      ...caller !== undefined && { authorizer: { iam: iamOf(scope, caller) } },
      domainName: `${apiId}.execute-api.${scope.region}.${urlSuffix(scope.partition) ?? 'amazonaws.com'}`,
      domainPrefix: apiId,
      http: { method, path: stage === '$default' ? path : `/${stage}${path}`, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: headers['user-agent'] ?? '' },
      requestId: randomUUID(),
      routeKey: route.key,
      stage,
      time: shown(new Date(now)),
      timeEpoch: now,
    },
    ...Object.keys(parameters).length > 0 && { pathParameters: parameters },
    ...body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') },
    isBase64Encoded: !isText,
  };
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html */
function iamOf({ partition, accountId }: AccountScope, { accessKeyId, session }: Caller): object {
  if (session.kind === 'operator') {
    return { accessKey: accessKeyId, accountId, callerId: 'AROATWIN:twin', cognitoIdentity: null, principalOrgId: null, userArn: `arn:${partition}:sts::${accountId}:assumed-role/twin/twin`, userId: 'AROATWIN:twin' };
  }
  const userId = `${roleIdOf(session.roleArn)}:${session.sessionName}`;
  const { identity } = session;
  return {
    accessKey: accessKeyId,
    accountId,
    callerId: userId,
    cognitoIdentity: identity === undefined ? null : { amr: identity.amr, identityId: identity.identityId, identityPoolId: identity.identityPoolId },
    principalOrgId: null,
    userArn: userArn(session),
    userId,
  };
}

/** Names in lower case; of one that comes several times, all values. */
function joined(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().join(',')]])));
}

/** `12/Mar/2020:19:03:58 +0000`. */
function shown(time: Date): string {
  const [day = '', clock = ''] = time.toISOString().split(/T|\./);
  return `${day.slice(8)}/${MONTHS[time.getUTCMonth()]}/${day.slice(0, 4)}:${clock} +0000`;
}

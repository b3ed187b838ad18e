import type { FunctionError } from '../../lambda/function-error';
import type { Functions } from '../../lambda/functions';
import type { RolePermissions } from '../../iam';
import { isForeignPage } from '../cors';
import type { OpenRoute } from '../endpoint';
import type { ServiceRequest, ServiceResponse } from '../service';
import { verifySignature } from '../signature';
import type { Surroundings } from '../surroundings';
import { answerOf, message } from './answer';
import { preflight, withCors } from './cors';
import { eventOf } from './event';
import type { Caller } from './event';
import { findHttpApi } from './http-apis';
import type { HttpApi, Stage } from './http-apis';
import { matchRoute } from './match-route';
import type { MatchedRoute } from './match-route';
import { Throttle } from './throttle';

/** Behind this, and the id of an API, is what is behind its domain on AWS. */
export const API_PREFIX = '/_api/';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MAX_BODY = 10 * 1024 * 1024;

/** A request on its way to a function. */
interface Routed extends MatchedRoute {
  readonly api: HttpApi;
  readonly stage: Stage;
  readonly path: string;
  readonly request: ServiceRequest;
}

/** HTTP APIs of Amazon API Gateway that the deployment declares. */
export class HttpApis implements OpenRoute {
  private readonly throttle: Throttle;

  constructor(
    private readonly around: Surroundings,
    private readonly functions: Functions,
    private readonly roles: RolePermissions,

    /** Told why a request is refused or fails, which its caller is not. */
    private readonly log: (line: string) => void,
  ) {
    this.throttle = new Throttle(() => around.clock.now());
  }

  public async handle(request: ServiceRequest): Promise<ServiceResponse | undefined> {
    const [, apiId, path] = /^\/_api\/([^/]*)(.*)$/.exec(request.path) ?? [];
    if (apiId === undefined || path === undefined) {
      return undefined;
    }
    const api = findHttpApi(this.around, apiId);
    if (api === undefined) {
      return message(404, 'Not Found');
    }
    // What an API allows to pages of the world, the twin allows to those of this computer.
    if (isForeignPage(request.headers)) {
      return this.refuse(api, request, 403, 'Forbidden', 'a page that is not of this computer made it');
    }
    if (api.cors !== undefined && request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      return preflight(api.cors, request);
    }
    return withCors(api.cors, request, await this.answer(api, request, path === '' ? '/' : path));
  }

  private async answer(api: HttpApi, request: ServiceRequest, whole: string): Promise<ServiceResponse> {
    const named = api.stages.find(({ name }) => whole === `/${name}` || whole.startsWith(`/${name}/`));
    const stage = named ?? api.stages.find(({ name }) => name === '$default');
    const path = named === undefined ? whole : whole.slice(named.name.length + 1) || '/';
    const matched = matchRoute(api.routes, request.method, path);
    if (stage === undefined || matched === undefined) {
      return this.refuse(api, request, 404, 'Not Found', stage === undefined ? 'it has no such stage' : 'it has no such route');
    }
    if (request.body.length > MAX_BODY) {
      return this.refuse(api, request, 413, 'Request Entity Too Large', `it has more than ${MAX_BODY} bytes`);
    }
    const routed: Routed = { ...matched, api, stage, path, request };
    const caller = await this.authorize(routed);
    if (typeof caller === 'string') {
      return this.refuse(api, request, 403, 'Forbidden', caller);
    }
    if (!this.throttle.admits(`${api.id} ${stage.name}`, stage)) {
      return this.refuse(api, request, 429, 'Too Many Requests', 'the stage is throttled');
    }
    return this.invoke(routed, caller);
  }

  /** Who calls, nobody where nobody is asked, or why the request is refused. */
  private async authorize({ api, stage, path, route, request }: Routed): Promise<Caller | undefined | string> {
    if (route.authorization === 'NONE') {
      return undefined;
    }
    if (route.authorization !== 'AWS_IAM') {
      return `the twin does not serve the authorization ${route.authorization} of HTTP APIs; it serves AWS_IAM and NONE`;
    }
    const { scope, clock, keys } = this.around;
    const signed = await verifySignature(request, keys, clock.now());
    if ('refused' in signed) {
      return `${signed.refused}: ${signed.message}`;
    }
    const { session } = signed;
    if (signed.service !== 'execute-api' || signed.region !== scope.region) {
      return `it is signed for ${signed.service} in ${signed.region}, not for execute-api in ${scope.region}`;
    }
    const arn = `arn:${scope.partition}:execute-api:${scope.region}:${scope.accountId}:${api.id}/${stage.name}/${request.method}${path}`;
    return this.roles.allows(session, 'execute-api:Invoke', arn)
      ? { accessKeyId: signed.accessKeyId, session }
      : `${session.kind === 'role' ? session.roleArn : ''} does not allow execute-api:Invoke on ${arn}`;
  }

  private async invoke({ api, stage, path, route, parameters, request }: Routed, caller: Caller | undefined): Promise<ServiceResponse> {
    const { integration } = route;
    if (integration?.functionArn === undefined || integration.payloadVersion !== '2.0') {
      return this.refuse(api, request, 500, 'Internal Server Error', `the twin serves integrations of type AWS_PROXY with payload format 2.0 only; that of ${route.key} is another`);
    }
    const { scope, clock } = this.around;
    try {
      const event = eventOf(scope, clock.now(), { apiId: api.id, stage: stage.name, path, request, route, parameters, caller });
      const answer = answerOf(await this.functions.invoke(integration.functionArn, event, { timeoutMs: integration.timeoutMs }));
      return answer ?? this.refuse(api, request, 500, 'Internal Server Error', 'the answer of the function is no HTTP response');
    } catch (error) {
      const { errorType } = error as Partial<FunctionError>;
      const [status, text] = errorType === 'Sandbox.Timedout' ? [503, 'Service Unavailable'] as const : [500, 'Internal Server Error'] as const;
      return this.refuse(api, request, status, text, (error as Error).message);
    }
  }

  private refuse({ path }: HttpApi, request: ServiceRequest, status: number, text: string, reason: string): ServiceResponse {
    this.log(`${path}: ${status} for ${request.method} ${request.path.replace(/[^\w./:%$-]+/g, '?').slice(0, 200)}: ${reason}`);
    return message(status, text);
  }
}

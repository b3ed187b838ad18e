import { numberAt, propertyOf, textAt, textsAt } from '../../../deployment';
import type { Resource, Value } from '../../../deployment';
import { declared } from '../surroundings';
import type { DeclaredResource, Surroundings } from '../surroundings';

/** An HTTP API of the deployment. */
export interface HttpApi {
  readonly id: string;
  readonly path: string;
  readonly cors: CorsConfiguration | undefined;
  readonly stages: readonly Stage[];
  readonly routes: readonly Route[];
}

/** What pages of other sites may do. */
export interface CorsConfiguration {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly credentials: boolean;
  readonly maxAge: number | undefined;
}

export interface Stage {
  readonly name: string;

  /** How many requests a second, and at once; absent where the template says nothing. */
  readonly rate: number | undefined;
  readonly burst: number | undefined;
}

export interface Route {
  /** `METHOD /path`, or `$default`. */
  readonly key: string;
  readonly authorization: string;
  readonly integration: Integration | undefined;
}

export interface Integration {
  readonly functionArn: string | undefined;
  readonly payloadVersion: string;
  readonly timeoutMs: number;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const LONGEST_MS = 30_000;

/** The HTTP API with an id, as it is declared at the moment. */
export function findHttpApi(around: Surroundings, apiId: string): HttpApi | undefined {
  const api = declared(around, 'AWS::ApiGatewayV2::Api').find(({ id, resource: { properties } }) => id === apiId && textAt(properties, 'ProtocolType') === 'HTTP');
  if (api === undefined) {
    return undefined;
  }
  const ofApi = (type: string): readonly DeclaredResource[] => declared(around, type).filter(({ resource: { properties } }) => textAt(properties, 'ApiId') === apiId);
  const integrations = new Map(ofApi('AWS::ApiGatewayV2::Integration').map(({ id, resource }) => [`integrations/${id}`, readIntegration(resource)]));
  return {
    id: apiId,
    path: api.resource.path,
    cors: readCors(propertyOf(api.resource.properties, 'CorsConfiguration')),
    stages: ofApi('AWS::ApiGatewayV2::Stage').map(({ id, resource: { properties } }) => ({
      name: id, rate: numberAt(properties, 'DefaultRouteSettings', 'ThrottlingRateLimit'), burst: numberAt(properties, 'DefaultRouteSettings', 'ThrottlingBurstLimit'),
    })),
    routes: ofApi('AWS::ApiGatewayV2::Route').map(({ resource: { properties } }) => ({
      key: textAt(properties, 'RouteKey') ?? '', authorization: textAt(properties, 'AuthorizationType') ?? 'NONE', integration: integrations.get(textAt(properties, 'Target') ?? ''),
    })),
  };
}

function readIntegration({ properties }: Resource): Integration {
  // The function itself, or the path with which API Gateway invokes it.
  const [, functionArn] = /(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[^/]+)(?:\/invocations)?$/.exec(textAt(properties, 'IntegrationUri') ?? '') ?? [];
  return {
    functionArn: textAt(properties, 'IntegrationType') === 'AWS_PROXY' ? functionArn : undefined,
    payloadVersion: textAt(properties, 'PayloadFormatVersion') ?? '1.0',
    timeoutMs: Math.min(numberAt(properties, 'TimeoutInMillis') ?? LONGEST_MS, LONGEST_MS),
  };
}

function readCors(cors: Value | undefined): CorsConfiguration | undefined {
  return cors === undefined ? undefined : {
    origins: textsAt(cors, 'AllowOrigins'),
    methods: textsAt(cors, 'AllowMethods'),
    headers: textsAt(cors, 'AllowHeaders'),
    exposed: textsAt(cors, 'ExposeHeaders'),
    credentials: textAt(cors, 'AllowCredentials') === 'true',
    maxAge: numberAt(cors, 'MaxAge'),
  };
}

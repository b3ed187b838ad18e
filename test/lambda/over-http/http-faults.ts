import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Service, ServiceRequest, ServiceResponse } from '../../../lib/twin/aws';
import { jsonError } from '../../../lib/twin/aws/json-service';
import { ServiceError } from '../../../lib/twin/aws/service';
import { serviceOf } from '../../../lib/twin/aws/signature';
import { xmlError } from '../../../lib/twin/aws/xml';

/** What happens to a request. */
export type Fault =
  /** It is refused once, as too fast. */
  | 'throttled'
  /** It and all that follow are refused as too fast. */
  | 'throttled for good'
  /** It is carried out, and the connection breaks before the answer. */
  | 'lost'
  /** It is not permitted, however often it is repeated. */
  | 'denied'
  /** It has been carried out before: where AWS then answers "already exists" or "not found", it does. */
  | 'done before'
  /** It is answered with "already exists", although nothing does. */
  | 'existing'
  /** It is answered with "not found", although it is there. */
  | 'missing';

/** A handler has to survive these. */
export const PASSING: readonly Fault[] = ['lost', 'throttled', 'done before'];

/** What AWS says is not so. */
export const UNTRUE: readonly Fault[] = ['existing', 'missing'];

export const FAULTS: readonly Fault[] = [...PASSING, 'denied', 'throttled for good', ...UNTRUE];

/** What services call these errors. */
const EXISTING: { readonly [service: string]: string } = {
  'iot': 'ResourceAlreadyExistsException',
  'ssm': 'ParameterAlreadyExists',
  'secretsmanager': 'ResourceExistsException',
  'kms': 'AlreadyExistsException',
  'acm-pca': 'RequestAlreadyProcessedException',
  'dynamodb': 'ConditionalCheckFailedException',
  's3': 'BucketAlreadyExists',
  'cognito-identity': 'ResourceConflictException',
  'cognito-idp': 'UsernameExistsException',
};
const MISSING: { readonly [service: string]: string } = {
  'iot': 'ResourceNotFoundException',
  'ssm': 'ParameterNotFound',
  'secretsmanager': 'ResourceNotFoundException',
  'kms': 'NotFoundException',
  'acm-pca': 'ResourceNotFoundException',
  'dynamodb': 'ResourceNotFoundException',
  's3': 'NoSuchKey',
  'cognito-identity': 'ResourceNotFoundException',
  'cognito-idp': 'ResourceNotFoundException',
};

/** Requests of which AWS carries out each repetition: a second one makes a second certificate. */
const ALWAYS_NEW = /^POST \/certificates\?/;

/** Lets requests to a server fail. */
export class HttpFaults {
  /** Requests since the last reset. */
  public count = 0;
  private planned: { readonly index: number; readonly fault: Fault } | undefined;
  private denied: string | undefined;
  private readonly struck = new WeakMap<IncomingHttpHeaders, Fault>();

  public get isPlanned(): boolean {
    return this.planned !== undefined;
  }

  /** Let the request of an index fail, counted from now. */
  public plan(index: number, fault: Fault): void {
    this.heal();
    this.planned = { index, fault };
  }

  /** Let nothing fail any more. */
  public heal(): void {
    this.planned = undefined;
    this.denied = undefined;
    this.count = 0;
  }

  /** Takes part in what a server does. */
  public attachTo(server: Server): void {
    server.prependListener('request', (request, response) => {
      // Only what is signed goes to AWS; answers to CloudFormation do not.
      if (request.headers.authorization !== undefined) {
        this.strike(request, response);
      }
    });
  }

  /** The service with its faults. */
  public in(service: Service): Service {
    return { ...service, handle: (request) => this.handle(service, request) };
  }

  private strike(request: IncomingMessage, response: ServerResponse): void {
    const fault = this.planned && this.faultAt(this.count, this.planned);
    this.count++;
    if (fault !== undefined) {
      this.struck.set(request.headers, fault);
    }
    if (fault === 'lost') {
      response.writeHead = () => response;
      response.end = () => {
        request.socket.destroy();
        return response;
      };
    }
  }

  private faultAt(index: number, { index: wanted, fault }: { readonly index: number; readonly fault: Fault }): Fault | undefined {
    return index === wanted || (index > wanted && fault === 'throttled for good') ? fault : undefined;
  }

  private async handle(service: Service, request: ServiceRequest): Promise<ServiceResponse> {
    const { method, path, query, headers, body } = request;
    const identity = `${method} ${path}?${query.toString()} ${String(headers['x-amz-target'])} ${body.toString()}`;
    const fault = this.struck.get(headers);
    if (fault === 'denied') {
      this.denied = identity;
    }
    if (this.denied === identity) {
      return refuse(request, service.name === 'iot' ? 'UnauthorizedException' : 'AccessDeniedException', 403);
    }
    const refusal = fault && REFUSALS[fault];
    if (refusal) {
      return refuse(request, ...refusal(service.name));
    }
    if (fault === 'done before' && !ALWAYS_NEW.test(identity)) {
      await service.handle(request);
    }
    return service.handle(request);
  }
}

/** Faults for which a request is not carried out: the error and its status. */
const REFUSALS: { readonly [fault in Fault]?: (service: string) => readonly [string, number] } = {
  'throttled': () => ['ThrottlingException', 429],
  'throttled for good': () => ['ThrottlingException', 429],
  'existing': (service) => [EXISTING[service]!, 409],
  'missing': (service) => [MISSING[service]!, 404],
};

/** Some errors of AWS quote what was refused, in part. */
const QUOTED_CHARS = 700;

function refuse({ headers, query, body }: ServiceRequest, name: string, status: number): ServiceResponse {
  const error = new ServiceError(name, `it was made to fail: ${body.toString().slice(0, QUOTED_CHARS)}`, status);
  return serviceOf(headers, query) === 's3' ? xmlError(error) : jsonError(error);
}

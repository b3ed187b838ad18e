import type { AuthorizationRequest } from '../../policy';
import type { Guard } from '../guard';
import type { Asker, Journal } from '../journal';
import { LIMITS } from '../limits';
import type { Broker } from '../mqtt/broker';
import type { Sender } from '../mqtt/message';
import { objectToReservedTopic } from '../mqtt/reserved-topics';
import { objectToTopicName } from '../mqtt/topic-syntax';
import type { Identity } from '../registry';

/** A request, and who sent it. */
export interface DataRequest {
  readonly method: string;

  /** Path and query as sent. */
  readonly url: string;

  /** Undefined for a body that is too large. */
  readonly payload: Buffer | undefined;
  readonly asker: Asker;
  readonly identity: Identity;

  /** How rules call who sent it. */
  readonly sender?: Sender;
}

/** What is answered; an error has a name. */
export interface DataAnswer {
  readonly status: number;

  /** What is sent as JSON, or JSON already. */
  readonly body: { readonly message: string } | object | string;
  readonly error?: string;
}

/** A call of a data API. */
export interface DataRoute {
  readonly method: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';

  /** Matches the path; its groups are the names in it, URL-decoded before they are passed on. */
  readonly path: RegExp;
  serve(request: DataCall): DataAnswer | Promise<DataAnswer>;
}

/** A request that is about a route. */
export interface DataCall extends DataRequest {
  readonly names: readonly string[];
  readonly parameters: URLSearchParams;

  /** Whether the policies allow an action; the journal knows. */
  readonly may: (asked: AuthorizationRequest) => boolean;

  /** An answer that says no, which the journal learns of. */
  readonly refuse: (status: number, message: string, error: string) => DataAnswer;
}

export interface DataPlaneProps {
  readonly guard: Guard;
  readonly broker: Broker;
  readonly journal: Journal;

  /** What is served beside messages. */
  readonly routes?: readonly DataRoute[];
}

const MOST_LISTED = 200;

export const FORBIDDEN: DataAnswer = { status: 403, body: { message: 'Forbidden' }, error: 'ForbiddenException' };

/**
 * The data API of AWS IoT: `POST /topics/TOPIC?qos=0|1` publishes, `GET /retainedMessage/TOPIC` and `GET /retainedMessage`
 * read what is retained. There is no client id and no thing, so policies that hang on them do not match.
 *
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_Operations_AWS_IoT_Data_Plane.html
 */
export class DataPlane {
  private readonly routes: readonly DataRoute[];

  constructor(private readonly props: DataPlaneProps) {
    this.routes = [
      { method: 'POST', path: /^\/topics\/(.*)$/, serve: (call) => this.publish(call) },
      { method: 'GET', path: /^\/retainedMessage$/, serve: (call) => this.listRetained(call) },
      { method: 'GET', path: /^\/retainedMessage\/(.*)$/, serve: (call) => this.getRetained(call) },
      ...props.routes ?? [],
    ];
  }

  public async serve(request: DataRequest): Promise<DataAnswer> {
    // Taken as it is: a URL parser would resolve '..' in the topic.
    const [path = '', query = ''] = request.url.split('?', 2);
    const refuse: DataCall['refuse'] = (status, message, error) => this.refuse(request, status, message, error);
    const may: DataCall['may'] = (asked) => this.props.guard.allowsOperation(request.asker, request.identity.authorizer, { protocol: 'https', ...asked });
    for (const route of this.routes) {
      const match = route.method === request.method ? route.path.exec(path) : null;
      if (match !== null) {
        const names = match.slice(1).map(decode);
        return names.every((name) => name !== undefined)
          ? route.serve({ ...request, names, parameters: new URLSearchParams(query), may, refuse })
          : refuse(400, 'the path is not URL-encoded', 'InvalidRequestException');
      }
    }
    return refuse(400, `${request.method} ${path.slice(0, 200)} is no call that the twin serves`, 'InvalidRequestException');
  }

  private publish({ names: [topic = ''], payload, sender, parameters, may, refuse }: DataCall): DataAnswer {
    const qos = parameters.get('qos') ?? '0';
    const retain = parameters.get('retain') === 'true';
    const objection = objectToTopicName(topic) ?? (qos !== '0' && qos !== '1' ? 'qos must be 0 or 1'
      : retain && topic.startsWith('$') ? 'messages to reserved topics cannot be retained' : undefined);
    if (objection !== undefined) {
      return refuse(400, objection, 'InvalidRequestException');
    }
    if (objectToReservedTopic(topic, false) !== undefined) {
      return refuse(403, 'Forbidden', 'ForbiddenException');
    }
    if (payload === undefined || payload.length > LIMITS.payloadBytes) {
      return refuse(413, `the payload is larger than ${LIMITS.payloadBytes} bytes`, 'PayloadTooLargeException');
    }
    if (!may({ action: 'iot:Publish', resource: topic, retain })) {
      return FORBIDDEN;
    }
    this.props.broker.publish({ topic, qos: qos === '1' ? 1 : 0, retain, payload, ...(sender && { sender }) });
    return { status: 200, body: { message: 'OK' } };
  }

  /** @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_GetRetainedMessage.html */
  private getRetained({ names: [topic = ''], may }: DataCall): DataAnswer {
    if (!may({ action: 'iot:GetRetainedMessage', resource: topic })) {
      return FORBIDDEN;
    }
    const found = this.props.broker.retainedFor(topic);
    return found === undefined
      ? { status: 404, body: { message: `There is no retained message on '${topic}'` }, error: 'ResourceNotFoundException' }
      : { status: 200, body: { topic, payload: found.payload.toString('base64'), qos: found.qos, lastModifiedTime: found.retainedAt } };
  }

  /** @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_ListRetainedMessages.html */
  private listRetained({ parameters, may, refuse }: DataCall): DataAnswer {
    const { broker } = this.props;
    const most = Number(parameters.get('maxResults') ?? MOST_LISTED);
    if (!Number.isInteger(most) || most < 1 || most > MOST_LISTED) {
      return refuse(400, `maxResults must be from 1 to ${MOST_LISTED}`, 'InvalidRequestException');
    }
    if (!may({ action: 'iot:ListRetainedMessages', resource: '*' })) {
      return FORBIDDEN;
    }
    const after = Buffer.from(parameters.get('nextToken') ?? '', 'base64url').toString();
    const rest = broker.retainedTopics().filter((topic) => topic > after);
    const page = rest.slice(0, most);
    return {
      status: 200,
      body: {
        retainedTopics: page.map((topic) => broker.retainedFor(topic)!).map(({ topic, payload, qos, retainedAt }) => ({ topic, payloadSize: payload.length, qos, lastModifiedTime: retainedAt })),
        ...(rest.length > most ? { nextToken: Buffer.from(page.at(-1)!).toString('base64url') } : {}),
      },
    };
  }

  private refuse({ asker, method, url }: DataRequest, status: number, message: string, error: string): DataAnswer {
    this.props.journal.note(asker, 'refused', `HTTPS ${url.startsWith('/topics/') && method === 'POST' ? 'publish' : `${method} ${url.split('?', 1)[0]!.slice(0, 200)}`}: ${message}`);
    return { status, body: { message }, error };
  }
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

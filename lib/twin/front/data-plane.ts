import type { AuthorizationRequest } from '../../policy';
import type { Guard } from '../guard';
import type { Asker, Journal } from '../journal';
import { LIMITS } from '../limits';
import type { Broker } from '../mqtt/broker';
import { isReservedTopic } from '../mqtt/reserved-topics';
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
}

/** What is answered; an error has a name. */
export interface DataAnswer {
  readonly status: number;
  readonly body: { readonly message: string } | object;
  readonly error?: string;
}

export interface DataPlaneProps {
  readonly guard: Guard;
  readonly broker: Broker;
  readonly journal: Journal;
}

const TOPICS = '/topics/';
const RETAINED = '/retainedMessage';
const MOST_LISTED = 200;

export const FORBIDDEN: DataAnswer = { status: 403, body: { message: 'Forbidden' }, error: 'ForbiddenException' };

/**
 * The data API of AWS IoT: `POST /topics/TOPIC?qos=0|1` publishes, `GET /retainedMessage/TOPIC` and `GET /retainedMessage`
 * read what is retained. There is no client id and no thing, so policies that hang on them do not match.
 *
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_Operations_AWS_IoT_Data_Plane.html
 */
export class DataPlane {
  constructor(private readonly props: DataPlaneProps) {}

  public serve(request: DataRequest): DataAnswer {
    // Taken as it is: a URL parser would resolve '..' in the topic.
    const [path = '', query = ''] = request.url.split('?', 2);
    const parameters = new URLSearchParams(query);
    if (request.method === 'POST' && path.startsWith(TOPICS)) {
      return this.publish(request, path.slice(TOPICS.length), parameters);
    }
    if (request.method === 'GET' && path === RETAINED) {
      return this.listRetained(request, parameters);
    }
    if (request.method === 'GET' && path.startsWith(`${RETAINED}/`)) {
      return this.getRetained(request, path.slice(RETAINED.length + 1));
    }
    return this.refuse(request, 400, 'only POST /topics/TOPIC, GET /retainedMessage/TOPIC and GET /retainedMessage are served', 'InvalidRequestException');
  }

  private publish(request: DataRequest, encoded: string, parameters: URLSearchParams): DataAnswer {
    const topic = decode(encoded);
    const qos = parameters.get('qos') ?? '0';
    const retain = parameters.get('retain') === 'true';
    const objection = topic === undefined ? 'the topic is not URL-encoded'
      : objectToTopicName(topic) ?? (qos !== '0' && qos !== '1' ? 'qos must be 0 or 1'
        : retain && topic.startsWith('$') ? 'messages to reserved topics cannot be retained' : undefined);
    if (topic === undefined || objection !== undefined) {
      return this.refuse(request, 400, objection ?? '', 'InvalidRequestException');
    }
    // What answers requests, answers those of MQTT clients alone.
    if (isReservedTopic(topic)) {
      return this.refuse(request, 403, 'Forbidden', 'ForbiddenException');
    }
    const { payload } = request;
    if (payload === undefined || payload.length > LIMITS.payloadBytes) {
      return this.refuse(request, 413, `the payload is larger than ${LIMITS.payloadBytes} bytes`, 'PayloadTooLargeException');
    }
    if (!this.allows(request, { action: 'iot:Publish', resource: topic, retain })) {
      return FORBIDDEN;
    }
    this.props.broker.publish({ topic, qos: qos === '1' ? 1 : 0, retain, payload });
    return { status: 200, body: { message: 'OK' } };
  }

  /** @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_GetRetainedMessage.html */
  private getRetained(request: DataRequest, encoded: string): DataAnswer {
    const topic = decode(encoded);
    if (topic === undefined) {
      return this.refuse(request, 400, 'the topic is not URL-encoded', 'InvalidRequestException');
    }
    if (!this.allows(request, { action: 'iot:GetRetainedMessage', resource: topic })) {
      return FORBIDDEN;
    }
    const found = this.props.broker.retainedFor(topic);
    return found === undefined
      ? { status: 404, body: { message: `There is no retained message on '${topic}'` }, error: 'ResourceNotFoundException' }
      : { status: 200, body: { topic, payload: found.payload.toString('base64'), qos: found.qos, lastModifiedTime: found.retainedAt } };
  }

  /** @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_ListRetainedMessages.html */
  private listRetained(request: DataRequest, parameters: URLSearchParams): DataAnswer {
    const { broker } = this.props;
    const most = Number(parameters.get('maxResults') ?? MOST_LISTED);
    if (!Number.isInteger(most) || most < 1 || most > MOST_LISTED) {
      return this.refuse(request, 400, `maxResults must be from 1 to ${MOST_LISTED}`, 'InvalidRequestException');
    }
    if (!this.allows(request, { action: 'iot:ListRetainedMessages', resource: '*' })) {
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

  private allows({ asker, identity }: DataRequest, asked: AuthorizationRequest): boolean {
    return this.props.guard.allowsOperation(asker, identity.authorizer, { protocol: 'https', ...asked });
  }

  private refuse({ asker, method }: DataRequest, status: number, message: string, error: string): DataAnswer {
    this.props.journal.note(asker, 'refused', `HTTPS ${method === 'POST' ? 'publish' : 'request'}: ${message}`);
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

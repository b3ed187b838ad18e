import type { Clock } from '../clock';
import type { Journal } from '../journal';
import type { Requester, TopicService } from '../mqtt/topic-service';
import type { DeviceCalls, Members } from './device-calls';
import { Rejection } from './errors';
import { JOB_SAFETY } from './limits';
import { seconds, stateOf } from './views';

export interface MqttApiProps {
  readonly calls: DeviceCalls;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** The requests, and the parts of their topics that differ. */
const REQUEST = /^\$aws\/things\/([^/]+)\/jobs\/(?:(get|start-next)|([^/]+)\/(get|update))$/;

/** Reads UTF-8 and nothing else. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Jobs over MQTT. "The message broker will publish response message topics to the client that published the command message,
 * whether or not your client has subscribed"; they "can't be subscribed to by other clients or rules".
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
 */
export class MqttApi implements TopicService {
  constructor(private readonly props: MqttApiProps) {}

  public receive(topic: string, payload: Buffer, requester: Requester): boolean {
    const [, thingName, ofThing, jobId = '', ofJob] = REQUEST.exec(topic) ?? [];
    if (thingName === undefined) {
      return false;
    }
    const answer = (outcome: 'accepted' | 'rejected', members: object): void => {
      const token = typeof request?.clientToken === 'string' ? { clientToken: request.clientToken } : {};
      requester.answer(`${topic}/${outcome}`, Buffer.from(JSON.stringify({ ...token, timestamp: seconds(this.props.clock.now()), ...members })), true);
    };
    let request: Members | undefined;
    try {
      request = readRequest(payload);
      answer('accepted', this.perform(thingName, ofThing ?? ofJob!, jobId, request));
    } catch (error) {
      // The last resort: what one client sends must not end the process.
      const { code, message, execution } = error instanceof Rejection ? error : new Rejection('InternalError', 'Internal error');
      this.props.journal.note(requester.asker, 'refused', `${topic}: ${code}: ${error instanceof Rejection ? message : (error as Error).message}`);
      answer('rejected', { code, message, ...(execution && { executionState: stateOf(execution) }) });
    }
    return true;
  }

  private perform(thingName: string, operation: string, jobId: string, request: Members): object {
    const { calls } = this.props;
    if (jobId === '') {
      return operation === 'get' ? calls.getPending(thingName) : calls.startNext(thingName, request);
    }
    return operation === 'get' ? calls.describe(thingName, jobId, request) : calls.update(thingName, jobId, request);
  }
}

/**
 * What a request says. An empty payload says nothing: AWS's own device client in C starts the next job with one.
 *
 * @throws Rejection for what is no JSON object, or says how to know its answer in too many words.
 * @see https://github.com/aws/aws-iot-device-sdk-embedded-C/blob/main/demos/jobs/jobs_demo_mosquitto/jobs_demo_mosquitto.c
 */
function readRequest(payload: Buffer): Members {
  if (payload.length === 0) {
    return {};
  }
  let request: unknown;
  try {
    request = JSON.parse(UTF8.decode(payload));
  } catch {
    throw new Rejection('InvalidJson', 'The contents of the request could not be interpreted as valid UTF-8-encoded JSON');
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new Rejection('InvalidRequest', 'The request must be a JSON object');
  }
  const { clientToken = '' } = request as Members;
  if (clientToken !== null && (typeof clientToken !== 'string' || Buffer.byteLength(clientToken) > JOB_SAFETY.clientTokenBytes)) {
    throw new Rejection('InvalidRequest', `clientToken must be a text of at most ${JOB_SAFETY.clientTokenBytes} bytes`);
  }
  return request as Members;
}

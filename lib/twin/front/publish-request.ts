import type { IncomingMessage } from 'node:http';
import { isReservedTopic } from '../mqtt/reserved-topics';
import { objectToTopicName } from '../mqtt/topic-syntax';

/** What is to be published over HTTPS. */
export interface PublishRequest {
  readonly topic: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;

  /** Whether AWS IoT itself would answer on the topic. */
  readonly isReserved: boolean;
}

const TOPICS = '/topics/';

/**
 * Read `POST /topics/TOPIC?qos=0|1&retain=true|false`.
 *
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html
 * @returns what is wrong with it, otherwise
 */
export function readPublish(request: Pick<IncomingMessage, 'url' | 'method'>): PublishRequest | string {
  // Taken as it is: a URL parser would resolve '..' in the topic.
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  if (request.method !== 'POST' || !path.startsWith(TOPICS)) {
    return 'only POST /topics/TOPIC is served';
  }
  const parameters = new URLSearchParams(query);
  let topic: string;
  try {
    topic = decodeURIComponent(path.slice(TOPICS.length));
  } catch {
    return 'the topic is not URL-encoded';
  }
  const qos = parameters.get('qos') ?? '0';
  const objection = objectToTopicName(topic) ?? (qos === '0' || qos === '1' ? undefined : 'qos must be 0 or 1');
  const retain = parameters.get('retain') === 'true';
  return objection ?? (retain && topic.startsWith('$') ? 'messages to reserved topics cannot be retained'
    : { topic, qos: qos === '1' ? 1 : 0, retain, isReserved: isReservedTopic(topic) });
}

import { LIMITS } from '../limits';

/** Why a topic name or filter is refused, for the log; undefined when it is fine. */
export type Objection = string | undefined;

const SHARE = '$share/';

/** Topics that AWS routes to a rule, whose names have up to 128 characters; their first three levels count for nothing. */
const BASIC_INGEST = /^\$aws\/rules\/[^/]{1,128}\//;

/** What may not be published to. */
export function objectToTopicName(topic: string): Objection {
  if (topic === '') {
    return 'the topic is empty';
  }
  // [MQTT-3.3.2-2] A topic name must not contain wildcard characters.
  if (/[+#\0]/.test(topic)) {
    return "a topic name takes no '+', '#' or null character";
  }
  return objectToSize(topic.replace(BASIC_INGEST, ''));
}

/** A topic filter, taken apart where it is shared. */
export interface ParsedFilter {
  /** The name of the group of a shared subscription. */
  readonly share?: string;

  /** The filter that topics are matched against. */
  readonly filter: string;
}

export function parseFilter(requested: string): ParsedFilter {
  if (!requested.startsWith(SHARE)) {
    return { filter: requested };
  }
  const rest = requested.slice(SHARE.length);
  const slash = rest.indexOf('/');
  return slash < 0 ? { share: rest, filter: '' } : { share: rest.slice(0, slash), filter: rest.slice(slash + 1) };
}

/** What may not be subscribed to. */
export function objectToFilter({ share, filter }: ParsedFilter): Objection {
  if (share !== undefined && (share === '' || /[+#]/.test(share) || share.length > LIMITS.shareNameLength)) {
    return `the name of a shared subscription has 1 to ${LIMITS.shareNameLength} characters without '/', '+' and '#'`;
  }
  if (share !== undefined && filter.length > LIMITS.shareFilterLength) {
    return `the filter of a shared subscription is longer than ${LIMITS.shareFilterLength} characters`;
  }
  if (filter === '' || filter.includes('\0')) {
    return 'the filter is empty or holds a null character';
  }
  const levels = filter.split('/');
  // [MQTT-4.7.1-2] '#' must be the last level, [MQTT-4.7.1-3] '+' must be a whole level.
  const misplaced = levels.some((level, index) => (
    (level.includes('#') && (level !== '#' || index < levels.length - 1)) || (level.includes('+') && level !== '+')
  ));
  if (misplaced) {
    return "'+' must be a whole level and '#' the last one";
  }
  if (filter.startsWith('$aws/rules/')) {
    return 'basic ingest topics cannot be subscribed to';
  }
  return objectToSize(filter);
}

/** Whether a topic matches a filter. As AWS documents, and unlike the MQTT standard, 'sensor/#' does not match 'sensor'. */
export function matchesFilter(topic: string, filter: string): boolean {
  // [MQTT-4.7.2-1] A filter that starts with a wildcard does not match a topic that starts with '$'.
  if (topic.startsWith('$') && hasWildcard(filter[0] ?? '')) {
    return false;
  }
  const levels = topic.split('/');
  const wanted = filter.split('/');
  const fits = wanted.every((level, index) => index < levels.length && (level === '#' || level === '+' || level === levels[index]));
  return fits && (wanted.at(-1) === '#' || wanted.length === levels.length);
}

export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

function objectToSize(topic: string): Objection {
  if (Buffer.byteLength(topic) > LIMITS.topicBytes) {
    return `it is longer than ${LIMITS.topicBytes} bytes`;
  }
  let slashes = 0;
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) {
    slashes += 1;
  }
  return slashes > LIMITS.topicSlashes ? `it has more than ${LIMITS.topicSlashes} slashes` : undefined;
}

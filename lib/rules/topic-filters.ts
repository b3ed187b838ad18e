import type { TopicSpace } from '../topics';

/** A level that holds a token may be any. */
const TOKEN = '${Token[';

/**
 * Whether some topic matches both filters of MQTT.
 *
 * [MQTT-4.7.1-2] `#` stands for the level above it as well.
 */
export function mayOverlap(one: string, other: string): boolean {
  return overlap(one.split('/'), other.split('/'));
}

function overlap([a, ...restA]: readonly string[], [b, ...restB]: readonly string[]): boolean {
  if (a === '#' || b === '#') {
    return true;
  }
  if (a === undefined || b === undefined) {
    return a === b;
  }
  const same = a === b || a === '+' || b === '+' || a.includes(TOKEN) || b.includes(TOKEN);
  // What is above `#` is matched by it too: sport/# and sport.
  const ends = (rest: readonly string[]) => rest.length === 0 || (rest.length === 1 && rest[0] === '#');
  return same && ((ends(restA) && ends(restB)) || overlap(restA, restB));
}

/**
 * What is wrong with a topic filter of a rule, if no message of a topic space could ever match it.
 *
 * Topics that start with `$` are AWS's own, and fed by shadows, jobs and events.
 */
export function whyNothingFeeds(filter: string, topicSpace: TopicSpace): string | undefined {
  const filters = topicSpace.channelNames.map((name) => topicSpace.channel(name)).filter((channel) => !channel._passesBroker).map((channel) => channel.topicFilter);
  if (filter.startsWith('$') || filter.startsWith(TOKEN) || filters.some((each) => mayOverlap(each, filter))) {
    return undefined;
  }
  return `no channel feeds "${filter}", expected a topic filter that meets one of: ${filters.join(', ') || '(none declared)'}`;
}

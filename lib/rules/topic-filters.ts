import { topicFiltersOverlap } from '../sql/topic-filter';
import type { TopicSpace } from '../topics';

/** A level that holds a token may be any. */
const TOKEN = '${Token[';

/** Whether some topic may match both filters. */
export function mayOverlap(one: string, other: string): boolean {
  return topicFiltersOverlap(withoutTokens(one), withoutTokens(other));
}

function withoutTokens(filter: string): string {
  return filter.split('/').map((level) => (level.includes(TOKEN) ? '+' : level)).join('/');
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

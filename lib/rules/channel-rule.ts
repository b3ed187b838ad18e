import type { Construct } from 'constructs';
import type { RuleAction } from './rule-action';
import { TopicRule } from './topic-rule';
import type { ChannelRuleOptions } from './topic-rule-props';
import { invalid, quote } from '../private/errors';
import type { Channel } from '../topics';

const BASIC_INGEST = /^\$aws\/rules\/([^/]+)\//;

/** Defines a rule for what is published on a channel. */
export function channelRule(scope: Construct, id: string, channel: Channel, action: RuleAction, options: ChannelRuleOptions): TopicRule {
  const { select = '*', where, set, moreActions = [], ...common } = options;
  const [, ingestedBy] = BASIC_INGEST.exec(channel.pattern) ?? [];
  if (ingestedBy !== undefined && common.ruleName !== undefined && common.ruleName !== ingestedBy) {
    throw invalid(scope, `'ruleName' must be ${quote(ingestedBy)}, to which the channel sends its messages, got ${quote(common.ruleName)}; leave it out`);
  }
  const { topicFilter } = channel;
  if (topicFilter.includes("'")) {
    throw invalid(scope, `a topic with ' cannot be in a statement, got ${quote(topicFilter)}; rename the level`);
  }
  const sql = [
    ...set === undefined ? [] : [`SET ${set}`],
    `SELECT ${select}`,
    // With basic ingest, the name of the rule is the address: FROM would open another way in.
    ...ingestedBy === undefined ? [`FROM '${topicFilter}'`] : [],
    ...where === undefined ? [] : [`WHERE ${where}`],
  ].join(' ');
  return new TopicRule(scope, id, { ...common, ...ingestedBy !== undefined && { ruleName: ingestedBy }, sql, actions: [action, ...moreActions] });
}

/** `topic(3)`, where the third level of a channel's topics is the name of the thing, as the rule sees them. */
export function thingExpression(channel: Channel): string | undefined {
  const level = channel.pattern.replace(BASIC_INGEST, '').split('/').indexOf('{thing}');
  return level < 0 ? undefined : `topic(${level + 1})`;
}

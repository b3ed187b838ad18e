export * from './actions';
export * from './destinations';
export { RuleAction } from './rule-action';
export { TopicRule } from './topic-rule';
export { TopicRuleMetric } from './topic-rule-base';
export type { ITopicRule, RuleAlarmOptions } from './topic-rule-base';
export type { ChannelRuleOptions, TopicRuleOptions, TopicRuleProps } from './topic-rule-props';

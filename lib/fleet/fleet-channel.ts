import type { Construct } from 'constructs';
import type { ChannelGrants } from '../access';
import type { ChannelRuleOptions, RuleAction, TopicRule } from '../rules';
import { channelRule, thingExpression } from '../rules/channel-rule';
import type { Channel } from '../topics';

/** A channel of a fleet. */
export class FleetChannel {
  /** The name that the fleet gave it. */
  public readonly channelName: string;

  /** The channel as declared. */
  public readonly channel: Channel;

  /** What apps and users of AWS can be permitted on it. */
  public readonly grants: ChannelGrants;

  /** The topic filter that covers the channel for all devices, for example `dt/sensors/+/telemetry`. */
  public readonly topicFilter: string;

  /**
   * What the statement of a rule calls the name of the thing, for example `topic(3)`; undefined for a broadcast.
   *
   * The policies of the fleet let no device publish under the name of another: unlike what a payload says, it can be trusted.
   */
  public readonly thingExpression?: string;

  /** @internal */
  constructor(channelName: string, channel: Channel, grants: ChannelGrants, private readonly ruleScope: Construct) {
    this.channelName = channelName;
    this.channel = channel;
    this.grants = grants;
    this.topicFilter = channel.topicFilter;
    const expression = thingExpression(channel);
    if (expression !== undefined) {
      this.thingExpression = expression;
    }
  }

  /** Defines a rule for what is published on the channel. */
  public addRule(id: string, action: RuleAction, options: ChannelRuleOptions = {}): TopicRule {
    return channelRule(this.ruleScope, id, this.channel, action, options);
  }
}

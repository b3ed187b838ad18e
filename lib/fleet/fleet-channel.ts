import type { ChannelGrants } from '../access';
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

  /** @internal */
  constructor(channelName: string, channel: Channel, grants: ChannelGrants) {
    this.channelName = channelName;
    this.channel = channel;
    this.grants = grants;
    this.topicFilter = channel.topicFilter;
  }
}

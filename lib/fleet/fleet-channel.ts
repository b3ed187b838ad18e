import type { Channel } from '../topics';

/** A channel of a fleet. */
export class FleetChannel {
  /** The name that the fleet gave it. */
  public readonly channelName: string;

  /** The channel as declared. */
  public readonly channel: Channel;

  /** The topic filter that covers the channel for all devices, for example `dt/sensors/+/telemetry`. */
  public readonly topicFilter: string;

  /** @internal */
  constructor(channelName: string, channel: Channel) {
    this.channelName = channelName;
    this.channel = channel;
    this.topicFilter = channel.topicFilter;
  }
}

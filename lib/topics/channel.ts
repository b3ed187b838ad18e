import { TopicError } from './errors';
import { maskTokens, parseLevels, parseTopicPattern, renderLevels, type Level } from './pattern';
import { PlaceholderValues } from './placeholder-values';

/** Who speaks on a channel and who listens. */
export enum ChannelDirection {
  /** A device publishes, back ends listen. */
  FROM_DEVICE = 'from-device',
  /** Back ends publish, one device listens. */
  TO_DEVICE = 'to-device',
  /** Back ends publish, all devices listen. */
  BROADCAST = 'broadcast',
  /** A device publishes and listens. */
  BIDIRECTIONAL = 'bidirectional',
}

const BASIC_INGEST = '$aws/rules/';

/** Options for a channel that a device publishes on. */
export interface PublishChannelOptions {
  /**
   * Whether the device may set the RETAIN flag, so that AWS IoT keeps its last message for those who subscribe later.
   *
   * @default false
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-retain
   */
  readonly retain?: boolean;
}

/**
 * A topic pattern with a direction: who publishes and who subscribes.
 *
 * Placeholders stand for whole levels: `{thing}` for the name of the device's thing, `{type}` for its thing type and
 * `{attribute:NAME}` for one of its attributes. A device that lacks the type or attribute cannot use the channel.
 *
 * `+` stands for one level and `#`, at the end, for all the rest. A device subscribes to the pattern exactly as it is
 * declared: with `cmd/{thing}/+`, to `cmd/sensor-1/+` and not to `cmd/sensor-1/reboot`. What it may publish and receive
 * is wider than that, because the policy language has no wildcard for one level: there, `+` covers deeper levels too.
 *
 * A level may contain a CDK token. Channels are kept apart whatever its value, as long as that is one level: it must not
 * be empty, start with `$` or contain `/`, `+`, `#`, `*` or `?`. AWS IoT does not check this; give a `CfnParameter` an
 * `allowedPattern` such as `[a-zA-Z0-9_-]+`.
 */
export class Channel {
  /**
   * A channel that a device publishes on, for example `dt/sensors/{thing}/telemetry`.
   *
   * The pattern must contain `{thing}`, so that no device can publish as another. The last will may use it too.
   */
  public static fromDevice(pattern: string, options: PublishChannelOptions = {}): Channel {
    return Channel.ofDevice(pattern, ChannelDirection.FROM_DEVICE, options);
  }

  /**
   * A channel that one device subscribes to, for example `cmd/sensors/{thing}/+`.
   *
   * The pattern must contain `{thing}`, so that no device can read what is meant for another.
   */
  public static toDevice(pattern: string): Channel {
    return Channel.ofDevice(pattern, ChannelDirection.TO_DEVICE);
  }

  /** A channel that one device both publishes on and subscribes to; the pattern must contain `{thing}`. */
  public static bidirectional(pattern: string, options: PublishChannelOptions = {}): Channel {
    return Channel.ofDevice(pattern, ChannelDirection.BIDIRECTIONAL, options);
  }

  /**
   * A channel that all devices subscribe to and none publishes on, for example `alerts/{attribute:site}`.
   *
   * With a placeholder it reaches the devices that share the value. Attributes are as trustworthy as those who may
   * update things; a value with `/` or `#` gives a device nothing.
   */
  public static broadcast(pattern: string): Channel {
    const levels = parseTopicPattern(pattern);
    if (levels.some((level) => level.kind === 'thing')) {
      throw new TopicError(`topic '${pattern}' contains {thing}, so it reaches one device; use Channel.toDevice`);
    }
    return new Channel(pattern, ChannelDirection.BROADCAST, false, levels);
  }

  /**
   * A channel that a device publishes on straight to a rule, past the message broker and without its messaging cost.
   *
   * Nobody can subscribe to it. The device publishes on `$aws/rules/RULE/PATTERN`; the rule sees PATTERN as the topic.
   *
   * @param ruleName The name of the topic rule.
   * @param pattern The topic below it; it must contain `{thing}`.
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
   */
  public static basicIngest(ruleName: string, pattern: string): Channel {
    if (!/^[a-zA-Z0-9_]{1,128}$/.test(maskTokens(ruleName))) {
      throw new TopicError(`'ruleName' must have 1 to 128 letters, digits and underscores, got '${ruleName}'`);
    }
    const below = Channel.fromDevice(pattern);
    const prefix = `${BASIC_INGEST}${ruleName}`;
    return new Channel(`${prefix}/${pattern}`, below.direction, false, [...parseLevels(prefix), ...below._levels]);
  }

  private static ofDevice(pattern: string, direction: ChannelDirection, options: PublishChannelOptions = {}): Channel {
    const levels = parseTopicPattern(pattern);
    if (!levels.some((level) => level.kind === 'thing')) {
      throw new TopicError(
        `topic '${pattern}' lacks {thing}, so every device could use it; add {thing} as a level, or use Channel.broadcast`,
      );
    }
    return new Channel(pattern, direction, options.retain ?? false, levels);
  }

  private constructor(
    /** The pattern as declared. */
    public readonly pattern: string,
    /** Who publishes and who subscribes. */
    public readonly direction: ChannelDirection,
    /** Whether the device may retain messages. */
    public readonly retain: boolean,
    /** @internal */
    public readonly _levels: readonly Level[],
  ) {}

  /**
   * Whether messages go straight to a rule, so that nobody can subscribe to them.
   *
   * @internal
   */
  public get _passesBroker(): boolean {
    return this.pattern.startsWith(BASIC_INGEST);
  }

  /** The topic filter that covers the channel for all devices, for example `dt/sensors/+/telemetry`. */
  public get topicFilter(): string {
    return renderLevels(this._levels, PlaceholderValues.anyThing(), 'filter')!;
  }
}

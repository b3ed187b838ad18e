import { ChannelDirection, type Channel } from './channel';
import { TopicError } from './errors';
import { findOverlap } from './isolation';
import type { JobAccess } from './job-access';
import { parseLevels, renderLevels, type Dialect, type Level } from './pattern';
import type { PayloadFormat } from './payload-format';
import type { PlaceholderValues } from './placeholder-values';
import { defenderTopics, jobTopics, shadowTopics, streamTopics, tunnelTopics, type ReservedTopics } from './reserved';
import type { Shadow } from './shadow';
import type { StreamAccess } from './stream-access';

/** What the devices of a fleet say and hear. */
export interface TopicSpaceProps {
  /**
   * The channels by name.
   *
   * Add new ones at the end, so that the permissions of the others stay in their policies.
   *
   * @default - no channels
   */
  readonly topics?: { [name: string]: Channel };

  /**
   * The shadows that each device has.
   *
   * Add new ones at the end, as with `topics`.
   *
   * @default - devices have no access to shadows
   */
  readonly shadows?: Shadow[];

  /**
   * What devices may do with the jobs that target them.
   *
   * @default - devices have no access to jobs
   */
  readonly jobs?: JobAccess;

  /**
   * The streams whose files devices may read.
   *
   * Add new ones at the end, as with `topics`.
   *
   * @default - devices have no access to streams
   */
  readonly streams?: StreamAccess[];

  /**
   * In which formats devices report metrics of their own to AWS IoT Device Defender.
   *
   * @default - devices report none
   * @see https://docs.aws.amazon.com/iot-device-defender/latest/devguide/detect-device-side-metrics.html
   */
  readonly defenderMetrics?: PayloadFormat[];

  /**
   * Whether devices are told of the secure tunnels that are opened to them, with the token to connect to one.
   *
   * @default false
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/secure-tunneling.html
   */
  readonly tunnels?: boolean;
}

/** What a device may do with topics, as the resources of a policy. */
export interface TopicPermissions {
  /** Topics of `iot:Publish`; `*` stands for any characters, slashes included. */
  readonly publish: string[];

  /** Topics of `iot:RetainPublish`, which a retained message needs besides `iot:Publish`. */
  readonly retain: string[];

  /** Topic filters of `iot:Subscribe`; `+` and `#` are plain characters there. */
  readonly subscribe: string[];

  /** Topics of `iot:Receive`. */
  readonly receive: string[];
}

/** What one channel, one shadow, the jobs and so on let a device do. */
export interface TopicGrant extends TopicPermissions {
  /** Where it was declared, for example `topics.telemetry`, `shadows.config` or `jobs`. */
  readonly name: string;

  /** Whether it may be taken apart over several policies: no shadow or channel comes after it. */
  readonly divisible: boolean;

  /** The thing attributes that its topics depend on. */
  readonly attributes: string[];
}

/** A grant whose placeholders are not filled in yet. */
interface Declaration {
  readonly name: string;
  readonly divisible?: boolean;
  readonly publish: Patterns;
  readonly retain: Patterns;
  readonly subscribe: Patterns;
  readonly receive: Patterns;
}

type Patterns = readonly (readonly Level[])[];

/**
 * All topics of a fleet, declared once: device policies, grants for back ends and rules are read from here.
 *
 * Creating one fails where two channels could not be kept apart, so that some device could use a topic of another.
 */
export class TopicSpace {
  /** The names of the channels, in the order in which they were declared. */
  public readonly channelNames: string[];

  /** The names of all thing attributes that channels depend on. */
  public readonly attributes: string[];

  /** Whether a channel depends on the thing type. */
  public readonly usesThingType: boolean;

  /** The shadows that each device has. */
  public readonly shadows: Shadow[];

  /** What devices may do with their jobs; undefined for nothing. */
  public readonly jobs?: JobAccess;

  /** The streams whose files devices may read. */
  public readonly streams: StreamAccess[];

  /** In which formats devices report metrics to AWS IoT Device Defender. */
  public readonly defenderMetrics: PayloadFormat[];

  /** Whether devices are told of secure tunnels. */
  public readonly tunnels: boolean;

  private readonly channels: ReadonlyMap<string, Channel>;
  private readonly declarations: readonly Declaration[];

  constructor(props: TopicSpaceProps = {}) {
    this.channels = new Map(Object.entries(props.topics ?? {}));
    this.channelNames = [...this.channels.keys()];
    this.shadows = [...props.shadows ?? []];
    if (props.jobs !== undefined) {
      this.jobs = props.jobs;
    }
    this.streams = [...props.streams ?? []];
    this.defenderMetrics = [...new Set(props.defenderMetrics)];
    this.tunnels = props.tunnels ?? false;
    this.declarations = [
      ...[...this.channels].map(([name, channel]) => ofChannel(name, channel)),
      ...this.shadows.map((shadow) => ofReservedTopics(`shadows.${shadow.shadowName ?? 'classic'}`, shadowTopics(shadow))),
      ...[
        ...props.jobs === undefined ? [] : [ofReservedTopics('jobs', jobTopics(props.jobs))],
        // What is new to the library comes last, so that the policies of fleets without it stay as they are.
        ...this.streams.map((stream) => ofReservedTopics(`streams.${stream.streamId ?? '*'}`, streamTopics(stream))),
        ...this.defenderMetrics.length === 0 ? [] : [ofReservedTopics('defenderMetrics', defenderTopics(this.defenderMetrics))],
        ...this.tunnels ? [ofReservedTopics('tunnels', tunnelTopics())] : [],
      ].map((declaration) => ({ ...declaration, divisible: true })),
    ];
    this.attributes = [...new Set(this.declarations.flatMap(attributesOf))].sort();
    this.usesThingType = this.declarations.some((declaration) => levelsOf(declaration).some((level) => level.kind === 'type'));
    checkNames(this.declarations);
    checkIsolation([...this.channels]);
  }

  /** The channel with this name. */
  public channel(name: string): Channel {
    const channel = this.channels.get(name);
    if (channel === undefined) {
      throw new TopicError(`there is no channel '${name}', expected one of: ${this.channelNames.join(', ') || '(none declared)'}`);
    }
    return channel;
  }

  /** The shadow with this name, or the classic one. */
  public shadow(shadowName?: string): Shadow {
    const shadow = this.shadows.find((declared) => declared.shadowName === shadowName);
    if (shadow === undefined) {
      const nameOf = (name?: string) => (name === undefined ? 'the classic one' : `'${name}'`);
      throw new TopicError(`there is no shadow ${nameOf(shadowName)}, expected one of: ${this.shadows.map((declared) => nameOf(declared.shadowName)).join(', ') || '(none declared)'}`);
    }
    return shadow;
  }

  /**
   * What each declaration lets a device do.
   *
   * @internal
   */
  public _grants(values: PlaceholderValues): TopicGrant[] {
    return this.declarations.map((declaration) => {
      const render = (patterns: Patterns, dialect: Dialect) => patterns.flatMap((levels) => renderLevels(levels, values, dialect) ?? []);
      return {
        name: declaration.name,
        divisible: declaration.divisible ?? false,
        attributes: attributesOf(declaration),
        publish: render(declaration.publish, 'policy-topic'),
        retain: render(declaration.retain, 'policy-topic'),
        subscribe: render(declaration.subscribe, 'filter'),
        receive: render(declaration.receive, 'policy-topic'),
      };
    });
  }

  /** What a device may do in all; topics whose placeholders have no value are left out. */
  public permissions(values: PlaceholderValues): TopicPermissions {
    const grants = this._grants(values);
    const all = (patternsOf: (grant: TopicGrant) => string[]) => [...new Set(grants.flatMap(patternsOf))].sort();
    return {
      publish: all((grant) => grant.publish),
      retain: all((grant) => grant.retain),
      subscribe: all((grant) => grant.subscribe),
      receive: all((grant) => grant.receive),
    };
  }
}

const PUBLISHERS = [ChannelDirection.FROM_DEVICE, ChannelDirection.BIDIRECTIONAL];
const LISTENERS = [ChannelDirection.TO_DEVICE, ChannelDirection.BROADCAST, ChannelDirection.BIDIRECTIONAL];

function ofChannel(name: string, channel: Channel): Declaration {
  const publish = PUBLISHERS.includes(channel.direction) ? [channel._levels] : [];
  const receive = LISTENERS.includes(channel.direction) ? [channel._levels] : [];
  return { name: `topics.${name}`, publish, retain: channel.retain ? publish : [], subscribe: receive, receive };
}

function ofReservedTopics(name: string, topics: ReservedTopics): Declaration {
  return {
    name,
    publish: topics.publish.map(parseLevels),
    retain: [],
    subscribe: topics.subscribe.map(parseLevels),
    receive: topics.receive.map(parseLevels),
  };
}

function levelsOf({ publish, receive }: Declaration): readonly Level[] {
  return [...publish, ...receive].flat();
}

function attributesOf(declaration: Declaration): string[] {
  return [...new Set(levelsOf(declaration).flatMap((level) => (level.kind === 'attribute' ? level.name : [])))].sort();
}

function checkNames(declarations: readonly Declaration[]): void {
  const names = declarations.map((declaration) => declaration.name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) {
    throw new TopicError(`'${twice}' is declared twice; declare it once, with the widest access that devices need`);
  }
}

/** No device may use a topic of another, nor publish where all listen. */
function checkIsolation(channels: readonly (readonly [string, Channel])[]): void {
  for (const [index, [nameA, channelA]] of channels.entries()) {
    for (const [nameB, channelB] of channels.slice(index)) {
      const bothBroadcast = channelA.direction === ChannelDirection.BROADCAST && channelB.direction === ChannelDirection.BROADCAST;
      const overlap = bothBroadcast ? undefined : findOverlap(channelA._levels, channelB._levels);
      if (overlap !== undefined) {
        const who = nameA === nameB ? `'topics.${nameA}' overlaps with itself` : `'topics.${nameA}' and 'topics.${nameB}' overlap`;
        const { thingA, thingB, topic } = overlap;
        throw new TopicError(`${who}: things '${thingA}' and '${thingB}' could both use '${topic}'; put different fixed levels before any placeholder or wildcard`);
      }
    }
  }
}

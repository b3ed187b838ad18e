import { ChannelDirection, type Channel } from './channel';
import { TopicError } from './errors';
import { findOverlap } from './isolation';
import { maskTokens, parseLevels, renderLevels, type Dialect, type Level } from './pattern';
import { PlaceholderValues } from './placeholder-values';
import { shadowTopicsFor, type ShadowUse } from './reserved';
import type { Shadow } from './shadow';
import type { TopicPermissions } from './topic-space';

export type { ShadowUse };

/**
 * Which devices an app deals with; without anything, any.
 *
 * Each value is one level of a topic. It may be a variable that IAM replaces for each user, such as
 * `${cognito-identity.amazonaws.com:sub}` or `${aws:PrincipalTag/NAME}`, or for each device that has its credentials from a
 * role alias: `CredentialVariable.THING_NAME`.
 */
export interface DeviceScope {
  /**
   * The name of one thing. What else its topics depend on must then be given too.
   *
   * @default - any thing
   */
  readonly thing?: string;

  /**
   * The name of a thing type; `{type}` stands for it.
   *
   * @default - any type
   */
  readonly thingType?: string;

  /**
   * Attributes that the things have; `{attribute:NAME}` stands for the value of NAME.
   *
   * @default - any values
   */
  readonly attributes?: { readonly [name: string]: string };
}

/** Options for publishing. */
export interface AppPublishOptions {
  /** Whether the app may set the RETAIN flag. */
  readonly retain?: boolean;
}

const NOTHING: TopicPermissions = { publish: [], retain: [], subscribe: [], receive: [] };
const PUBLISHED_BY_APPS = [ChannelDirection.TO_DEVICE, ChannelDirection.BROADCAST, ChannelDirection.BIDIRECTIONAL];
const HEARD_BY_APPS = [ChannelDirection.FROM_DEVICE, ChannelDirection.BROADCAST, ChannelDirection.BIDIRECTIONAL];

/** One level of a topic that is neither wildcard nor variable, in topics, filters and policies alike. */
const LEVEL = /^[^/+#*?${}\p{Cc}\p{Cs}]{1,128}$/u;

/** Variables that IAM replaces in the policies of a role; the value of each must be one level. */
const IAM_VARIABLE = /^\$\{(cognito-identity\.amazonaws\.com:sub|aws:PrincipalTag\/[\w.:=+@-]{1,128}|credentials-iot:Thing(Type)?Name)\}$/;

/**
 * Whether a text can stand for one level of a topic and for nothing else. Ask for every value that is not known before
 * it comes, such as the claim of a token.
 */
export function isLevel(value: string): boolean {
  return LEVEL.test(value);
}

/**
 * What an app needs to publish on a channel to the devices of a scope.
 *
 * @throws TopicError for a channel that only devices publish on, and for a scope that the channel cannot keep.
 */
export function appPublish(channel: Channel, scope: DeviceScope = {}, { retain = false }: AppPublishOptions = {}): TopicPermissions {
  if (!PUBLISHED_BY_APPS.includes(channel.direction)) {
    throw new TopicError(`topic '${channel.pattern}' is published on by devices alone; use Channel.toDevice, broadcast or bidirectional`);
  }
  const publish = [render(channel.pattern, channel._levels, scope, 'policy-topic')];
  return { ...NOTHING, publish, retain: retain ? publish : [] };
}

/**
 * What an app needs to hear the devices of a scope on a channel, or what they are told together. It subscribes to the
 * pattern with `+` for what the scope leaves open, in one filter.
 *
 * @throws TopicError for a channel that only devices listen to or nobody can, and for a scope that the channel cannot keep.
 */
export function appSubscribe(channel: Channel, scope: DeviceScope = {}): TopicPermissions {
  if (channel._passesBroker) {
    throw new TopicError(`topic '${channel.pattern}' goes past the message broker, so that nobody can subscribe to it; use Channel.fromDevice`);
  }
  if (!HEARD_BY_APPS.includes(channel.direction)) {
    throw new TopicError(`topic '${channel.pattern}' is for one device to listen to; use Channel.fromDevice or bidirectional`);
  }
  return {
    ...NOTHING,
    subscribe: [render(channel.pattern, channel._levels, scope, 'filter')],
    receive: [render(channel.pattern, channel._levels, scope, 'policy-topic')],
  };
}

/**
 * What an app needs to read, update or delete a shadow over MQTT.
 *
 * Without a thing, the `*` for its name crosses levels: for the classic shadow it also covers a shadow and a job that
 * are called "shadow", as in `$aws/things/sensor-1/jobs/shadow/get`.
 *
 * @throws TopicError for a scope by type or attributes, which the topics of shadows do not tell.
 */
export function appShadow(shadow: Shadow, use: ShadowUse, scope: DeviceScope = {}): TopicPermissions {
  const { publish, subscribe, receive } = shadowTopicsFor(shadow, use);
  return {
    ...NOTHING,
    publish: publish.map((topic) => render(topic, parseLevels(topic), scope, 'policy-topic')),
    subscribe: subscribe.map((topic) => render(topic, parseLevels(topic), scope, 'filter')),
    receive: receive.map((topic) => render(topic, parseLevels(topic), scope, 'policy-topic')),
  };
}

/** The same over things that patterns of the policy language name; a filter with `+` for any thing comes with them. */
export function appShadowOf(shadow: Shadow, use: ShadowUse, thingPatterns: readonly string[]): TopicPermissions {
  const { publish, subscribe, receive } = shadowTopicsFor(shadow, use);
  const of = (topics: readonly string[], things: readonly string[]) => things.flatMap((thing) => topics.map((topic) => topic.replace('{thing}', () => thing)));
  return { ...NOTHING, publish: of(publish, thingPatterns), subscribe: of(subscribe, ['+', ...thingPatterns]), receive: of(receive, thingPatterns) };
}

/** What an app needs to hear of jobs whose ids begin alike. A filter tells no beginning; what is received is limited to it. */
export function appJobEvents(jobIdPrefix: string): TopicPermissions {
  const of = (jobs: string) => ['job', 'jobExecution'].map((kind) => `$aws/events/${kind}/${jobs}`);
  return { ...NOTHING, subscribe: [...of('+/*'), ...of(`${jobIdPrefix}*`)], receive: of(`${jobIdPrefix}*`) };
}

/**
 * A topic that only devices publish on, and that an app may publish on with what it needs for another channel: what the
 * scope leaves open is `*` in a policy, which covers several levels.
 */
export function spokenAs(channel: Channel, scope: DeviceScope = {}, channels: readonly Channel[]): string | undefined {
  const open = narrow(channel.pattern, channel._levels, scope).map((level): Level => (level.kind === 'literal' ? level : { kind: 'wildcard', text: '*' }));
  return channels
    .filter(({ direction }) => direction === ChannelDirection.FROM_DEVICE)
    .map(({ _levels }) => findOverlap(open, _levels)?.topic)
    .find((topic) => topic !== undefined);
}

/**
 * Fails for a value that is not one level of a topic.
 *
 * @throws TopicError
 */
export function checkScope(scope: DeviceScope): void {
  valuesOf(scope);
}

function render(pattern: string, levels: readonly Level[], scope: DeviceScope, dialect: Dialect): string {
  return renderLevels(narrow(pattern, levels, scope), PlaceholderValues.anyThing(), dialect)!;
}

/**
 * The levels with what the scope says for their placeholders.
 *
 * Fails where that does not keep other devices out, because a wildcard of a policy covers several levels. With all
 * placeholders of one thing known, an app gets the topics that its device has, which a topic space keeps apart from all
 * others. With some of several things known, no wildcard may come before them: `x/{thing}/{attribute:site}/#` for site a
 * and any thing would be `x/*` and `/a/*`, which also covers `x/t/b/a/y` of site b.
 */
function narrow(pattern: string, levels: readonly Level[], scope: DeviceScope): readonly Level[] {
  const values = valuesOf(scope);
  const placeholders = levels.map(placeholderOf);
  const narrowed = levels.map((level, index): Level => {
    const text = values.get(placeholders[index]!);
    return text === undefined ? level : { kind: 'literal', text };
  });
  const needed = scope.thing === undefined ? [...values.keys()] : ['{thing}'];
  const missing = needed.find((placeholder) => !placeholders.includes(placeholder));
  if (missing !== undefined) {
    throw new TopicError(`topic '${pattern}' has no ${missing}, so that it cannot be narrowed by it; put it into the topic, or leave it out of the scope`);
  }
  const last = Math.max(...needed.map((placeholder) => placeholders.indexOf(placeholder)));
  const open = scope.thing === undefined
    ? narrowed.findIndex(({ kind }, index) => kind !== 'literal' && index < last)
    : narrowed.findIndex(({ kind }) => kind !== 'literal' && kind !== 'wildcard');
  if (open >= 0) {
    throw new TopicError(
      `topic '${pattern}' cannot be narrowed by ${placeholders[last]} alone, as policies take the ${placeholders[open]} in it for any number of levels; `
      + 'say its value in the scope too',
    );
  }
  return narrowed;
}

/** What the scope says, by placeholder. */
function valuesOf({ thing, thingType, attributes = {} }: DeviceScope): ReadonlyMap<string, string> {
  const given = [
    ['thing', '{thing}', thing],
    ['thingType', '{type}', thingType],
    ...Object.entries(attributes).map(([name, value]) => [`attributes.${name}`, `{attribute:${name}}`, value] as const),
  ] as const;
  return new Map(given.flatMap(([name, placeholder, value]) => {
    if (value === undefined) {
      return [];
    }
    if (!IAM_VARIABLE.test(value) && !isLevel(maskTokens(value))) {
      throw new TopicError(`'${name}' must be one level of a topic, 1 to 128 characters without / + # * ? $ { }, got ${JSON.stringify(value.slice(0, 40))}`);
    }
    return [[placeholder, value] as const];
  }));
}

function placeholderOf(level: Level): string {
  switch (level.kind) {
    case 'thing': return '{thing}';
    case 'type': return '{type}';
    case 'attribute': return `{attribute:${level.name}}`;
    default: return level.text;
  }
}

import { AnswerError } from './errors';
import type { PolicyStatement } from './event';
import { appPublish, appShadow, appSubscribe, isLevel, type AppPublishOptions, type DeviceScope, type ShadowUse } from '../topics/app-side';
import type { Channel } from '../topics/channel';
import type { Shadow } from '../topics/shadow';
import type { TopicPermissions } from '../topics/topic-space';

/** Stands for every device, where a permission is not about certain ones. */
export const ANY: unique symbol = Symbol('any');

/** Whose topics of a channel: a value, or `ANY`, for each placeholder that the channel has. */
export interface Scope {
  readonly thing?: string | typeof ANY;
  readonly thingType?: string | typeof ANY;
  readonly attributes?: { readonly [name: string]: string | typeof ANY };
}

/** One action that is allowed on one resource. */
export interface Grant {
  readonly action: string;
  /** Its type and its name, as at the end of an ARN. */
  readonly resource: string;
}

/** What a caller may do: topics, or a statement in the policy language. */
export interface Permission {
  readonly grants?: readonly Grant[];
  readonly statement?: PolicyStatement;
}

const ATTRIBUTES = 'attributes.';

/** Publish on a channel that devices listen to. */
export function publish(channel: Channel, scope: Scope = {}, options?: AppPublishOptions): Permission {
  return { grants: grantsOf(appPublish(channel, deviceScope(channel, scope), options)) };
}

/** Subscribe to a channel that devices publish on, or that they are told together. */
export function subscribe(channel: Channel, scope: Scope = {}): Permission {
  return { grants: grantsOf(appSubscribe(channel, deviceScope(channel, scope))) };
}

/**
 * Read, update or delete a shadow, with MQTT and over HTTPS. With `ANY` thing, the classic shadow takes named ones with it over
 * HTTPS.
 */
export function shadow(which: Shadow, use: ShadowUse, thing: string | typeof ANY): Permission {
  if (thing !== ANY && !isLevel(thing)) {
    throw new AnswerError("'thing' of the shadow must be one level of a topic, 1 to 128 characters without / + # * ? $ { }");
  }
  const name = `${thing === ANY ? '*' : thing}${which.shadowName === undefined ? '' : `/${which.shadowName}`}`;
  return { grants: [...grantsOf(appShadow(which, use, thing === ANY ? {} : { thing })), { action: SHADOW_ACTIONS[use], resource: `thing/${name}` }] };
}

/** Everything that a statement says. Its resources are ARNs, or `*`. */
export function statement(given: PolicyStatement): Permission {
  return { statement: given };
}

const ACTIONS = [
  ['publish', 'iot:Publish', 'topic'], ['retain', 'iot:RetainPublish', 'topic'], ['subscribe', 'iot:Subscribe', 'topicfilter'], ['receive', 'iot:Receive', 'topic'],
] as const;

const SHADOW_ACTIONS: { readonly [use in ShadowUse]: string } = { read: 'iot:GetThingShadow', update: 'iot:UpdateThingShadow', delete: 'iot:DeleteThingShadow' };

function grantsOf(permissions: TopicPermissions): readonly Grant[] {
  return ACTIONS.flatMap(([list, action, type]) => permissions[list].map((name) => ({ action, resource: `${type}/${name}` })));
}

/** The placeholders of a channel, as a scope has them: `thing`, `thingType`, `attributes.NAME`. */
export function placesOf({ _levels: levels }: Channel): readonly string[] {
  return levels.flatMap((level) => {
    switch (level.kind) {
      case 'thing': return ['thing'];
      case 'type': return ['thingType'];
      case 'attribute': return [`${ATTRIBUTES}${level.name}`];
      default: return [];
    }
  });
}

/** The scope with these values for the placeholders. */
export function scopeOf<T>(values: Iterable<readonly [string, T]>): { readonly thing?: T; readonly thingType?: T; readonly attributes: { readonly [name: string]: T } } {
  const all = new Map(values);
  const attributes = [...all].flatMap(([place, value]) => (place.startsWith(ATTRIBUTES) ? [[place.slice(ATTRIBUTES.length), value] as const] : []));
  return { thing: all.get('thing'), thingType: all.get('thingType'), attributes: Object.fromEntries(attributes) };
}

/**
 * The scope, with a value for every placeholder of the channel: a claim that is missing would let the caller use the
 * topics of all devices otherwise.
 */
function deviceScope(channel: Channel, { thing, thingType, attributes = {} }: Scope): DeviceScope {
  const given = new Map<string, unknown>([['thing', thing], ['thingType', thingType], ...Object.entries(attributes).map(([name, value]) => [`${ATTRIBUTES}${name}`, value] as const)]);
  return scopeOf(placesOf(channel).flatMap((place) => {
    const value = given.get(place);
    if (value === ANY) {
      return [];
    }
    if (typeof value !== 'string' || !isLevel(value)) {
      const what = value === undefined ? 'has no value; give one, or ANY' : 'must be one level of a topic, 1 to 128 characters without / + # * ? $ { }';
      throw new AnswerError(`'${place}' of the channel '${channel.pattern}' ${what}`);
    }
    return [[place, value] as const];
  }));
}

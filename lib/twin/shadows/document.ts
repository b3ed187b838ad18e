import { Numeral, isArray, isEqual, isObject } from './json';
import type { Json, JsonObject } from './json';

/** The two trees of a shadow: `desired` and `reported`, and when each of their members was last written. */
export interface ShadowTrees {
  readonly state: JsonObject;
  readonly metadata: JsonObject;
}

/**
 * Write what an update says into a shadow: objects are merged, everything else replaces what was there, and null removes it.
 * What is empty then is removed too.
 *
 * @param seconds the time of the update
 */
export function mergeUpdate({ state, metadata }: ShadowTrees, update: JsonObject | null, seconds: number): void {
  if (update === null) {
    state.clear();
    metadata.clear();
  } else {
    merge(state, metadata, update, timestamp(seconds));
  }
}

function merge(state: JsonObject, metadata: JsonObject, update: JsonObject, now: JsonObject): void {
  for (const [name, value] of update) {
    if (isObject(value)) {
      const [before, metadataBefore] = [state.get(name), metadata.get(name)];
      const inner = isObject(before) ? before : new Map<string, Json>();
      const innerMetadata = isObject(before) ? metadataBefore as JsonObject : new Map<string, Json>();
      merge(inner, innerMetadata, value, now);
      set(state, name, inner.size === 0 ? null : inner);
      set(metadata, name, inner.size === 0 ? null : innerMetadata);
    } else {
      set(state, name, value);
      set(metadata, name, value === null ? null : stamp(value, now));
    }
  }
}

function set(object: JsonObject, name: string, value: Json): void {
  if (value === null) {
    object.delete(name);
  } else {
    object.set(name, value);
  }
}

/** The metadata of what an update says, as its sender is told. */
export function metadataOf(update: JsonObject | null, seconds: number): JsonObject {
  return update === null ? new Map<string, Json>() : stamp(update, timestamp(seconds)) as JsonObject;
}

function timestamp(seconds: number): JsonObject {
  return new Map([['timestamp', new Numeral(String(seconds))]]);
}

/** A tree of the same shape with a timestamp in the place of each value; arrays have one for each of their items. */
function stamp(value: Json, now: JsonObject): Json {
  if (isObject(value)) {
    return new Map([...value].map(([name, member]) => [name, stamp(member, now)]));
  }
  return isArray(value) ? value.map((item) => stamp(item, now)) : now;
}

/**
 * What is desired and not reported, with its metadata; undefined when nothing is.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html#delta-state
 */
export function deltaOf({ state, metadata }: ShadowTrees): ShadowTrees | undefined {
  const [desired, reported] = [state.get('desired'), state.get('reported')];
  return isObject(desired) ? difference(desired, isObject(reported) ? reported : new Map<string, Json>(), metadata.get('desired') as JsonObject) : undefined;
}

function difference(desired: JsonObject, reported: JsonObject, metadata: JsonObject): ShadowTrees | undefined {
  const differing: ShadowTrees = { state: new Map(), metadata: new Map() };
  for (const [name, value] of desired) {
    const other = reported.get(name);
    if (isObject(value) && isObject(other)) {
      const inner = difference(value, other, metadata.get(name) as JsonObject);
      if (inner !== undefined) {
        differing.state.set(name, inner.state);
        differing.metadata.set(name, inner.metadata);
      }
    } else if (other === undefined || !isEqual(value, other)) {
      differing.state.set(name, value);
      differing.metadata.set(name, metadata.get(name)!);
    }
  }
  return differing.state.size === 0 ? undefined : differing;
}

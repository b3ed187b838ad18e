import { toJson } from './json';
import { toDouble } from './number';
import { isArray, isNumeric, isObject, setMember } from './value';
import type { Value } from './value';

/** The longest payload that a rule hands to its actions, in characters of JSON. */
const MAX_OUTPUT = 1_048_576;

/**
 * The payload that actions get for a value: JSON, the bytes of a payload that is not, nothing for Undefined.
 *
 * Undefined if it is too long to be a message.
 */
export function toPayload(value: Value): Buffer | undefined {
  if (Buffer.isBuffer(value)) {
    return value;
  }
  const json = value === undefined ? '' : toJson(value, MAX_OUTPUT);
  return json === undefined ? undefined : Buffer.from(json);
}

/** A value as JavaScript has it, with doubles for all numbers. */
export function toJavaScript(value: Value): unknown {
  if (isNumeric(value)) {
    return toDouble(value);
  }
  if (isArray(value)) {
    return value.filter((item) => item !== undefined).map(toJavaScript);
  }
  if (isObject(value)) {
    const object: { [key: string]: Value } = {};
    Object.keys(value).forEach((key) => setMember(object, key, toJavaScript(value[key]) as Value));
    return object;
  }
  return value;
}

import { isPartialText, isText, isUnknownPart, joinText } from '../policy/text';
import type { Text, UnknownPart } from '../policy/text';

/** JSON as a template holds it, intrinsic functions included. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/**
 * A resolved value: JSON whose strings may be partly known, and any part of which may be unknown.
 *
 * An unknown that is certainly a string is a `PartialText`; one that may be anything is an `UnknownPart`.
 */
export type Value = null | boolean | number | Text | UnknownPart | readonly Value[] | ValueObject;

export interface ValueObject {
  readonly [key: string]: Value;
}

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isObject(value);
}

/** Whether a resolved value is an object, and known to be one. */
export function isValueObject(value: Value | undefined): value is ValueObject {
  return isObject(value) && !isUnknownPart(value) && !isPartialText(value);
}

export function isList<T extends Json | Value>(value: T | undefined): value is T & readonly T[] {
  return Array.isArray(value);
}

/** An object's own value: names such as `__proto__` and `constructor` in a template are only names. */
export function own<T>(object: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A property deep in a resolved value: absent, or unknown as soon as something on the way is unknown. */
export function propertyOf(value: Value | undefined, ...keys: readonly string[]): Value | undefined {
  return keys.reduce<Value | undefined>((current, key) => {
    const [part] = isPartialText(current) ? current.parts : [current];
    return isUnknownPart(part) ? { unknown: `${part.unknown}.${key}` } : isValueObject(current) ? own(current, key) : undefined;
  }, value);
}

/** A double holds this many digits exactly; a longer number may not be what its author wrote. */
const EXACT_NUMBER = /^-?[\d.]{1,15}$/;

/** A value as CloudFormation writes it where a string is wanted; absent for a list, an object or an inexact number. */
export function asText(value: Value | undefined): Text | undefined {
  if (isText(value)) {
    return value;
  }
  if (isUnknownPart(value)) {
    return joinText([value]);
  }
  if (typeof value === 'boolean') {
    return String(value);
  }
  return typeof value === 'number' && EXACT_NUMBER.test(String(value)) ? String(value) : undefined;
}

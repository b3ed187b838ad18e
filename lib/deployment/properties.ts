import { asText, isList, propertyOf } from './values';
import type { Value } from './values';

/** A property as text; nothing where it is absent, or known only after deployment. */
export function textAt(value: Value | undefined, ...keys: readonly string[]): string | undefined {
  const text = asText(propertyOf(value, ...keys));
  return typeof text === 'string' ? text : undefined;
}

export function numberAt(value: Value | undefined, ...keys: readonly string[]): number | undefined {
  const number = Number(textAt(value, ...keys) ?? NaN);
  return Number.isFinite(number) ? number : undefined;
}

export function flagAt(value: Value | undefined, ...keys: readonly string[]): boolean {
  return textAt(value, ...keys) === 'true';
}

export function listAt(value: Value | undefined, ...keys: readonly string[]): readonly Value[] {
  const list = propertyOf(value, ...keys);
  return isList(list) ? list : [];
}

/** A list of texts, without those that are known only after deployment. */
export function textsAt(value: Value | undefined, ...keys: readonly string[]): readonly string[] {
  return listAt(value, ...keys).flatMap((item) => textAt(item) ?? []);
}

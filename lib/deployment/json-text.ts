import { MAX_DEPTH } from './parse-yaml';
import { isList, isObject, isValueObject } from './values';
import type { Json, Value } from './values';
import { isPartialText, isUnknownPart, joinText, partsOf } from '../policy/text';
import type { Text, UnknownPart } from '../policy/text';

/**
 * Stand-ins for the n-th unknown part while a text passes through `JSON`, inside of a string and as a whole value.
 * They are private-use characters; a text that has them already is left alone.
 */
const INSIDE = /\uE000(\d+)\uE002/;
const INSIDE_OR_WHOLE = /\uE000(\d+)\uE002|"\uE001(\d+)\uE002"/;
const STAND_INS = /[\uE000-\uE002]/;

/** Write a value as JSON text, its unknown parts staying parts of the text. */
export function toJsonText(value: Value): Text | undefined {
  const unknowns: UnknownPart[] = [];
  const json = JSON.stringify(value, (_key, inner: Value) => {
    if (isUnknownPart(inner)) {
      return `\uE001${unknowns.push(inner) - 1}\uE002`;
    }
    return isPartialText(inner)
      ? partsOf(inner).map((part) => (typeof part === 'string' ? part : `\uE000${unknowns.push(part) - 1}\uE002`)).join('')
      : inner;
  });
  const pieces = json.split(INSIDE_OR_WHOLE);
  if (pieces.length !== 1 + 3 * unknowns.length) {
    return undefined;
  }
  // Both groups of the pattern are in every match, one of them empty.
  return joinText(pieces.map((piece, index) => (index % 3 === 0 ? piece : unknowns[Number(piece ?? NaN)] ?? '')));
}

/** Read JSON text that has unknown parts only inside of its strings; absent when that is not what it is. */
export function fromJsonText(text: Text): Value | undefined {
  const parts = partsOf(text);
  if (parts.some((part) => typeof part === 'string' && STAND_INS.test(part))) {
    return undefined;
  }
  const unknowns = parts.filter(isUnknownPart);
  let count = 0;
  try {
    const json = parts.map((part) => (typeof part === 'string' ? part : `\uE000${count++}\uE002`)).join('');
    return restore(JSON.parse(json) as Json, unknowns, 0);
  } catch {
    return undefined;
  }
}

function restore(value: Json, unknowns: readonly UnknownPart[], depth: number): Value {
  if (depth > MAX_DEPTH) {
    throw new SyntaxError('nested too deeply');
  }
  if (typeof value === 'string') {
    return joinText(value.split(INSIDE).map((piece, index) => (index % 2 === 0 ? piece : unknowns[Number(piece)] ?? '')));
  }
  if (isList(value)) {
    return value.map((item) => restore(item, unknowns, depth + 1));
  }
  if (!isObject(value)) {
    return value;
  }
  const entries = Object.entries(value);
  if (!isValueObject(value) || entries.some(([key]) => STAND_INS.test(key))) {
    throw new SyntaxError('not a value that can be kept');
  }
  return Object.fromEntries(entries.map(([key, entry]) => [key, restore(entry, unknowns, depth + 1)]));
}

import { Decimal, sameNumber } from './number';
import type { Numeric } from './number';
import type { Work } from './work';

/** A value of AWS IoT SQL. `undefined` is Undefined, `null` is Null; a Buffer is a payload that is not JSON. */
export type Value = undefined | null | boolean | Numeric | string | readonly Value[] | ObjectValue | Buffer;

export interface ObjectValue {
  readonly [key: string]: Value;
}

export function isNumeric(value: Value): value is Numeric {
  return typeof value === 'number' || value instanceof Decimal;
}

export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isObject(value: Value): value is ObjectValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Decimal) && !Buffer.isBuffer(value);
}

/** A member of an object by its own name; a name that JavaScript knows, such as `constructor`, is none. */
export function memberOf(value: Value, name: string): Value {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Set a member of an object that is being made; Undefined members do not exist. */
export function setMember(object: { [key: string]: Value }, name: string, value: Value): void {
  if (value === undefined) {
    return;
  }
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = value;
  }
}

/** How many characters of two texts are compared in one step. */
const COMPARED_PER_STEP = 1024;

/** Equality of two values neither of which is Undefined: values of different types differ. */
export function equal(left: Value, right: Value, work: Work): boolean {
  work.spend(1);
  if (isNumeric(left)) {
    return isNumeric(right) && sameNumber(left, right);
  }
  if (isArray(left)) {
    return isArray(right) && left.length === right.length && left.every((item, index) => equal(item, right[index], work));
  }
  if (isObject(left)) {
    if (!isObject(right)) {
      return false;
    }
    const keys = Object.keys(left);
    return keys.length === Object.keys(right).length
      && keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key], work));
  }
  if (typeof left === 'string') {
    work.spend(left.length / COMPARED_PER_STEP);
  }
  return left === right;
}

import { toJson } from './json';
import { fromDouble, isInt, numericText, parseNumeric, round, toDouble } from './number';
import type { Numeric } from './number';
import { isNumeric } from './value';
import type { Value } from './value';
import { MAX_TEXT_LENGTH } from './work';
import type { Work } from './work';

/** How many characters of a text are read in one step. */
const TEXT_PER_STEP = 16;

/**
 * The conversions that operators and functions apply to what they are given; undefined is Undefined, and there is no
 * conversion to Array, Object, Null or Undefined. Null, which converts to a Null number, makes every function Undefined.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-data-types.html#iot-sql-conversions
 */
export function toNumeric(value: Value, work?: Work): Numeric | undefined {
  if (typeof value !== 'string') {
    return isNumeric(value) ? value : undefined;
  }
  work?.spend(value.length / TEXT_PER_STEP);
  return parseNumeric(value);
}

/** A Decimal is rounded to the nearest Int; a string is cut. */
export function toInt(value: Value, work?: Work): Numeric | undefined {
  const number = toNumeric(value, work);
  return number === undefined ? undefined : asInt(round(number, typeof value === 'string' ? 'down' : 'half-up'));
}

/** For the functions that say so: rounded down to the nearest Int. */
export function toFlooredInt(value: Value, work?: Work): Numeric | undefined {
  const number = toNumeric(value, work);
  return number === undefined ? undefined : asInt(round(number, 'floor'));
}

/** A count or an index, rounded down and set to the nearest value that is allowed, however large the number is. */
export function toIntWithin(value: Value, least: number, most: number, work: Work): number | undefined {
  const number = toNumeric(value, work);
  return number === undefined ? undefined : Math.min(Math.max(Math.floor(toDouble(number)), least), most);
}

function asInt(value: Numeric): Numeric | undefined {
  return isInt(value) ? value : undefined;
}

export function toBoolean(value: Value): boolean | undefined {
  if (typeof value !== 'string') {
    return typeof value === 'boolean' ? value : undefined;
  }
  const lower = value.length <= 'false'.length ? value.toLowerCase() : undefined;
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

export function toText(value: Value, work?: Work): string | undefined {
  if (typeof value === 'string') {
    work?.spend(value.length / TEXT_PER_STEP);
    return value;
  }
  return value === null ? undefined : isNumeric(value) ? numericText(value) : toJson(value, MAX_TEXT_LENGTH, work);
}

/** What `cast(value AS type)` converts to; only cast turns numbers into booleans and back. */
export type CastTarget = 'text' | 'int' | 'double' | 'decimal' | 'boolean';

/** The type names of cast, and since when AWS knows them. */
export const CAST_TYPES: ReadonlyMap<string, { readonly to: CastTarget; readonly since: '2015-10-08' | '2016-03-23' }> = new Map([
  ['string', { to: 'text', since: '2015-10-08' }],
  ['nvarchar', { to: 'text', since: '2015-10-08' }],
  ['text', { to: 'text', since: '2015-10-08' }],
  ['ntext', { to: 'text', since: '2015-10-08' }],
  ['varchar', { to: 'text', since: '2015-10-08' }],
  ['int', { to: 'int', since: '2015-10-08' }],
  ['integer', { to: 'int', since: '2015-10-08' }],
  ['double', { to: 'double', since: '2015-10-08' }],
  ['decimal', { to: 'decimal', since: '2016-03-23' }],
  ['bool', { to: 'boolean', since: '2016-03-23' }],
  ['boolean', { to: 'boolean', since: '2016-03-23' }],
]);

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html#iot-sql-function-cast */
export function cast(value: Value, to: CastTarget, work: Work): Value {
  switch (to) {
    case 'text': return toText(value, work);
    case 'int': return typeof value === 'boolean' ? Number(value) : toFlooredInt(value, work);
    case 'decimal': return typeof value === 'boolean' ? Number(value) : toNumeric(value, work);
    case 'double': {
      const number = typeof value === 'boolean' ? Number(value) : toNumeric(value, work);
      return number === undefined ? undefined : fromDouble(toDouble(number));
    }
    case 'boolean': return isNumeric(value) ? value !== 0 : toBoolean(value);
  }
}

import { toFlooredInt, toIntWithin, toNumeric } from '../convert';
import type { Evaluation } from '../evaluation';
import { compare, fromBigInt, fromDouble, negate, round, toBigInt, toDouble } from '../number';
import type { Numeric, Rounding } from '../number';
import { OPERATORS } from '../operators';
import { isNumeric } from '../value';
import type { Value } from '../value';
import { define } from './function';
import type { SqlFunction } from './function';

/** Of one number, with all its digits. */
function exact(name: string, call: (value: Numeric) => Value): SqlFunction {
  return define(name, '2015-10-08', [1, 1], `iot-func-${name}`, ([value], { work }) => {
    const number = toNumeric(value, work);
    return number === undefined ? undefined : call(number);
  });
}

/** In double precision; a result that is no number, or not a real one, is Undefined. */
function double(name: string, call: (value: number) => number, anchor = `iot-func-${name}`): SqlFunction {
  return { ...exact(name, (value) => fromDouble(call(toDouble(value)))), anchor };
}

function doubles(name: string, call: (left: number, right: number) => number): SqlFunction {
  return define(name, '2015-10-08', [2, 2], `iot-func-${name}`, ([left, right], { work }) => {
    const [a, b] = [toNumeric(left, work), toNumeric(right, work)];
    return a === undefined || b === undefined ? undefined : fromDouble(call(toDouble(a), toDouble(b)));
  });
}

function rounded(name: string, rounding: Rounding): SqlFunction {
  return exact(name, (value) => round(value, rounding));
}

/** AWS says that both are the operator. */
function modulo(name: string): SqlFunction {
  return define(name, '2015-10-08', [2, 2], `iot-func-${name}`, ([left, right], { work }) => OPERATORS['%'](left, right, work));
}

function bits(name: string, call: (left: bigint, right: bigint) => bigint, anchor = `iot-func-${name}`): SqlFunction {
  return define(name, '2015-10-08', [2, 2], anchor, ([left, right], { work }) => {
    const [a, b] = [toFlooredInt(left, work), toFlooredInt(right, work)];
    return a === undefined || b === undefined ? undefined : fromBigInt(call(toBigInt(a), toBigInt(b)));
  });
}

/** Flips the bits that the number has: AWS documents 2 for 13, not -14. */
function flip(value: bigint): bigint {
  return value < 0n ? ~value : value ^ ((1n << BigInt(value.toString(2).length)) - 1n);
}

const MAX_PLACES = 34;

/** A text is a number to cut, but no number of places: AWS's table has none there. */
function truncate([value, places]: readonly Value[], { work }: Evaluation): Value {
  const number = toNumeric(value, work);
  const wanted = isNumeric(places) ? toIntWithin(places, 0, MAX_PLACES, work) : undefined;
  return number === undefined || wanted === undefined ? undefined : round(number, 'down', wanted);
}

export const NUMBER_FUNCTIONS: readonly SqlFunction[] = [
  exact('abs', (value) => (compare(value, 0) < 0 ? negate(value) : value)),
  exact('sign', (value) => compare(value, 0)),
  rounded('ceil', 'ceil'),
  rounded('floor', 'floor'),
  rounded('round', 'half-up'),
  define('trunc', '2015-10-08', [2, 2], 'iot-func-trunc', truncate),
  modulo('mod'),
  modulo('remainder'),
  bits('bitand', (left, right) => left & right),
  bits('bitor', (left, right) => left | right),
  bits('bitxor', (left, right) => left ^ right, 'iot-func-xbitor'),
  define('bitnot', '2015-10-08', [1, 1], 'iot-func-bitnot', ([value], { work }) => {
    const number = toFlooredInt(value, work);
    return number === undefined ? undefined : fromBigInt(flip(toBigInt(number)));
  }),
  double('acos', Math.acos),
  double('asin', Math.asin),
  double('atan', Math.atan),
  doubles('atan2', Math.atan2),
  double('cos', Math.cos),
  double('cosh', Math.cosh),
  double('exp', Math.exp),
  double('ln', Math.log, 'iot-func-nln'),
  double('log', Math.log10),
  doubles('power', Math.pow),
  double('sin', Math.sin),
  double('sinh', Math.sinh),
  double('sqrt', Math.sqrt),
  double('tan', Math.tan),
  double('tanh', Math.tanh),
  define('rand', '2015-10-08', [0, 0], 'iot-sql-function-rand', (_, evaluation) => fromDouble(evaluation.once(evaluation.environment.random))),
  // A NaN cannot come about, so that the second value stands in for Undefined and Null only.
  define('nanvl', '2015-10-08', [2, 2], 'iot-func-nanvl', ([value, other]) => value ?? other),
  define('chr', '2015-10-08', [1, 1], 'iot-func-chr', ([value], { work }) => {
    const code = toFlooredInt(value, work);
    return typeof code === 'number' && code >= 0 && code <= 127 ? String.fromCharCode(code) : undefined;
  }),
];

import { toBoolean, toNumeric, toText } from './convert';
import { add, compare, divide, divideDecimals, multiply, remainder, subtract } from './number';
import type { Numeric } from './number';
import { equal, isArray, isNumeric } from './value';
import type { Value } from './value';
import { MAX_TEXT_LENGTH } from './work';
import type { Work } from './work';

export type OperatorName = 'OR' | 'AND' | '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IN' | 'NOT IN' | '+' | '-' | '*' | '/' | '%';

export type Operator = (left: Value, right: Value, work: Work) => Value;

/** Undefined as soon as one side is no Boolean: `true OR missing` is Undefined. */
function logical(decide: (left: boolean, right: boolean) => boolean): Operator {
  return (left, right) => {
    const [a, b] = [toBoolean(left), toBoolean(right)];
    return a === undefined || b === undefined ? undefined : decide(a, b);
  };
}

/** Numbers and what converts to one; texts are not compared by their letters. */
function comparing(decide: (order: number) => boolean): Operator {
  return (left, right, work) => {
    const [a, b] = [toNumeric(left, work), toNumeric(right, work)];
    return a === undefined || b === undefined ? undefined : decide(compare(a, b));
  };
}

/** Steps for numbers that JavaScript cannot calculate with, and for those of very different sizes. */
const DECIMAL_STEPS = 50;
const REMAINDER_STEPS = 500;

function calculating(calculate: (left: Numeric, right: Numeric) => Numeric | undefined, steps = DECIMAL_STEPS): Operator {
  return (left, right, work) => {
    const [a, b] = [toNumeric(left, work), toNumeric(right, work)];
    if (a === undefined || b === undefined) {
      return undefined;
    }
    if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) {
      work.spend(steps);
    }
    return calculate(a, b);
  };
}

function equals(left: Value, right: Value, work: Work): boolean | undefined {
  return left === undefined || right === undefined ? undefined : equal(left, right, work);
}

const sum = calculating(add);
const quotient = calculating(divide);
const decimalQuotient = calculating(divideDecimals);

/** A text on either side makes it a concatenation. */
function plus(left: Value, right: Value, work: Work): Value {
  if (typeof left !== 'string' && typeof right !== 'string') {
    return isNumeric(left) && isNumeric(right) ? sum(left, right, work) : undefined;
  }
  const [a, b] = [toText(left, work), toText(right, work)];
  return a === undefined || b === undefined || a.length + b.length > MAX_TEXT_LENGTH ? undefined : a + b;
}

/** The right side is an array; one Undefined item does not hide that another is equal. */
function isIn(left: Value, right: Value, work: Work): boolean | undefined {
  return left === undefined || !isArray(right) ? undefined : right.some((item) => equals(left, item, work) === true);
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-operators.html */
export const OPERATORS: { readonly [name in OperatorName]: Operator } = {
  'OR': logical((left, right) => left || right),
  'AND': logical((left, right) => left && right),
  '=': equals,
  '<>': (left, right, work) => negated(equals(left, right, work)),
  '<': comparing((order) => order < 0),
  '<=': comparing((order) => order <= 0),
  '>': comparing((order) => order > 0),
  '>=': comparing((order) => order >= 0),
  'IN': isIn,
  'NOT IN': (left, right, work) => negated(isIn(left, right, work)),
  '+': plus,
  '-': calculating(subtract),
  '*': calculating(multiply),
  // A text is a Decimal, so that "7" / 2 is 3.5, where 7 / 2 is 3.
  '/': (left, right, work) => (typeof left === 'string' || typeof right === 'string' ? decimalQuotient : quotient)(left, right, work),
  '%': calculating(remainder, REMAINDER_STEPS),
};

export function negated(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

/**
 * Which operators bind alike, from the loosest; NOT stands between AND and the comparisons.
 *
 * AWS documents no precedence but says that the language is that of ANSI SQL.
 */
export const PRECEDENCE: readonly (readonly OperatorName[])[] = [
  ['OR'], ['AND'], ['=', '<>', '<', '<=', '>', '>=', 'IN', 'NOT IN'], ['+', '-'], ['*', '/', '%'],
];

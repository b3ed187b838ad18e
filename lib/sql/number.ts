/**
 * Numbers of AWS IoT SQL: 34 decimal digits, from 1E-999 to 9.99…E999.
 *
 * A JavaScript number stands for the decimal number that it is written as, `0.1` for exactly one tenth; any other number
 * is a `Decimal`. Every number has one form only, so that two equal numbers are of the same form.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-data-types.html
 */
export type Numeric = number | Decimal;

const PRECISION = 34;
const MAX_EXPONENT = 999;

/** Digits of a number of which every double of usual size knows exactly one. */
const SURE_DIGITS = 15;
const MAX_DOUBLE_DIGITS = 17;
const SURE_EXPONENT = 290;

/** A number that no double is written as: `coefficient` times ten to the power of `exponent`, without trailing zeros. */
export class Decimal {
  constructor(public readonly coefficient: bigint, public readonly exponent: number) {}

  /** For JSON.stringify; our own JSON keeps all digits. */
  public toJSON(): number {
    return toDouble(this);
  }
}

interface Parts {
  readonly coefficient: bigint;
  readonly exponent: number;
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE]-?\d+)?$/;

/** A string that AWS converts to a Decimal; undefined for any other. */
export function parseNumeric(text: string): Numeric | undefined {
  return NUMBER.test(text) ? readNumeric(text) : undefined;
}

/** The number that a literal of SQL or JSON stands for; undefined if it is too large. */
export function readNumeric(text: string): Numeric | undefined {
  if (text.length <= SURE_DIGITS && !/[eE]/.test(text)) {
    return Number(text) + 0;
  }
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const digits = (whole! + fraction).replace(/^0+/, '');
  // What comes after all digits that count only says whether there is more.
  const kept = digits.slice(0, PRECISION + 2);
  const rest = digits.slice(PRECISION + 2);
  const coefficient = BigInt(`${sign!}${kept}${/[1-9]/.test(rest) ? '1' : '0'}`);
  return numeric(coefficient, Number(exponent) - fraction.length + rest.length - 1);
}

/** The number for a double; undefined for NaN and infinity. */
export function fromDouble(value: number): Numeric | undefined {
  return Number.isFinite(value) ? value + 0 : undefined;
}

export function toDouble(value: Numeric): number {
  return typeof value === 'number' ? value : Number(`${value.coefficient}e${value.exponent}`);
}

/** Round to what SQL can hold and find the one form of the result. */
function numeric(coefficient: bigint, exponent: number): Numeric | undefined {
  if (coefficient === 0n) {
    return 0;
  }
  let digits = (coefficient < 0n ? -coefficient : coefficient).toString();
  let power = exponent;
  if (digits.length > PRECISION) {
    power += digits.length - PRECISION;
    digits = roundHalfEven(digits);
  }
  const short = digits.replace(/0+$/, '');
  power += digits.length - short.length;
  const magnitude = power + short.length - 1;
  if (magnitude > MAX_EXPONENT) {
    return undefined;
  }
  if (magnitude < -MAX_EXPONENT) {
    return 0;
  }
  const sign = coefficient < 0n ? '-' : '';
  if (short.length <= MAX_DOUBLE_DIGITS) {
    const double = Number(`${sign}${short}e${power}`);
    if ((short.length <= SURE_DIGITS && Math.abs(magnitude) < SURE_EXPONENT) || isWrittenAs(double, short, power)) {
      return double;
    }
  }
  return new Decimal(BigInt(sign + short), power);
}

function roundHalfEven(digits: string): string {
  const kept = BigInt(digits.slice(0, PRECISION));
  const rest = digits.slice(PRECISION);
  const half = `5${'0'.repeat(rest.length - 1)}`;
  const up = rest > half || (rest === half && kept % 2n === 1n);
  return (up ? kept + 1n : kept).toString();
}

function isWrittenAs(double: number, digits: string, exponent: number): boolean {
  if (!Number.isFinite(double) || double === 0) {
    return false;
  }
  const parts = partsOf(double);
  const short = parts.coefficient.toString().replace('-', '').replace(/0+$/, '');
  return short === digits && parts.exponent + digitsOf(parts.coefficient) - short.length === exponent;
}

function partsOf(value: Numeric): Parts {
  if (typeof value !== 'number') {
    return value;
  }
  if (Number.isSafeInteger(value)) {
    return { coefficient: BigInt(value), exponent: 0 };
  }
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!;
  return { coefficient: BigInt(`${sign!}${whole!}${fraction}`), exponent: Number(exponent) - fraction.length };
}

/** Both coefficients for the smaller of the two exponents. */
function align(left: Numeric, right: Numeric): readonly [bigint, bigint, number] {
  const [a, b] = [partsOf(left), partsOf(right)];
  const exponent = Math.min(a.exponent, b.exponent);
  return [a.coefficient * 10n ** BigInt(a.exponent - exponent), b.coefficient * 10n ** BigInt(b.exponent - exponent), exponent];
}

/** A whole number is an Int as long as it has no more than 34 digits, `10.0` too. */
export function isInt(value: Numeric): boolean {
  return typeof value === 'number'
    ? Number.isInteger(value) && Math.abs(value) < 1e34
    : value.exponent >= 0 && digitsOf(value.coefficient) + value.exponent <= PRECISION;
}

function bothSafe(left: Numeric, right: Numeric): boolean {
  return Number.isSafeInteger(left) && Number.isSafeInteger(right);
}

export function add(left: Numeric, right: Numeric): Numeric | undefined {
  if (bothSafe(left, right)) {
    const sum = (left as number) + (right as number);
    if (Number.isSafeInteger(sum)) {
      return sum + 0;
    }
  }
  const [large, small] = magnitudeOf(left) >= magnitudeOf(right) ? [left, right] : [right, left];
  if (small !== 0 && magnitudeOf(large) - magnitudeOf(small) > PRECISION + 2) {
    // So small that it only says on which side of the larger one the sum is.
    const { coefficient, exponent } = partsOf(large);
    return numeric(coefficient * 10n ** BigInt(PRECISION + 2) + (compare(small, 0) < 0 ? -1n : 1n), exponent - PRECISION - 2);
  }
  const [a, b, exponent] = align(left, right);
  return numeric(a + b, exponent);
}

/** The power of ten of the first digit; smaller than any other for zero. */
function magnitudeOf(value: Numeric): number {
  const { coefficient, exponent } = partsOf(value);
  return coefficient === 0n ? -Infinity : digitsOf(coefficient) + exponent - 1;
}

function digitsOf(coefficient: bigint): number {
  return (coefficient < 0n ? -coefficient : coefficient).toString().length;
}

export function negate(value: Numeric): Numeric {
  return typeof value === 'number' ? -value + 0 : new Decimal(-value.coefficient, value.exponent);
}

export function subtract(left: Numeric, right: Numeric): Numeric | undefined {
  return add(left, negate(right));
}

export function multiply(left: Numeric, right: Numeric): Numeric | undefined {
  if (bothSafe(left, right)) {
    const product = (left as number) * (right as number);
    if (Number.isSafeInteger(product)) {
      return product + 0;
    }
  }
  const [a, b] = [partsOf(left), partsOf(right)];
  return numeric(a.coefficient * b.coefficient, a.exponent + b.exponent);
}

/** Two Ints are divided to an Int, cut towards zero; nothing is divided by zero. */
export function divide(left: Numeric, right: Numeric): Numeric | undefined {
  if (right === 0) {
    return undefined;
  }
  if (bothSafe(left, right)) {
    return Math.trunc((left as number) / (right as number)) + 0;
  }
  if (isInt(left) && isInt(right)) {
    const [dividend, divisor] = align(left, right);
    return numeric(dividend / divisor, 0);
  }
  return divideDecimals(left, right);
}

/** The same for two Decimals, whole ones too, with all the digits there are. */
export function divideDecimals(left: Numeric, right: Numeric): Numeric | undefined {
  if (right === 0) {
    return undefined;
  }
  const [a, b] = [partsOf(left), partsOf(right)];
  const scale = Math.max(0, PRECISION + 2 + digitsOf(b.coefficient) - digitsOf(a.coefficient));
  const dividend = a.coefficient * 10n ** BigInt(scale);
  const quotient = dividend / b.coefficient;
  if (dividend % b.coefficient === 0n) {
    return numeric(quotient, a.exponent - b.exponent - scale);
  }
  // One more digit says that there is a rest, so that a half is not taken for exact.
  const sticky = (dividend < 0n) === (b.coefficient < 0n) ? 1n : -1n;
  return numeric(quotient * 10n + sticky, a.exponent - b.exponent - scale - 1);
}

/** What is left of a division, with the sign of the dividend. */
export function remainder(left: Numeric, right: Numeric): Numeric | undefined {
  if (right === 0) {
    return undefined;
  }
  if (bothSafe(left, right)) {
    return ((left as number) % (right as number)) + 0;
  }
  const [a, b, exponent] = align(left, right);
  return numeric(a % b, exponent);
}

function signOf(value: Numeric): number {
  return typeof value === 'number' ? Math.sign(value) : value.coefficient < 0n ? -1 : 1;
}

/** Negative, zero or positive, as the left number is smaller, equal or larger. */
export function compare(left: Numeric, right: Numeric): number {
  if (typeof left === 'number' && typeof right === 'number') {
    return left < right ? -1 : left > right ? 1 : 0;
  }
  const [sign, other] = [signOf(left), signOf(right)];
  const difference = sign - other || sign * (magnitudeOf(left) - magnitudeOf(right));
  if (difference !== 0) {
    return Math.sign(difference);
  }
  const [a, b] = align(left, right);
  return a < b ? -1 : a > b ? 1 : 0;
}

export function sameNumber(left: Numeric, right: Numeric): boolean {
  return left === right || (left instanceof Decimal && right instanceof Decimal
    && left.coefficient === right.coefficient && left.exponent === right.exponent);
}

export type Rounding = 'down' | 'floor' | 'ceil' | 'half-up';

/** Round to so many places: `down` towards zero, `half-up` to the nearest and away from zero in the middle. */
export function round(value: Numeric, rounding: Rounding, places = 0): Numeric {
  if (typeof value === 'number' && Number.isInteger(value)) {
    return value;
  }
  const { coefficient, exponent } = partsOf(value);
  if (exponent >= -places) {
    return value;
  }
  if (exponent + digitsOf(coefficient) < -places) {
    // Less than a tenth of the last place.
    const away = (rounding === 'floor' && coefficient < 0n) || (rounding === 'ceil' && coefficient > 0n);
    return away ? numeric(coefficient < 0n ? -1n : 1n, -places)! : 0;
  }
  const unit = 10n ** BigInt(-places - exponent);
  const cut = coefficient / unit;
  const rest = coefficient % unit;
  const away = coefficient < 0n ? -1n : 1n;
  const step = { 'down': 0n, 'floor': rest < 0n ? -1n : 0n, 'ceil': rest > 0n ? 1n : 0n, 'half-up': rest * away * 2n >= unit ? away : 0n }[rounding];
  // Never larger than the value was, but for the last digit.
  return numeric(cut + step, -places)!;
}

/** As a bigint, for bits; the value is an Int. */
export function toBigInt(value: Numeric): bigint {
  const { coefficient, exponent } = partsOf(value);
  return coefficient * 10n ** BigInt(exponent);
}

export function fromBigInt(value: bigint): Numeric | undefined {
  return numeric(value, 0);
}

/** Ints in standard notation; other numbers as Java's BigDecimal writes them, very small and very large ones with an exponent. */
export function numericText(value: Numeric): string {
  if (typeof value === 'number' && (Number.isSafeInteger(value) || Math.abs(value) >= 1e-6) && Math.abs(value) < 1e21) {
    return String(value);
  }
  const { coefficient, exponent } = partsOf(value);
  if (isInt(value)) {
    return toBigInt(value).toString();
  }
  const sign = coefficient < 0n ? '-' : '';
  const digits = coefficient.toString().replace('-', '').replace(/0+$/, '');
  const magnitude = magnitudeOf(value);
  if (magnitude >= -6 && exponent < 0) {
    const padded = digits.padStart(1 - exponent, '0');
    return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${sign}${digits[0]!}${fraction}E${magnitude < 0 ? '' : '+'}${magnitude}`;
}

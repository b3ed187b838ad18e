import type { Expression, Item, NestedSelect, Query, Selection } from '../../lib/sql';

/**
 * The rule SQL, slowly: it walks the tree that the parser made with every message, numbers are fractions, values carry
 * their type. It shares nothing with lib/sql but the tree.
 */
export type Tagged =
  | { readonly is: 'undefined' | 'null' }
  | { readonly is: 'boolean'; readonly value: boolean }
  | { readonly is: 'string'; readonly value: string }
  | Fraction
  | { readonly is: 'array'; readonly items: readonly Tagged[] }
  | { readonly is: 'object'; readonly members: ReadonlyMap<string, Tagged> };

interface Fraction {
  readonly is: 'number';
  readonly over: bigint;
  readonly under: bigint;
}

const UNDEFINED: Tagged = { is: 'undefined' };
const NULL: Tagged = { is: 'null' };

const bool = (value: boolean): Tagged => ({ is: 'boolean', value });
const text = (value: string): Tagged => ({ is: 'string', value });
const whole = (value: bigint | number): Fraction => fraction(BigInt(value), 1n);

function fraction(over: bigint, under: bigint): Fraction {
  const sign = under < 0n ? -1n : 1n;
  let [a, b] = [over < 0n ? -over : over, under * sign];
  while (b !== 0n) {
    [a, b] = [b, a % b];
  }
  const divisor = a === 0n ? 1n : a;
  return { is: 'number', over: over * sign / divisor, under: under * sign / divisor };
}

/** The fraction that a number is written as. */
export function fractionOf(written: string): Fraction {
  const [mantissa, exponent = '0'] = written.toLowerCase().split('e') as [string, string?];
  const [int, part = ''] = mantissa.split('.') as [string, string?];
  const power = Number(exponent) - part.length;
  const digits = BigInt(int + part);
  return power < 0 ? fraction(digits, 10n ** BigInt(-power)) : fraction(digits * 10n ** BigInt(power), 1n);
}

/** 34 digits, half to even, by looking for the power of ten that leaves so many before the point. */
function rounded({ over, under }: Fraction): Tagged {
  if (over === 0n) {
    return whole(0);
  }
  const size = over < 0n ? -over : over;
  let shift = 34 - (size.toString().length - under.toString().length);
  const scaled = (): bigint => (shift >= 0 ? size * 10n ** BigInt(shift) / under : size / (under * 10n ** BigInt(-shift)));
  while (scaled() >= 10n ** 34n) {
    shift--;
  }
  while (scaled() < 10n ** 33n) {
    shift++;
  }
  const [top, bottom] = shift >= 0 ? [size * 10n ** BigInt(shift), under] : [size, under * 10n ** BigInt(-shift)];
  let digits = top / bottom;
  const rest = top % bottom * 2n;
  digits += rest > bottom || (rest === bottom && digits % 2n === 1n) ? 1n : 0n;
  const magnitude = digits.toString().length - 1 - shift;
  if (magnitude > 999) {
    return UNDEFINED;
  }
  if (magnitude < -999) {
    return whole(0);
  }
  const signed = over < 0n ? -digits : digits;
  return shift >= 0 ? fraction(signed, 10n ** BigInt(shift)) : fraction(signed * 10n ** BigInt(-shift), 1n);
}

function isInt({ over, under }: Fraction): boolean {
  return under === 1n && over > -(10n ** 34n) && over < 10n ** 34n;
}

/** JSON and text of a number: an Int with all its digits, small and large Decimals with an exponent. */
function written(value: Fraction): string {
  if (isInt(value)) {
    return value.over.toString();
  }
  const sign = value.over < 0n ? '-' : '';
  let [digits, exponent] = [value.over < 0n ? -value.over : value.over, 0];
  while (digits % value.under !== 0n) {
    digits *= 10n;
    exponent--;
  }
  digits /= value.under;
  while (digits % 10n === 0n) {
    digits /= 10n;
    exponent++;
  }
  const shown = digits.toString();
  const magnitude = shown.length - 1 + exponent;
  if (exponent < 0 && magnitude >= -6) {
    const padded = shown.padStart(1 - exponent, '0');
    return `${sign}${padded.slice(0, padded.length + exponent)}.${padded.slice(padded.length + exponent)}`;
  }
  return `${sign}${shown.charAt(0)}${shown.length > 1 ? `.${shown.slice(1)}` : ''}E${magnitude < 0 ? '-' : '+'}${Math.abs(magnitude)}`;
}

export function json(value: Tagged): string | undefined {
  switch (value.is) {
    case 'undefined': return undefined;
    case 'null': return 'null';
    case 'boolean': return value.value ? 'true' : 'false';
    case 'string': return JSON.stringify(value.value);
    case 'number': return written(value);
    case 'array': return `[${value.items.map(json).filter((item) => item !== undefined).join(',')}]`;
    case 'object': return `{${[...value.members].filter(([, member]) => member.is !== 'undefined').map(([name, member]) => `${JSON.stringify(name)}:${json(member)!}`).join(',')}}`;
  }
}

function asNumber(value: Tagged): Fraction | undefined {
  if (value.is === 'number') {
    return value;
  }
  if (value.is !== 'string' || !/^-?\d+(\.\d+)?(E-?\d+)?$/i.test(value.value)) {
    return undefined;
  }
  const exponent = Number(/E(.*)$/i.exec(value.value)?.[1] ?? 0);
  if (Math.abs(exponent) > 5000) {
    return exponent > 0 && /[1-9].*E/i.test(value.value) ? undefined : whole(0);
  }
  const number = rounded(fractionOf(value.value));
  return number.is === 'number' ? number : undefined;
}

function asBoolean(value: Tagged): boolean | undefined {
  if (value.is === 'boolean') {
    return value.value;
  }
  return value.is !== 'string' ? undefined : /^true$/i.test(value.value) ? true : /^false$/i.test(value.value) ? false : undefined;
}

function asText(value: Tagged): string | undefined {
  return value.is === 'string' ? value.value : value.is === 'null' || value.is === 'undefined' ? undefined : json(value);
}

function floor({ over, under }: Fraction): bigint {
  return over >= 0n || over % under === 0n ? over / under : over / under - 1n;
}

function nearest(value: Fraction): bigint {
  const away = value.over < 0n ? -1n : 1n;
  return (value.over * 2n + away * value.under) / (value.under * 2n);
}

function same(left: Tagged, right: Tagged): boolean {
  if (left.is !== right.is) {
    return false;
  }
  switch (left.is) {
    case 'undefined': case 'null': return true;
    case 'number': return left.over === (right as Fraction).over && left.under === (right as Fraction).under;
    case 'array': {
      const { items } = right as typeof left;
      return left.items.length === items.length && left.items.every((item, index) => same(item, items[index]!));
    }
    case 'object': {
      const { members } = right as typeof left;
      return left.members.size === members.size && [...left.members].every(([name, member]) => members.has(name) && same(member, members.get(name)!));
    }
    default: return left.value === (right as typeof left).value;
  }
}

function operate(operator: string, left: Tagged, right: Tagged): Tagged {
  if (operator === 'AND' || operator === 'OR') {
    const [a, b] = [asBoolean(left), asBoolean(right)];
    return a === undefined || b === undefined ? UNDEFINED : bool(operator === 'AND' ? a && b : a || b);
  }
  if (operator === '=' || operator === '<>') {
    return left.is === 'undefined' || right.is === 'undefined' ? UNDEFINED : bool(same(left, right) === (operator === '='));
  }
  if (operator === 'IN' || operator === 'NOT IN') {
    return left.is === 'undefined' || right.is !== 'array' ? UNDEFINED : bool(right.items.some((item) => same(left, item)) === (operator === 'IN'));
  }
  if (operator === '+' && (left.is === 'string' || right.is === 'string')) {
    const [a, b] = [asText(left), asText(right)];
    return a === undefined || b === undefined ? UNDEFINED : text(a + b);
  }
  const [a, b] = operator === '+' ? [left.is === 'number' ? left : undefined, right.is === 'number' ? right : undefined] : [asNumber(left), asNumber(right)];
  if (a === undefined || b === undefined) {
    return UNDEFINED;
  }
  const [over, under] = [a.over * b.under, b.over * a.under];
  switch (operator) {
    case '<': return bool(over < under);
    case '<=': return bool(over <= under);
    case '>': return bool(over > under);
    case '>=': return bool(over >= under);
    case '+': return rounded(fraction(over + under, a.under * b.under));
    case '-': return rounded(fraction(over - under, a.under * b.under));
    case '*': return rounded(fraction(a.over * b.over, a.under * b.under));
    case '/': return under === 0n ? UNDEFINED : isInt(a) && isInt(b) && left.is === 'number' && right.is === 'number' ? whole(over / under) : rounded(fraction(over, under));
    default: return under === 0n ? UNDEFINED : rounded(fraction(over % under, a.under * b.under));
  }
}

const numeric = (call: (value: Fraction) => Tagged) => ([value]: readonly Tagged[]): Tagged => {
  const number = asNumber(value!);
  return number === undefined ? UNDEFINED : call(number);
};

const textual = (call: (...texts: string[]) => Tagged) => (args: readonly Tagged[]): Tagged => {
  const texts = args.map(asText);
  return texts.includes(undefined) ? UNDEFINED : call(...texts as string[]);
};

function item(collection: Tagged, key: Tagged): Tagged {
  if (collection.is === 'object') {
    return key.is === 'string' ? collection.members.get(key.value) ?? UNDEFINED : UNDEFINED;
  }
  const number = asNumber(key);
  if (number === undefined || (collection.is !== 'array' && collection.is !== 'string')) {
    return UNDEFINED;
  }
  const index = Number(key.is === 'string' ? number.over / number.under : nearest(number));
  if (collection.is === 'array') {
    return collection.items[index] ?? UNDEFINED;
  }
  return index >= 0 && index < collection.value.length ? text(collection.value.charAt(index)) : UNDEFINED;
}

function substring([value, from, to]: readonly Tagged[]): Tagged {
  const [whole, start, end] = [asText(value!), asNumber(from!), to === undefined ? null : asNumber(to)];
  if (whole === undefined || start === undefined || end === undefined) {
    return UNDEFINED;
  }
  const place = (number: Fraction): number => Math.max(0, Math.min(whole.length, Number(floor(number))));
  return text(whole.slice(place(start), Math.max(place(start), end === null ? whole.length : place(end))));
}

function concat(args: readonly Tagged[]): Tagged {
  if (args.length < 2) {
    return args[0] ?? UNDEFINED;
  }
  if (args.some(({ is }) => is === 'array')) {
    return { is: 'array', items: args.flatMap((arg) => (arg.is === 'array' ? arg.items : [arg])) };
  }
  return args.some(({ is }) => is === 'string') ? textual((...texts) => text(texts.join('')))(args) : UNDEFINED;
}

/** The functions that the fuzz calls; JavaScript's own regular expressions stand in for Java's. */
const FUNCTIONS: { readonly [name: string]: (args: readonly Tagged[]) => Tagged } = {
  abs: numeric((value) => (value.over < 0n ? fraction(-value.over, value.under) : value)),
  sign: numeric(({ over }) => whole(over < 0n ? -1 : over > 0n ? 1 : 0)),
  floor: numeric((value) => rounded(whole(floor(value)))),
  ceil: numeric((value) => rounded(whole(-floor(fraction(-value.over, value.under))))),
  round: numeric((value) => rounded(whole(nearest(value)))),
  mod: ([left, right]) => operate('%', left!, right!),
  nanvl: ([value, other]) => (value!.is === 'undefined' || value!.is === 'null' ? other! : value!),
  isnull: ([value]) => bool(value!.is === 'null'),
  isundefined: ([value]) => bool(value!.is === 'undefined'),
  get_or_default: ([value, other]) => (value!.is === 'undefined' || value!.is === 'null' ? other ?? NULL : value!),
  get: ([collection, key]) => item(collection!, key!),
  concat,
  substring,
  startswith: textual((value, start) => bool(value.slice(0, start.length) === start)),
  endswith: textual((value, end) => bool(end === '' || value.slice(-end.length) === end)),
  indexof: textual((value, part) => whole(value.indexOf(part))),
  length: textual((value) => whole(value.length)),
  numbytes: textual((value) => whole(new TextEncoder().encode(value).length)),
  lower: textual((value) => text(value.toLowerCase())),
  upper: textual((value) => text(value.toUpperCase())),
  trim: textual((value) => text(value.replace(/^[\0-\x20]+/, '').replace(/[\0-\x20]+$/, ''))),
  replace: textual((value, part, other) => text(part === '' ? [...value].reduce((all, unit) => all + unit + other, other) : value.split(part).join(other))),
  regexp_matches: textual((value, pattern) => bool(new RegExp(pattern, 'u').test(value))),
  regexp_substr: textual((value, pattern) => {
    const [found] = new RegExp(pattern, 'u').exec(value) ?? [];
    return found === undefined ? UNDEFINED : text(found);
  }),
  regexp_replace: textual((value, pattern, other) => text(value.replace(new RegExp(pattern, 'gu'), () => other))),
};

export const REFERENCE_FUNCTIONS = Object.keys(FUNCTIONS);

function evaluate(expression: Expression, at: Tagged): Tagged {
  switch (expression.kind) {
    case 'literal': return typeof expression.value === 'string'
      ? text(expression.value)
      : expression.value === null ? NULL : typeof expression.value === 'boolean' ? bool(expression.value) : fractionOf(numberText(expression.value));
    case 'name': return at.is === 'object' ? at.members.get(expression.name) ?? UNDEFINED : UNDEFINED;
    case 'path': return expression.names.reduce<Tagged>((value, name) => item(value.is === 'object' ? value : UNDEFINED, text(name)), evaluate(expression.of, at));
    case 'array': return { is: 'array', items: expression.items.map((one) => evaluate(one, at)) };
    case 'list': {
      const items = expression.items.map((one) => evaluate(one, at));
      return items.length === 1 && items[0]!.is === 'array' ? items[0]! : { is: 'array', items };
    }
    case 'object': return { is: 'object', members: new Map(expression.members.map(({ name, value }) => [name, evaluate(value, at)] as const).filter(([, { is }]) => is !== 'undefined')) };
    case 'not': {
      const value = asBoolean(evaluate(expression.operand, at));
      return value === undefined ? UNDEFINED : bool(!value);
    }
    case 'negative': return operate('-', whole(0), evaluate(expression.operand, at));
    case 'chain': return expression.rest.reduce((left, { operator, operand }) => operate(operator, left, evaluate(operand, at)), evaluate(expression.first, at));
    case 'case': {
      const subject = evaluate(expression.subject, at);
      const found = expression.branches.find(({ when }) => same(subject, evaluate(when, at)));
      return subject.is === 'undefined' ? UNDEFINED : found !== undefined ? evaluate(found.then, at) : expression.otherwise === undefined ? UNDEFINED : evaluate(expression.otherwise, at);
    }
    case 'call': return FUNCTIONS[expression.name]!(expression.args.map((arg) => evaluate(arg, at)));
    case 'select': return nested(expression.select, at);
    case 'exists': {
      const found = nested(expression.select, at);
      return bool(found.is === 'array' ? found.items.length > 0 : found.is !== 'undefined');
    }
    case 'star': return at;
    default: throw new Error(`the reference does not know ${expression.kind}`);
  }
}

function numberText(value: unknown): string {
  return typeof value === 'number' ? String(value) : `${(value as { coefficient: bigint }).coefficient}e${(value as { exponent: number }).exponent}`;
}

function nested(select: NestedSelect, at: Tagged): Tagged {
  const from = evaluate(select.from, at);
  const passes = (one: Tagged): boolean => select.where === undefined || asBoolean(evaluate(select.where, one)) === true;
  if (from.is === 'array') {
    return { is: 'array', items: from.items.filter(passes).map((one) => selected(select, one)) };
  }
  return from.is === 'object' && passes(from) ? selected(select, from) : UNDEFINED;
}

function selected({ isValue, items }: Selection, at: Tagged): Tagged {
  const valueOf = (one: Item): Tagged => (one === '*' ? at : evaluate(one.value, at));
  if (isValue || (items.length === 1 && items[0] === '*')) {
    return valueOf(items[0]!);
  }
  const members = new Map<string, Tagged>();
  for (const one of items) {
    const value = valueOf(one);
    if (one !== '*' && one.path.length > 0) {
      if (value.is !== 'undefined') {
        members.set(one.path[0]!, value);
      }
    } else if (value.is === 'object') {
      value.members.forEach((member, name) => members.set(name, member));
    }
  }
  return { is: 'object', members };
}

/** The JSON that a rule makes of a payload: undefined if it does not fire, '' for Undefined. */
export function refer({ select, where }: Query, payload: Tagged): string | undefined {
  return where === undefined || asBoolean(evaluate(where, payload)) === true ? json(selected(select, payload)) ?? '' : undefined;
}

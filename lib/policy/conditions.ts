import { BlockList, isIP } from 'node:net';
import { splitArn } from './arn';
import type { ArnParts } from './arn';
import type { Context, ContextValue } from './context';
import { Pattern, UNKNOWN_VALUE, tokenize } from './pattern';
import type { Answer, Substitute, Token } from './pattern';
import { showText } from './text';
import type { Text } from './text';
import { canonicalKey } from './variables';

/** One operator: how a value in the policy is read, and how a value of the request compares with it. */
interface OperatorRecord {
  readonly name: string;

  /** A negated operator is true when no value matches, and when the key is absent. */
  readonly negated?: boolean;

  /** Makes the comparison for one value of the policy, or says what is wrong with it. */
  readonly compile: (value: Text, variables: boolean) => Comparison | string;
}

type Comparison = (actual: string, substitute: Substitute) => Answer;

/**
 * The operators of the condition element. Numeric and date operators are as IAM defines them; no AWS IoT key has
 * such a value.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
const OPERATORS: readonly OperatorRecord[] = [
  { name: 'StringEquals', compile: equalText },
  { name: 'StringNotEquals', negated: true, compile: equalText },
  { name: 'StringEqualsIgnoreCase', compile: equalTextIgnoringCase },
  { name: 'StringNotEqualsIgnoreCase', negated: true, compile: equalTextIgnoringCase },
  { name: 'StringLike', compile: likeText },
  { name: 'StringNotLike', negated: true, compile: likeText },
  { name: 'ArnEquals', compile: likeArn },
  { name: 'ArnLike', compile: likeArn },
  { name: 'ArnNotEquals', negated: true, compile: likeArn },
  { name: 'ArnNotLike', negated: true, compile: likeArn },
  { name: 'Bool', compile: equalBoolean },
  { name: 'IpAddress', compile: withinAddressRange },
  { name: 'NotIpAddress', negated: true, compile: withinAddressRange },
  { name: 'NumericEquals', compile: numeric((a, b) => a === b) },
  { name: 'NumericNotEquals', negated: true, compile: numeric((a, b) => a === b) },
  { name: 'NumericLessThan', compile: numeric((a, b) => a < b) },
  { name: 'NumericLessThanEquals', compile: numeric((a, b) => a <= b) },
  { name: 'NumericGreaterThan', compile: numeric((a, b) => a > b) },
  { name: 'NumericGreaterThanEquals', compile: numeric((a, b) => a >= b) },
  { name: 'DateEquals', compile: date((a, b) => a === b) },
  { name: 'DateNotEquals', negated: true, compile: date((a, b) => a === b) },
  { name: 'DateLessThan', compile: date((a, b) => a < b) },
  { name: 'DateLessThanEquals', compile: date((a, b) => a <= b) },
  { name: 'DateGreaterThan', compile: date((a, b) => a > b) },
  { name: 'DateGreaterThanEquals', compile: date((a, b) => a >= b) },
];

const BY_LOWER_NAME = new Map(OPERATORS.map((operator) => [operator.name.toLowerCase(), operator]));
const NULL = 'null';

export const OPERATOR_NAMES: readonly string[] = [...OPERATORS.map((operator) => operator.name), 'Null'];

type SetQualifier = 'ForAllValues' | 'ForAnyValue';

/** One operator on one key: `{ "StringEquals": { "iot:ClientId": ["a", "b"] } }`. */
export interface Condition {
  /** As the document writes it, for messages. */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly Text[];
  readonly evaluate: (context: Context) => Answer;
}

/** What an operator name stands for, or why it is none. */
export function compileCondition(
  operator: string, key: string, values: readonly Text[], variables: boolean,
): Condition | string {
  const match = /^(?:(ForAllValues|ForAnyValue):)?([^]*?)(IfExists)?$/i.exec(operator)!;
  const qualifier = match[1]?.toLowerCase() === 'forallvalues' ? 'ForAllValues' : match[1] ? 'ForAnyValue' : undefined;
  const name = match[2]!.toLowerCase();
  const canonical = canonicalKey(key);

  if (name === NULL) {
    return compileNull(operator, canonical, values);
  }
  const record = BY_LOWER_NAME.get(name);
  if (record === undefined) {
    return `unknown condition operator '${operator}'`;
  }
  const comparisons: Comparison[] = [];
  for (const value of values) {
    const comparison = record.compile(value, variables);
    if (typeof comparison === 'string') {
      return comparison;
    }
    comparisons.push(comparison);
  }
  const negated = record.negated === true;
  const test = (actual: string, substitute: Substitute): Answer => {
    const matched = any(comparisons, (comparison) => comparison(actual, substitute));
    return negated ? not(matched) : matched;
  };
  const ifExists = match[3] !== undefined;
  return {
    operator,
    key: canonical,
    values,
    evaluate: (context) => {
      const actual = context.value(canonical);
      if (actual === UNKNOWN_VALUE) {
        return 'unknown';
      }
      if (actual === undefined && ifExists) {
        return 'yes';
      }
      return qualifier === undefined
        ? evaluateSingle(actual, negated, (value) => test(value, context.substitute))
        : evaluateSet(qualifier, actual, (value) => test(value, context.substitute));
    },
  };
}

function evaluateSingle(
  actual: Exclude<ContextValue, symbol> | undefined, negated: boolean, test: (value: string) => Answer,
): Answer {
  if (typeof actual === 'string') {
    return test(actual);
  }
  if (actual === undefined || actual.length === 0) {
    return negated ? 'yes' : 'no';
  }
  // Several values without ForAllValues or ForAnyValue: AWS documents no outcome.
  return actual.length === 1 ? test(actual[0]!) : 'unknown';
}

function evaluateSet(
  qualifier: SetQualifier, actual: Exclude<ContextValue, symbol> | undefined, test: (value: string) => Answer,
): Answer {
  const values = actual === undefined ? [] : typeof actual === 'string' ? [actual] : actual;
  // ForAllValues is true for an empty or missing key, ForAnyValue is false.
  return qualifier === 'ForAllValues' ? not(any(values, (value) => not(test(value)))) : any(values, test);
}

function compileNull(operator: string, key: string, values: readonly Text[]): Condition | string {
  const wanted = values.map((value) => showText(value).toLowerCase());
  const bad = wanted.find((value) => value !== 'true' && value !== 'false');
  if (bad !== undefined) {
    return `'${operator}' takes "true" (the key is absent) or "false" (it is present), got '${bad}'`;
  }
  return {
    operator,
    key,
    values,
    evaluate: (context) => {
      const actual = context.value(key);
      return actual === UNKNOWN_VALUE ? 'unknown' : wanted.includes(String(actual === undefined)) ? 'yes' : 'no';
    },
  };
}

function equalText(value: Text, variables: boolean): Comparison {
  return matcher(tokenize(value, { wildcards: false, variables }));
}

function likeText(value: Text, variables: boolean): Comparison {
  return matcher(tokenize(value, { wildcards: true, variables }));
}

function matcher(tokens: readonly Token[]): Comparison {
  const pattern = new Pattern(tokens);
  return (actual, substitute) => pattern.match(actual, substitute);
}

function equalTextIgnoringCase(value: Text, variables: boolean): Comparison {
  const lower = tokenize(value, { wildcards: false, variables }).map((token): Token => (
    token.kind === 'text' ? { kind: 'text', value: token.value.toLowerCase() } : token
  ));
  const pattern = new Pattern(lower);
  return (actual, substitute) => pattern.match(actual.toLowerCase(), (key) => {
    const substitution = substitute(key);
    return typeof substitution === 'string' ? substitution.toLowerCase() : substitution;
  });
}

/** ArnEquals and ArnLike behave alike: each of the six segments may hold wildcards. */
function likeArn(value: Text, variables: boolean): Comparison | string {
  if (value === '*') {
    return () => 'yes';
  }
  const parts = splitArn(value);
  if (parts === undefined) {
    return typeof value === 'string' ? `'${value}' is not an ARN; write all six segments, such as arn:aws:iot:*:*:topic/name` : () => 'unknown';
  }
  const patterns = segmentsOf(parts).map((segment) => new Pattern(tokenize(segment, { wildcards: true, variables })));
  return (actual, substitute) => {
    const actualParts = splitArn(actual);
    if (actualParts === undefined) {
      return 'no';
    }
    const segments = segmentsOf(actualParts);
    return not(any(patterns, (pattern, index) => not(pattern.match(showText(segments[index]!), substitute))));
  };
}

function segmentsOf(parts: ArnParts): readonly Text[] {
  return [parts.prefix, parts.partition, parts.service, parts.region, parts.account, parts.resource];
}

function equalBoolean(value: Text): Comparison | string {
  const wanted = showText(value).toLowerCase();
  if (typeof value !== 'string') {
    return () => 'unknown';
  }
  return wanted === 'true' || wanted === 'false'
    ? (actual) => (actual.toLowerCase() === wanted ? 'yes' : 'no')
    : `'Bool' takes "true" or "false", got '${value}'`;
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress */
function withinAddressRange(value: Text): Comparison | string {
  if (typeof value !== 'string') {
    return () => 'unknown';
  }
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  const length = bits === undefined ? (version === 4 ? 32 : 128) : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (version === 0 || rest.length > 0 || length < 0 || length > (version === 4 ? 32 : 128)) {
    return `'${value}' is not an IP address or CIDR range; write it as 203.0.113.0/24 or 2001:db8::/32`;
  }
  const range = new BlockList();
  range.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  return (actual) => {
    const actualVersion = isIP(actual);
    return actualVersion !== 0 && range.check(actual, actualVersion === 4 ? 'ipv4' : 'ipv6') ? 'yes' : 'no';
  };
}

function numeric(compare: (actual: number, wanted: number) => boolean): OperatorRecord['compile'] {
  return ordered('number', (text) => (text.trim() === '' ? NaN : Number(text)), compare);
}

function date(compare: (actual: number, wanted: number) => boolean): OperatorRecord['compile'] {
  return ordered('date', (text) => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text)), compare);
}

function ordered(
  kind: string, read: (text: string) => number, compare: (actual: number, wanted: number) => boolean,
): OperatorRecord['compile'] {
  return (value) => {
    if (typeof value !== 'string') {
      return () => 'unknown';
    }
    const wanted = read(value);
    if (Number.isNaN(wanted)) {
      return `'${value}' is not a ${kind}`;
    }
    return (actual) => (compare(read(actual), wanted) ? 'yes' : 'no');
  };
}

function not(answer: Answer): Answer {
  return answer === 'yes' ? 'no' : answer === 'no' ? 'yes' : 'unknown';
}

function any<T>(items: readonly T[], test: (item: T, index: number) => Answer): Answer {
  let result: Answer = 'no';
  for (let index = 0; index < items.length; index++) {
    const answer = test(items[index]!, index);
    if (answer === 'yes') {
      return 'yes';
    }
    if (answer === 'unknown') {
      result = 'unknown';
    }
  }
  return result;
}

import type { Context, ContextValue } from './context';
import { OPERATOR_NAMES, findOperator } from './operators';
import type { Comparison, Problem } from './operators';
import { UNKNOWN_VALUE, any, not } from './pattern';
import type { Answer, Substitute } from './pattern';
import type { Text } from './text';
import type { Syntax } from './tokens';
import { canonicalKey } from './variables';

/** One operator on one key: `{ "StringEquals": { "iot:ClientId": ["a", "b"] } }`. */
export interface Condition {
  /** As the document writes it, for messages. */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly Text[];
  readonly evaluate: (context: Context) => Answer;
}

/** A condition of which not even the operator is known. */
export const UNKNOWN_CONDITION: Condition = { operator: '', key: '', values: [], evaluate: () => 'unknown' };

type KnownValue = Exclude<ContextValue, symbol>;
type Qualifier = 'ForAllValues' | 'ForAnyValue';

/** Make a condition ready for evaluation, or say what is wrong with it. */
export function compileCondition(
  operator: string, key: string, values: readonly Text[], variables: Syntax['variables'],
): Condition | Problem {
  const [, set, name, suffix] = /^(?:(ForAllValues|ForAnyValue):)?([^]*?)(IfExists)?$/i.exec(operator)!;
  const qualifier = set === undefined ? undefined : set.toLowerCase() === 'forallvalues' ? 'ForAllValues' : 'ForAnyValue';
  const ifExists = suffix !== undefined;
  const canonical = canonicalKey(key);

  if (name!.toLowerCase() === 'null' && !ifExists) {
    return compileNull(operator, canonical, values);
  }
  const record = findOperator(name!);
  if (record === undefined) {
    return { message: `unknown condition operator '${operator}'`, fix: `use one of ${OPERATOR_NAMES.join(', ')}` };
  }
  const comparisons: Comparison[] = [];
  for (const value of values) {
    const comparison = record.compile(value, variables);
    if (typeof comparison !== 'function') {
      return comparison;
    }
    comparisons.push(comparison);
  }
  const negated = record.negated === true;
  const test = (actual: string, substitute: Substitute): Answer => {
    const matched = any(comparisons, (comparison) => comparison(actual, substitute));
    return negated ? not(matched) : matched;
  };
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
      const answer = qualifier === undefined
        ? evaluateSingle(actual, negated, (value) => test(value, context.substitute))
        : evaluateSet(qualifier, actual, (value) => test(value, context.substitute));
      return answer === 'no' && ifExists && isEmptySet(actual) ? 'unknown' : answer;
    },
  };
}

function evaluateSingle(actual: KnownValue | undefined, negated: boolean, test: (value: string) => Answer): Answer {
  if (typeof actual === 'string') {
    return test(actual);
  }
  if (actual === undefined || actual.length === 0) {
    return negated ? 'yes' : 'no';
  }
  // Several values without ForAllValues or ForAnyValue: AWS documents no outcome.
  return actual.length === 1 ? test(actual[0]!) : 'unknown';
}

/**
 * ForAllValues is true for an empty or missing key, ForAnyValue is false.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_multi-value-conditions.html
 */
function evaluateSet(qualifier: Qualifier, actual: KnownValue | undefined, test: (value: string) => Answer): Answer {
  const values = actual === undefined ? [] : typeof actual === 'string' ? [actual] : actual;
  return qualifier === 'ForAllValues' ? not(any(values, (value) => not(test(value)))) : any(values, test);
}

function compileNull(operator: string, key: string, values: readonly Text[]): Condition | Problem {
  const wanted = values.map((value) => (typeof value === 'string' ? value.toLowerCase() : UNKNOWN_VALUE));
  const bad = values.find((value, index) => typeof value === 'string' && wanted[index] !== 'true' && wanted[index] !== 'false');
  if (bad !== undefined) {
    return { message: `'${operator}' takes no '${bad as string}'`, fix: 'write "true" for an absent key, or "false" for a present one' };
  }
  return {
    operator,
    key,
    values,
    evaluate: (context) => {
      const actual = context.value(key);
      if (actual === UNKNOWN_VALUE || isEmptySet(actual)) {
        return 'unknown';
      }
      return wanted.includes(String(actual === undefined)) ? 'yes' : wanted.includes(UNKNOWN_VALUE) ? 'unknown' : 'no';
    },
  };
}

/** Whether AWS counts an empty set, as of a connect without attributes, as present or absent is not documented. */
function isEmptySet(actual: KnownValue | undefined): boolean {
  return typeof actual === 'object' && actual.length === 0;
}

import { evaluate } from './intrinsics';
import type { Scope } from './scope';
import { asText, isJsonObject, isList, own } from './values';
import type { Json } from './values';

/** Whether something holds, or that it cannot be told offline. */
export type Truth = boolean | 'unknown';

/**
 * Decide a condition expression.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
 */
export function decide(expression: Json, scope: Scope, at: string): Truth {
  const [entry, ...more] = isJsonObject(expression) ? Object.entries(expression) : [];
  const operator = entry && more.length === 0 ? own(OPERATORS, entry[0]) : undefined;
  const truth = scope.work.nested(at, () => operator && entry && operator(entry[1], scope, at));
  if (typeof truth === 'boolean' || truth === 'unknown') {
    return truth;
  }
  scope.work.unknown(at, "is not a condition: use 'Fn::Equals', 'Fn::And', 'Fn::Or', 'Fn::Not' or 'Condition'");
  return 'unknown';
}

type Operator = (argument: Json, scope: Scope, at: string) => Truth | undefined;

const OPERATORS: Readonly<Record<string, Operator>> = {
  'Condition': (name, scope, at) => (typeof name === 'string' ? scope.condition(name, at) : undefined),
  'Fn::Equals': equals,
  'Fn::And': (list, scope, at) => all(truths(list, scope, at)),
  'Fn::Or': (list, scope, at) => not(all(truths(list, scope, at)?.map(not))),
  'Fn::Not': (list, scope, at) => not(truths(list, scope, at)?.[0]),
};

function equals(argument: Json, scope: Scope, at: string): Truth | undefined {
  if (!isList(argument) || argument.length !== 2) {
    return undefined;
  }
  const [left, right] = argument.map((side, index) => asText(evaluate(side, scope, `${at}[${index}]`)));
  return typeof left === 'string' && typeof right === 'string' ? left === right : 'unknown';
}

function truths(argument: Json, scope: Scope, at: string): Truth[] | undefined {
  return isList(argument) && argument.length > 0 ? argument.map((part, index) => decide(part, scope, `${at}[${index}]`)) : undefined;
}

function all(list: readonly (Truth | undefined)[] | undefined): Truth | undefined {
  return list && (list.includes(false) ? false : list.every((truth) => truth === true) ? true : 'unknown');
}

function not(truth: Truth | undefined): Truth | undefined {
  return typeof truth === 'boolean' ? !truth : truth;
}

import type { Expression, Item, NestedSelect, Selection } from './ast';
import { cast, toBoolean, toNumeric } from './convert';
import type { Evaluation } from './evaluation';
import { FUNCTIONS } from './functions';
import { negate } from './number';
import { OPERATORS, negated } from './operators';
import { equal, isArray, isObject, memberOf, setMember } from './value';
import type { Value } from './value';
import type { Work } from './work';

/** Where an expression is evaluated: what its names and `*` stand for. */
export interface Scope {
  readonly evaluation: Evaluation;

  /** The payload, or the item that a nested SELECT looks at; Undefined if the payload is not JSON. */
  readonly item: Value;

  /** The payload as it came; undefined within a nested SELECT. */
  readonly raw: Buffer | undefined;
  variable(name: string): Value;
}

/** An item of a nested SELECT; variables are those of the statement. */
class ItemScope implements Scope {
  public readonly raw = undefined;
  public readonly evaluation: Evaluation;

  constructor(private readonly outer: Scope, public readonly item: Value) {
    this.evaluation = outer.evaluation;
  }

  public variable(name: string): Value {
    return this.outer.variable(name);
  }
}

/** An expression made ready: the statement is walked once, not with every message. */
export type Compiled = (scope: Scope) => Value;

export function compileExpression(expression: Expression): Compiled {
  switch (expression.kind) {
    case 'literal': return constantly(expression.value);
    case 'name': return ({ item }) => memberOf(item, expression.name);
    case 'star': return (scope) => (scope.raw !== undefined && scope.evaluation.json === undefined ? scope.raw : scope.item);
    case 'variable': return (scope) => scope.variable(expression.name);
    case 'path': return compilePath(compileExpression(expression.of), expression.names);
    case 'array': case 'list': return compileItems(expression.items, expression.kind === 'list');
    case 'object': return compileObject(expression.members.map(({ name, value }) => ({ name, value: compileExpression(value) })));
    case 'not': {
      const operand = compileExpression(expression.operand);
      return (scope) => negated(toBoolean(operand(scope)));
    }
    case 'negative': return compileNegative(expression.operand);
    case 'chain': return compileChain(expression);
    case 'exists': {
      const select = compileNested(expression.select);
      return (scope) => {
        const found = select(scope);
        return isArray(found) ? found.length > 0 : found !== undefined;
      };
    }
    case 'case': return compileCase(expression);
    case 'cast': {
      const operand = compileExpression(expression.operand);
      return (scope) => cast(operand(scope), expression.to, scope.evaluation.work);
    }
    case 'call': return compileCall(expression);
    case 'select': return compileNested(expression.select);
  }
}

function constantly(value: Value): Compiled {
  return () => value;
}

function compilePath(of: Compiled, names: readonly string[]): Compiled {
  return (scope) => {
    let value = of(scope);
    for (const name of names) {
      if (value === undefined) {
        return undefined;
      }
      value = memberOf(value, name);
    }
    return value;
  };
}

/** In the parentheses of IN, one array is the items; anywhere else it is the only item of an array. */
function compileItems(items: readonly Expression[], flat: boolean): Compiled {
  const compiled = items.map(compileExpression);
  return (scope) => {
    scope.evaluation.work.spend(compiled.length);
    const values = compiled.map((item) => item(scope));
    return flat && values.length === 1 && isArray(values[0]) ? values[0] : values;
  };
}

function compileObject(members: readonly { readonly name: string; readonly value: Compiled }[]): Compiled {
  return (scope) => {
    scope.evaluation.work.spend(members.length);
    const object: { [key: string]: Value } = {};
    for (const { name, value } of members) {
      setMember(object, name, value(scope));
    }
    return object;
  };
}

function compileNegative(of: Expression): Compiled {
  const operand = compileExpression(of);
  return (scope) => {
    const number = toNumeric(operand(scope), scope.evaluation.work);
    return number === undefined ? undefined : negate(number);
  };
}

function compileChain({ first, rest }: Extract<Expression, { kind: 'chain' }>): Compiled {
  const start = compileExpression(first);
  const links = rest.map(({ operator, operand }) => ({ apply: OPERATORS[operator], operand: compileExpression(operand) }));
  if (links.length === 1) {
    const [{ apply, operand }] = links as [typeof links[0]];
    return (scope) => {
      const { work } = scope.evaluation;
      work.spend(1);
      return apply(start(scope), operand(scope), work);
    };
  }
  return (scope) => {
    const { work } = scope.evaluation;
    work.spend(links.length);
    let value = start(scope);
    for (const { apply, operand } of links) {
      value = apply(value, operand(scope), work);
    }
    return value;
  };
}

/** The first branch that is equal; none is to an Undefined subject, not even ELSE. */
function compileCase({ subject, branches, otherwise }: Extract<Expression, { kind: 'case' }>): Compiled {
  const compared = compileExpression(subject);
  const compiled = branches.map(({ when, then }) => ({ when: compileExpression(when), then: compileExpression(then) }));
  const last = otherwise === undefined ? constantly(undefined) : compileExpression(otherwise);
  return (scope) => {
    const value = compared(scope);
    if (value === undefined) {
      return undefined;
    }
    for (const { when, then } of compiled) {
      const candidate = when(scope);
      if (candidate !== undefined && equal(value, candidate, scope.evaluation.work)) {
        return then(scope);
      }
    }
    return last(scope);
  };
}

function compileCall({ name, args }: Extract<Expression, { kind: 'call' }>): Compiled {
  const record = FUNCTIONS.get(name)!;
  const [least, most] = record.arguments;
  if (args.length < least || args.length > most) {
    return constantly(undefined);
  }
  const { call } = record;
  const compiled = args.map((arg, index): Compiled => {
    const value = compileExpression(arg);
    return record.raw === true && index === 0 && arg.kind === 'star' ? (scope) => scope.raw ?? value(scope) : value;
  });
  return (scope) => {
    scope.evaluation.work.spend(1 + compiled.length);
    if (record.external === 'once') {
      scope.evaluation.callOnce(name);
    }
    return call(compiled.map((arg) => arg(scope)), scope.evaluation);
  };
}

/** Over an array, what it selects of each item; over an object, what it selects of it. */
function compileNested(select: NestedSelect): Compiled {
  const source = compileExpression(select.from);
  const selection = compileSelection(select);
  const where = select.where === undefined ? undefined : compileExpression(select.where);
  return (scope) => {
    const from = source(scope);
    const passes = (inner: Scope): boolean => where === undefined || toBoolean(where(inner)) === true;
    if (isArray(from)) {
      const selected: Value[] = [];
      for (const item of from) {
        scope.evaluation.work.spend(2);
        const inner = new ItemScope(scope, item);
        if (passes(inner)) {
          selected.push(selection(inner));
        }
      }
      return selected;
    }
    if (!isObject(from)) {
      return undefined;
    }
    const inner = new ItemScope(scope, from);
    return passes(inner) ? selection(inner) : undefined;
  };
}

interface MutableObject {
  [key: string]: Value;
}

/**
 * Thrown when `*` and more are selected of a payload that is not JSON; to an empty one more can be added.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/binary-payloads.html
 */
export class NotJson extends Error {
  public override readonly name = 'NotJson';
}

const NOTHING = new Set<Value>();

/** What a SELECT makes of the message or item, without its WHERE. */
export function compileSelection({ isValue, items }: Selection): Compiled {
  const compiled = items.map(compileItem);
  if (isValue || (items.length === 1 && items[0] === '*')) {
    return compiled[0]!.value;
  }
  const hasPaths = compiled.some(({ path }) => path !== undefined && path.length > 1);
  return (scope) => {
    scope.evaluation.work.spend(compiled.length);
    const object: { [key: string]: Value } = {};
    const own = hasPaths ? new Set<Value>() : NOTHING;
    for (const { value, path } of compiled) {
      const selected = value(scope);
      if (path !== undefined) {
        setAt(object, path, selected, own, scope.evaluation.work);
      } else if (isObject(selected)) {
        const names = Object.keys(selected);
        scope.evaluation.work.spend(names.length);
        for (const name of names) {
          setMember(object, name, selected[name]);
        }
      } else if (Buffer.isBuffer(selected) && selected.length > 0) {
        throw new NotJson('the payload is not JSON, so that * has to be the only item');
      }
    }
    return object;
  };
}

function compileItem(item: Item): { readonly value: Compiled; readonly path?: readonly string[] } {
  if (item === '*') {
    return { value: compileExpression({ kind: 'star' }) };
  }
  const value = compileExpression(item.value);
  return item.path.length === 0 ? { value } : { value, path: item.path };
}

/**
 * Put a value at a path of an object that is being made; what it shares with the message is copied, never changed.
 *
 * `own` are the copies, which are not copied again.
 */
function setAt(object: MutableObject, path: readonly string[], value: Value, own: Set<Value>, work: Work): void {
  if (value === undefined) {
    return;
  }
  let target = object;
  for (const name of path.slice(0, -1)) {
    const before = memberOf(target, name);
    const copy: MutableObject = own.has(before) ? before as MutableObject : { ...isObject(before) ? before : {} };
    if (copy !== before) {
      work.spend(1 + (isObject(before) ? Object.keys(before).length : 0));
      own.add(copy);
      setMember(target, name, copy);
    }
    target = copy;
  }
  setMember(target, path.at(-1)!, value);
}

import type { Query, Variable } from './ast';
import { compileExpression, compileSelection, NotJson } from './compile-expression';
import type { Compiled, Scope } from './compile-expression';
import { toBoolean } from './convert';
import { Awaited, Evaluation } from './evaluation';
import type { SqlVersion } from './evaluation';
import { MAX_VALUE_SIZE } from './functions/collections';
import { toJson } from './json';
import type { RuleEnvironment, RuleMessage } from './message';
import type { Value } from './value';
import { TooMuchWork } from './work';

/** What a rule makes of a message. */
export type RuleOutcome =
  | { readonly matched: true; readonly value: Value; readonly reasons: readonly string[] }
  /** `failure` tells a rule that could not be evaluated from one that did not want the message. */
  | { readonly matched: false; readonly failure?: string; readonly reasons: readonly string[] };

/** The SQL of a rule, ready for messages. */
export interface CompiledQuery {
  /**
   * Evaluate the rule for a message: WHERE first, then SELECT. Whether the topic matches FROM is not asked again.
   *
   * The answer is a promise only if a provider answered with one.
   */
  run(message: RuleMessage, environment: RuleEnvironment): RuleOutcome | Promise<RuleOutcome>;
}

/** Make a statement ready: once for a rule, not with every message. */
export function compileQuery(query: Query): CompiledQuery {
  const where = query.where === undefined ? undefined : compileExpression(query.where);
  const select = compileSelection(query.select);
  const evaluate = evaluator(query.variables, query.version, (scope): { readonly value: Value } | undefined => (
    where === undefined || toBoolean(where(scope)) === true ? { value: select(scope) } : undefined
  ));
  return {
    run: (message, environment) => evaluate(message, environment, (result, evaluation) => {
      const { reasons } = evaluation;
      return 'failure' in result
        ? { matched: false, failure: result.failure, reasons }
        : result.value === undefined ? { matched: false, reasons } : { matched: true, value: result.value.value, reasons };
    }),
  };
}

type Result<T> = { readonly value: T } | { readonly failure: string };

/** Runs something for a message, again after each answer that it had to wait for. */
export function evaluator<T>(variables: readonly Variable[], version: SqlVersion, run: (scope: Scope) => T) {
  const compiled = new Map(variables.map(({ name, value }) => [name, compileExpression(value)]));
  return <R>(message: RuleMessage, environment: RuleEnvironment, finish: (result: Result<T>, evaluation: Evaluation) => R): R | Promise<R> => {
    const evaluation = new Evaluation(message, environment, version);
    const attempt = (): R | Promise<R> => {
      evaluation.restart();
      try {
        return finish({ value: run(new MessageScope(evaluation, compiled)) }, evaluation);
      } catch (error) {
        if (error instanceof Awaited) {
          return error.answer.then(attempt);
        }
        if (error instanceof TooMuchWork || error instanceof NotJson || error instanceof VariableTooLarge) {
          return finish({ failure: error.message }, evaluation);
        }
        throw error;
      }
    };
    return attempt();
  };
}

class VariableTooLarge extends Error {
  public override readonly name = 'VariableTooLarge';
}

/** The whole message. Variables are evaluated when they are first used, and once. */
class MessageScope implements Scope {
  public readonly raw: Buffer;
  private values: Map<string, Value> | undefined;
  private size = 0;

  constructor(public readonly evaluation: Evaluation, private readonly variables: ReadonlyMap<string, Compiled>) {
    this.raw = evaluation.message.payload;
  }

  public get item(): Value {
    return this.evaluation.json?.value;
  }

  public variable(name: string): Value {
    this.values ??= new Map();
    if (!this.values.has(name)) {
      const value = this.variables.get(name)!(this);
      const json = value === undefined ? '' : toJson(value, MAX_VALUE_SIZE);
      this.size += json === undefined ? Infinity : Buffer.byteLength(json);
      if (this.size > MAX_VALUE_SIZE) {
        throw new VariableTooLarge(`the variables up to @${name} hold more than ${MAX_VALUE_SIZE} bytes, or one that is not JSON`);
      }
      this.values.set(name, value);
    }
    return this.values.get(name);
  }
}

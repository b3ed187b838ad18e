import type { Evaluation } from '../evaluation';
import type { Value } from '../value';

/** One function of AWS IoT SQL. */
export interface SqlFunction {
  readonly name: string;

  /** The version of SQL that knows it first. */
  readonly since: '2015-10-08' | '2016-03-23';

  /** How many arguments it takes; with any other number it is Undefined. */
  readonly arguments: readonly [least: number, most: number];

  /** The value for arguments of any type; a wrong type is Undefined. */
  readonly call: (args: readonly Value[], evaluation: Evaluation) => Value;

  /** Where AWS describes it, on the page of functions. */
  readonly anchor: string;

  /** Whether `*` as the first argument is the payload as it came, JSON or not. */
  readonly raw?: boolean;

  /** Arguments that AWS takes no variable for, counted from 0, or from the end with -1: roles, and what switches a function. */
  readonly constants?: readonly number[];

  /** Asks another service; AWS allows some of them only once in a statement. */
  readonly external?: 'once' | 'often';
}

/** A record of a table: most functions are pure. */
export function define(
  name: string, since: SqlFunction['since'], counts: SqlFunction['arguments'], anchor: string, call: SqlFunction['call'],
): SqlFunction {
  return { name, since, arguments: counts, anchor, call };
}

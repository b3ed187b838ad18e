import type { SqlVersion } from './evaluation';
import type { CastTarget } from './convert';
import type { SqlWarning } from './error';
import type { OperatorName } from './operators';
import type { Value } from './value';

/** An expression of AWS IoT SQL. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  /** An attribute of the message, or of the item that a nested SELECT looks at. */
  | { readonly kind: 'name'; readonly name: string }
  /** `*` within an expression: the whole of it. */
  | { readonly kind: 'star' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'path'; readonly of: Expression; readonly names: readonly string[] }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'negative'; readonly operand: Expression }
  /** Operators of one precedence, from left to right: flat, so that a long sum is not a deep one. */
  | { readonly kind: 'chain'; readonly first: Expression; readonly rest: readonly Link[] }
  /** What is in the parentheses of IN: one array, or the items to look among. */
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'exists'; readonly select: NestedSelect }
  | { readonly kind: 'case'; readonly subject: Expression; readonly branches: readonly Branch[]; readonly otherwise?: Expression }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly to: CastTarget }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'select'; readonly select: NestedSelect };

export interface Member {
  readonly name: string;
  readonly value: Expression;
}

export interface Link {
  readonly operator: OperatorName;
  readonly operand: Expression;
}

export interface Branch {
  readonly when: Expression;
  readonly then: Expression;
}

/** What a SELECT makes of one message or item. */
export interface Selection {
  /** SELECT VALUE: the value itself, not an object. */
  readonly isValue: boolean;
  readonly items: readonly Item[];
  readonly where?: Expression;
}

/** `*`, or an expression with the path of keys that it is put at; an empty path is that of the members of `object.*`. */
export type Item = '*' | { readonly value: Expression; readonly path: readonly string[] };

export interface NestedSelect extends Selection {
  readonly from: Expression;
}

export interface Variable {
  readonly name: string;
  readonly value: Expression;
}

/** A statement that AWS IoT takes. */
export interface Query {
  readonly version: SqlVersion;
  readonly variables: readonly Variable[];
  readonly select: Selection;

  /** The topic filter; undefined for a rule that Basic Ingest alone can trigger. */
  readonly from: string | undefined;
  readonly where?: Expression;

  /** The functions that it uses, in lower case. */
  readonly functions: readonly string[];
  readonly warnings: readonly SqlWarning[];
}

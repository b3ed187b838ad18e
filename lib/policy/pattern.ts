import { canonicalKey } from './variables';
import { partsOf } from './text';
import type { Text } from './text';

/** Three-valued answer: an unresolved part or an undocumented behaviour is "cannot tell", never yes or no. */
export type Answer = 'yes' | 'no' | 'unknown';

/** One piece of a pattern, as plain data. */
export type Token =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many' }
  | { readonly kind: 'variable'; readonly key: string }
  | { readonly kind: 'unknown'; readonly path: string };

/** What a variable stands for in one request: a value, no value, or a value that cannot be known. */
export type Substitution = string | undefined | typeof UNKNOWN_VALUE;

/** The value exists or not, nobody documents which. */
export const UNKNOWN_VALUE = Symbol('unknown value');

/** Looks up what a variable stands for. Keys are canonical. */
export type Substitute = (key: string) => Substitution;

/** Which of the pattern characters are special. */
export interface Syntax {
  /** Whether `*` and `?` are wildcards. */
  readonly wildcards: boolean;

  /** Whether `${…}` is a variable or an escape: only in documents of Version 2012-10-17. */
  readonly variables: boolean;
}

/** The `*` and `?` of an escape sequence such as `${*}`. */
const ESCAPES = new Set(['*', '?', '$']);

/** Cut a text into tokens. `${` without a closing brace is literal, as it is for IAM. */
export function tokenize(text: Text, syntax: Syntax): readonly Token[] {
  const tokens: Token[] = [];
  for (const part of partsOf(text)) {
    if (typeof part !== 'string') {
      tokens.push({ kind: 'unknown', path: part.unknown });
      continue;
    }
    let from = 0;
    for (let at = 0; at < part.length; at++) {
      const special = specialAt(part, at, syntax);
      if (special !== undefined) {
        tokens.push({ kind: 'text', value: part.slice(from, at) }, special.token);
        at += special.length - 1;
        from = at + 1;
      }
    }
    tokens.push({ kind: 'text', value: part.slice(from) });
  }
  return mergeText(tokens);
}

/** Join neighbouring texts, and leave empty ones out. */
function mergeText(tokens: readonly Token[]): readonly Token[] {
  const merged: Token[] = [];
  for (const token of tokens) {
    const last = merged[merged.length - 1];
    if (token.kind === 'text' && last?.kind === 'text') {
      merged[merged.length - 1] = { kind: 'text', value: last.value + token.value };
    } else if (token.kind !== 'text' || token.value !== '') {
      merged.push(token);
    }
  }
  return merged;
}

function specialAt(text: string, at: number, syntax: Syntax): { token: Token; length: number } | undefined {
  switch (text[at]) {
    case '*':
      return syntax.wildcards ? { token: { kind: 'many' }, length: 1 } : undefined;
    case '?':
      return syntax.wildcards ? { token: { kind: 'one' }, length: 1 } : undefined;
    case '$': {
      const close = syntax.variables && text[at + 1] === '{' ? text.indexOf('}', at + 2) : -1;
      if (close < 0) {
        return undefined;
      }
      const inner = text.slice(at + 2, close);
      return { token: variableToken(inner), length: close - at + 1 };
    }
    default:
      return undefined;
  }
}

function variableToken(inner: string): Token {
  if (ESCAPES.has(inner)) {
    return { kind: 'text', value: inner };
  }
  // `${key, 'default'}` exists in IAM; whether AWS IoT honours it is unconfirmed.
  return inner.includes(',')
    ? { kind: 'unknown', path: `\${${inner}}` }
    : { kind: 'variable', key: canonicalKey(inner.trim()) };
}

const ONE = Symbol('one character');

/** An atom of a chunk: literal text, any one character, or the variable at an index. */
type Atom = string | typeof ONE | number;

/** Values of the variables of a pattern, by their index. */
type Values = readonly string[];

const CLIENT_ID = canonicalKey('iot:ClientId');
const NO_VALUES: Values = [];

/**
 * A pattern made ready for matching: chunks of atoms between the `*`.
 *
 * No regular expression is built from policy text: the matcher walks the text once per chunk, so its cost is bounded
 * by length of pattern times length of text.
 */
export class Pattern {
  private readonly literal: string | undefined;
  private readonly head: string;
  private readonly chunks: readonly (readonly Atom[])[];
  private readonly variables: readonly string[];
  private readonly uncertain: boolean;

  constructor(public readonly tokens: readonly Token[]) {
    const chunks: Atom[][] = [[]];
    const variables: string[] = [];
    for (const token of tokens) {
      const chunk = chunks[chunks.length - 1]!;
      switch (token.kind) {
        case 'text': chunk.push(token.value); break;
        case 'one': chunk.push(ONE); break;
        case 'variable': chunk.push(variables.push(token.key) - 1); break;
        // An unknown part may hold anything: match as `*`, and answer "cannot tell" instead of yes.
        default: chunks.push([]);
      }
    }
    const first = chunks[0]![0];
    this.chunks = chunks;
    this.variables = variables;
    this.uncertain = tokens.some((token) => token.kind === 'unknown');
    this.head = typeof first === 'string' ? first : '';
    this.literal = tokens.length === 0 ? '' : tokens.length === 1 && tokens[0]!.kind === 'text' ? this.head : undefined;
  }

  /** Whether the whole of `text` matches. */
  public match(text: string, substitute: Substitute): Answer {
    if (this.literal !== undefined) {
      return text === this.literal ? 'yes' : 'no';
    }
    if (!text.startsWith(this.head)) {
      return 'no';
    }
    return this.variables.length === 0 ? this.answer(text, NO_VALUES) : this.matchWithVariables(text, substitute);
  }

  /**
   * The same pattern with its variables replaced, for a context that does not change; undefined when a variable has no
   * value, so that nothing can match.
   */
  public bind(substitute: Substitute): Pattern | undefined {
    if (this.variables.length === 0) {
      return this;
    }
    if (this.missingVariable(substitute) !== undefined) {
      return undefined;
    }
    if (this.variables.some((key) => isDoubtful(key, substitute(key)!))) {
      return this;
    }
    return new Pattern(mergeText(this.tokens.map((token): Token => (
      token.kind === 'variable' ? { kind: 'text', value: substitute(token.key) as string } : token
    ))));
  }

  /** The first variable that has no value in a request, if there is one. */
  public missingVariable(substitute: Substitute): string | undefined {
    return this.variables.find((key) => substitute(key) === undefined);
  }

  private matchWithVariables(text: string, substitute: Substitute): Answer {
    const values: string[] = [];
    let doubtful = false;
    for (const key of this.variables) {
      const value = substitute(key);
      if (value === undefined) {
        return 'no';
      }
      doubtful ||= isDoubtful(key, value);
      values.push(value === UNKNOWN_VALUE ? '' : value);
    }
    if (!doubtful) {
      return this.answer(text, values);
    }
    const literally = this.variables.some((key) => substitute(key) === UNKNOWN_VALUE) ? 'no' : this.answer(text, values);
    return literally !== 'no' || this.loosen(substitute).match(text, substitute) === 'no' ? literally : 'unknown';
  }

  private answer(text: string, values: Values): Answer {
    return matchChunks(this.chunks, text, values) ? (this.uncertain ? 'unknown' : 'yes') : 'no';
  }

  /** The widest reading: each doubtful variable replaced by whatever it might stand for. */
  private loosen(substitute: Substitute): Pattern {
    return new Pattern(this.tokens.flatMap((token): readonly Token[] => {
      const value = token.kind === 'variable' ? substitute(token.key) : undefined;
      if (token.kind !== 'variable' || value === undefined || !isDoubtful(token.key, value)) {
        return [token];
      }
      return value === UNKNOWN_VALUE
        ? [{ kind: 'unknown', path: `\${${token.key}}` }]
        : tokenize(value, { wildcards: true, variables: false });
    }));
  }
}

/** Whether AWS leaves open what a variable stands for: a `*` or `?` in a client id may or may not be a wildcard. */
function isDoubtful(key: string, value: string | typeof UNKNOWN_VALUE): boolean {
  return value === UNKNOWN_VALUE || (key === CLIENT_ID && (value.includes('*') || value.includes('?')));
}

/**
 * First chunk at the start, last chunk at the end, each in between at its leftmost place: as chunks hold no `*`,
 * leftmost is always enough, so nothing is ever tried twice.
 */
function matchChunks(chunks: readonly (readonly Atom[])[], text: string, values: Values): boolean {
  const last = chunks.length - 1;
  let at = matchAt(chunks[0]!, text, 0, values);
  if (at < 0 || last === 0) {
    return at === text.length;
  }
  for (let i = 1; i < last; i++) {
    at = findChunk(chunks[i]!, text, at, values);
    if (at < 0) {
      return false;
    }
  }
  const tail = chunks[last]!;
  const tailStart = text.length - lengthOf(tail, values);
  return tailStart >= at && matchAt(tail, text, tailStart, values) === text.length;
}

/** The end of the leftmost occurrence of a chunk at or after `from`, or -1. */
function findChunk(chunk: readonly Atom[], text: string, from: number, values: Values): number {
  const latest = text.length - lengthOf(chunk, values);
  for (let at = from; at <= latest; at++) {
    const end = matchAt(chunk, text, at, values);
    if (end >= 0) {
      return end;
    }
  }
  return -1;
}

/** The end of a chunk that starts exactly at `at`, or -1. */
function matchAt(chunk: readonly Atom[], text: string, at: number, values: Values): number {
  let end = at;
  for (const atom of chunk) {
    if (atom === ONE) {
      if (end >= text.length) {
        return -1;
      }
      end += 1;
    } else {
      const literal = typeof atom === 'number' ? values[atom]! : atom;
      if (!text.startsWith(literal, end)) {
        return -1;
      }
      end += literal.length;
    }
  }
  return end;
}

function lengthOf(chunk: readonly Atom[], values: Values): number {
  let length = 0;
  for (const atom of chunk) {
    length += atom === ONE ? 1 : typeof atom === 'number' ? values[atom]!.length : atom.length;
  }
  return length;
}

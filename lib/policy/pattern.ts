import { mergeText, tokenize } from './tokens';
import type { Token } from './tokens';

/** Three-valued answer: an unresolved part or an undocumented behaviour is "cannot tell", never yes or no. */
export type Answer = 'yes' | 'no' | 'unknown';

export function not(answer: Answer): Answer {
  return answer === 'yes' ? 'no' : answer === 'no' ? 'yes' : 'unknown';
}

/** Whether one of the items passes. */
export function any<T>(items: readonly T[], test: (item: T) => Answer): Answer {
  let result: Answer = 'no';
  for (const item of items) {
    const answer = test(item);
    if (answer === 'yes') {
      return 'yes';
    }
    if (answer === 'unknown') {
      result = 'unknown';
    }
  }
  return result;
}

/** What a variable stands for in one request: a value, no value, or a value that cannot be known. */
export type Substitution = string | undefined | typeof UNKNOWN_VALUE;

/** The value exists or not, nobody documents which. */
export const UNKNOWN_VALUE = Symbol('unknown value');

/** Looks up what a variable stands for. Keys are canonical. */
export type Substitute = (key: string) => Substitution;

const ONE = Symbol('one character');

/** An atom of a chunk: literal text, any one character, or the variable at an index. */
type Atom = string | typeof ONE | number;

/** Values of the variables of a pattern, by their index. */
type Values = readonly string[];

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
    if (this.variables.some((key) => isDoubtful(substitute(key)!))) {
      return this;
    }
    return new Pattern(mergeText(this.tokens.map((token): Token => (
      token.kind === 'variable' ? { kind: 'text', value: substitute(token.key) as string } : token
    ))));
  }

  /**
   * What is left of the pattern behind a text that it begins with word for word; undefined when nothing that begins with
   * the text matches; the pattern itself when that depends on the rest.
   */
  public after(text: string): Pattern | undefined {
    const [first, ...rest] = this.tokens;
    if (first?.kind === 'text' && first.value.startsWith(text)) {
      return new Pattern(mergeText([{ kind: 'text', value: first.value.slice(text.length) }, ...rest]));
    }
    const mayBegin = first?.kind === 'text' ? rest.length > 0 && text.startsWith(first.value) : first !== undefined;
    return mayBegin ? this : undefined;
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
      doubtful ||= isDoubtful(value);
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
      if (token.kind !== 'variable' || value === undefined || !isDoubtful(value)) {
        return [token];
      }
      return value === UNKNOWN_VALUE
        ? [{ kind: 'unknown', path: `\${${token.key}}` }]
        : tokenize(value, { wildcards: true, variables: false });
    }));
  }
}

/** Whether AWS leaves open what a value stands for: a `*` or `?` in a client id may or may not be a wildcard. */
function isDoubtful(value: string | typeof UNKNOWN_VALUE): boolean {
  return value === UNKNOWN_VALUE || value.includes('*') || value.includes('?');
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
  return matchTail(chunks[last]!, text, values) >= at;
}

/** The end of the leftmost occurrence of a chunk at or after `from`, or -1. */
function findChunk(chunk: readonly Atom[], text: string, from: number, values: Values): number {
  const latest = text.length - leastLength(chunk, values);
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
      end += isPair(text, end) ? 2 : 1;
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

/** The start of a chunk that ends where the text does, or -1. */
function matchTail(chunk: readonly Atom[], text: string, values: Values): number {
  let start = text.length;
  for (let i = chunk.length - 1; i >= 0; i--) {
    const atom = chunk[i]!;
    if (atom === ONE) {
      start -= isPair(text, start - 2) ? 2 : 1;
    } else {
      const literal = typeof atom === 'number' ? values[atom]! : atom;
      start -= literal.length;
      if (start >= 0 && !text.startsWith(literal, start)) {
        return -1;
      }
    }
    if (start < 0) {
      return -1;
    }
  }
  return start;
}

/** Whether one character beyond the basic plane, which takes two places in a string, starts there. */
function isPair(text: string, at: number): boolean {
  return at >= 0 && text.codePointAt(at)! > 0xffff;
}

function leastLength(chunk: readonly Atom[], values: Values): number {
  let length = 0;
  for (const atom of chunk) {
    length += atom === ONE ? 1 : typeof atom === 'number' ? values[atom]!.length : atom.length;
  }
  return length;
}

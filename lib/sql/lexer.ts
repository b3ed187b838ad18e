import { errorAt, show } from './error';
import type { SqlError } from './error';

/** A piece of a statement: keywords are words, as most of them can be the name of an attribute too. */
export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'variable' | 'symbol' | 'end';

  /** The word, the number as written, what a quoted text says, the name of a variable, or the symbol. */
  readonly text: string;
  readonly at: number;
  readonly end: number;

  /** The quotes of a text. */
  readonly quote?: string;
}

const SPACE = /\s*/y;
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const VARIABLE = /@([A-Za-z0-9_]*)/y;
const SYMBOL = /<>|<=|>=|!=|==|\|\||&&|\/\*|[()[\]{},.:*/%+<>=-]/y;

/** What people write who know another SQL, and what AWS IoT calls it. */
const FOREIGN: { readonly [symbol: string]: string } = {
  '!=': 'write <>', '==': 'write =', '||': 'write OR, or + for texts', '&&': 'write AND', '/*': 'AWS IoT SQL has no comments',
};

function hintFor(character: string): string | undefined {
  return /[\u2010-\u2015]/.test(character) ? 'write - for minus' : character === ';' ? 'a statement ends without it' : undefined;
}

/** Cuts a statement into tokens, one at a time, so that a template can stop at its closing brace. */
export class Lexer {
  private ahead: Token | undefined;

  constructor(public readonly source: string, private at: number) {}

  public peek(): Token {
    this.ahead ??= this.read();
    return this.ahead;
  }

  public next(): Token {
    const token = this.peek();
    this.ahead = undefined;
    return token;
  }

  /** The token behind the next one. */
  public second(): Token {
    const first = this.peek();
    const at = this.at;
    const second = this.read();
    this.at = at;
    this.ahead = first;
    return second;
  }

  public error(at: number, problem: string, hint?: string): SqlError {
    return errorAt(this.source, at, problem, hint);
  }

  private read(): Token {
    this.take(SPACE);
    const at = this.at;
    const made = (kind: Token['kind'], text: string, quote?: string): Token => ({ kind, text, at, end: this.at, quote });
    const word = this.take(WORD);
    if (word !== undefined) {
      return made('word', word[0]);
    }
    const number = this.take(NUMBER);
    if (number !== undefined) {
      if (this.take(WORD) !== undefined) {
        throw this.error(at, `${show(this.source.slice(at, this.at))} is neither a number nor a name`, 'use get(object, "name") for a name that begins with a digit');
      }
      return made('number', number[0]);
    }
    const character = this.source[at];
    if (character === undefined) {
      return made('end', '');
    }
    if (character === '\'' || character === '"') {
      return made('text', this.quoted(character), character);
    }
    const variable = this.take(VARIABLE);
    if (variable !== undefined) {
      return made('variable', variable[1]!);
    }
    const symbol = this.take(SYMBOL);
    if (symbol === undefined) {
      throw this.error(at, `${show(String.fromCodePoint(this.source.codePointAt(at)!))} means nothing here`, hintFor(character));
    }
    if (FOREIGN[symbol[0]] !== undefined) {
      throw this.error(at, `${show(symbol[0])} is not an operator of AWS IoT SQL`, FOREIGN[symbol[0]]);
    }
    return made('symbol', symbol[0]);
  }

  /** A doubled quote stands for itself; a backslash is a character like any other. */
  private quoted(quote: string): string {
    const start = this.at;
    let text = '';
    for (let from = start + 1; ; from = this.at + 1) {
      const close = this.source.indexOf(quote, from);
      if (close < 0) {
        throw this.error(start, `a text that begins with ${quote} does not end`);
      }
      text += this.source.slice(from, close);
      if (this.source[close + 1] !== quote) {
        this.at = close + 1;
        return text;
      }
      text += quote;
      this.at = close + 1;
    }
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source) ?? undefined;
    this.at += found?.[0].length ?? 0;
    return found;
  }
}

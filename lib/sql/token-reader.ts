import { positionOf, show } from './error';
import type { SqlWarning } from './error';
import type { SqlVersion } from './evaluation';
import { Lexer } from './lexer';
import type { Token } from './lexer';
import { didYouMean } from './suggest';

/** What may stand within each other: parentheses, calls, literals, nested SELECTs. */
const MAX_DEPTH = 100;

const MAX_WARNINGS = 100;

/** The words of the grammar. */
export const CLAUSES = ['SELECT', 'FROM', 'WHERE', 'SET', 'AS', 'AND', 'OR', 'NOT', 'IN', 'CASE', 'WHEN', 'THEN', 'ELSE', 'END'];

/** Words of other SQL, and what AWS IoT has in their place. */
const FOREIGN: { readonly [word: string]: string } = {
  LIKE: 'write startswith(), endswith(), indexof() or regexp_matches()',
  BETWEEN: 'write a >= low AND a <= high',
  IS: 'write isNull(a) or isUndefined(a)',
  GROUP: 'a rule looks at one message at a time',
  ORDER: 'a rule looks at one message at a time',
  LIMIT: 'a rule looks at one message at a time',
  JOIN: 'a rule looks at one message at a time',
};

/** Takes the tokens of a statement one after the other; a mistake is a SqlError at its place. */
export abstract class TokenReader {
  public readonly warnings: SqlWarning[] = [];
  protected readonly lexer: Lexer;
  private depth = 0;

  constructor(source: string, protected readonly version: SqlVersion, at: number) {
    this.lexer = new Lexer(source, at);
  }

  protected warn(at: number, message: string): void {
    if (this.warnings.length === MAX_WARNINGS) {
      return;
    }
    this.warnings.push({ ...positionOf(this.lexer.source, at), message });
  }

  protected needs2016({ at }: Token, what: string): void {
    if (this.version === '2015-10-08') {
      throw this.lexer.error(at, `${what} needs version 2016-03-23 of SQL`, 'set awsIotSqlVersion to 2016-03-23');
    }
  }

  protected nested<T>(token: Token, read: () => T): T {
    if (++this.depth > MAX_DEPTH) {
      throw this.lexer.error(token.at, `expressions within each other more than ${MAX_DEPTH} deep`);
    }
    const result = read();
    this.depth--;
    return result;
  }

  protected isWord(word: string): boolean {
    return is(this.lexer.peek(), word);
  }

  protected takeWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) {
      this.lexer.next();
    }
    return found;
  }

  protected isSymbol(symbol: string): boolean {
    const token = this.lexer.peek();
    return token.kind === 'symbol' && token.text === symbol;
  }

  protected take(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) {
      this.lexer.next();
    }
    return found;
  }

  protected expect(symbol: string): Token {
    const token = this.lexer.next();
    if (token.kind !== 'symbol' || token.text !== symbol) {
      throw this.unexpected(token, symbol);
    }
    return token;
  }

  protected unexpected(token: Token, wanted: string, hint?: string): Error {
    const got = token.kind === 'end' ? 'the end' : show(this.lexer.source.slice(token.at, token.end));
    const foreign = token.kind === 'word' ? FOREIGN[token.text.toUpperCase()] : undefined;
    if (foreign !== undefined) {
      return this.lexer.error(token.at, `AWS IoT SQL has no ${token.text.toUpperCase()}`, foreign);
    }
    const clause = token.kind === 'word' ? didYouMean(token.text, CLAUSES) : undefined;
    const mistyped = clause?.includes(`'${token.text.toUpperCase()}'`) === true ? undefined : clause;
    return this.lexer.error(token.at, `expected ${wanted}, got ${got}`, mistyped ?? hint);
  }
}

export function is(token: Token, word: string): boolean {
  return token.kind === 'word' && token.text.toUpperCase() === word;
}

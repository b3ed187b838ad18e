import type { Branch, Expression, Item, Link, Member, NestedSelect, Query, Selection, Variable } from './ast';
import { CAST_TYPES } from './convert';
import { positionOf, show } from './error';
import type { SqlWarning } from './error';
import type { SqlVersion } from './evaluation';
import { FUNCTIONS } from './functions';
import type { SqlFunction } from './functions/function';
import { Lexer } from './lexer';
import type { Token } from './lexer';
import { readNumeric } from './number';
import { PRECEDENCE } from './operators';
import type { OperatorName } from './operators';
import { didYouMean } from './suggest';
import { topicFilterProblem } from './topic-filter';

/** What may stand within each other: parentheses, calls, literals, nested SELECTs. */
const MAX_DEPTH = 100;

/** Variables of SET and the length of their names. */
const MAX_VARIABLES = 10;
const MAX_VARIABLE_NAME = 64;

const MAX_WARNINGS = 100;

const CLAUSES = ['SELECT', 'FROM', 'WHERE', 'SET', 'AS', 'AND', 'OR', 'NOT', 'IN', 'CASE', 'WHEN', 'THEN', 'ELSE', 'END'];

/** Words that cannot be the name of an attribute, unless behind a dot. */
const RESERVED = new Set(CLAUSES.filter((word) => word !== 'SET'));

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([['NULL', null], ['TRUE', true], ['FALSE', false]]);

/** Level of NOT among the levels of `PRECEDENCE`. */
const NOT_LEVEL = 2;

/** Reads statements and expressions; a mistake is a SqlError at its place. */
export class Parser {
  public readonly warnings: SqlWarning[] = [];
  public readonly functions = new Set<string>();
  private readonly lexer: Lexer;
  private readonly variables: Set<string>;
  private depth = 0;

  constructor(source: string, private readonly version: SqlVersion, at = 0, variables: Iterable<string> = []) {
    this.lexer = new Lexer(source, at);
    this.variables = new Set(variables);
  }

  /** A whole statement. */
  public query(): Query {
    const variables = this.isWord('SET') ? this.set() : [];
    const select = this.selection();
    const from = this.takeWord('FROM') ? this.topicFilter() : undefined;
    const where = this.takeWord('WHERE') ? this.expression() : undefined;
    const rest = this.lexer.peek();
    if (rest.kind !== 'end') {
      throw this.unexpected(rest, 'the end of the statement');
    }
    return { version: this.version, variables, select, from, where, functions: [...this.functions], warnings: this.warnings };
  }

  /** The expression of a template and where its closing brace is. */
  public templateExpression(): { readonly expression: Expression; readonly end: number } {
    const expression = this.expression();
    return { expression, end: this.expect('}').end };
  }

  private set(): readonly Variable[] {
    const variables: Variable[] = [];
    this.lexer.next();
    do {
      const token = this.lexer.next();
      if (token.kind !== 'variable' || token.text === '' || token.text.length > MAX_VARIABLE_NAME) {
        throw this.lexer.error(token.at, 'SET needs the name of a variable', `write @name, with up to ${MAX_VARIABLE_NAME} letters, digits and underscores`);
      }
      if (this.variables.has(token.text)) {
        throw this.lexer.error(token.at, `@${token.text} is set twice`);
      }
      if (variables.length === MAX_VARIABLES) {
        throw this.lexer.error(token.at, `a statement has no more than ${MAX_VARIABLES} variables`);
      }
      this.expect('=');
      variables.push({ name: token.text, value: this.expression() });
      // Known from here on: a variable can use those before it.
      this.variables.add(token.text);
    } while (this.take(','));
    return variables;
  }

  private selection(): Selection {
    const token = this.lexer.next();
    if (!is(token, 'SELECT')) {
      throw this.unexpected(token, 'SELECT');
    }
    const isValue = this.isValueKeyword();
    const start = isValue ? this.lexer.next() : token;
    const items: Item[] = [];
    do {
      items.push(this.item(items.length, isValue));
    } while (this.take(','));
    if (isValue && items.length > 1) {
      throw this.lexer.error(start.at, 'SELECT VALUE takes one item', 'select an array or an object of them');
    }
    return { isValue, items };
  }

  /** VALUE is a keyword if something follows that can be selected; otherwise it is an attribute. */
  private isValueKeyword(): boolean {
    if (!this.isWord('VALUE')) {
      return false;
    }
    const { kind, text } = this.lexer.second();
    return kind === 'symbol' ? ['(', '[', '{', '*'].includes(text) : kind !== 'end' && !(kind === 'word' && ['FROM', 'AS', 'WHERE', 'AND', 'OR', 'IN'].includes(text.toUpperCase()));
  }

  private item(index: number, isValue: boolean): Item {
    const token = this.lexer.peek();
    if (token.text === '*' && token.kind === 'symbol') {
      const { kind, text } = this.lexer.second();
      if (kind === 'end' || text === ',' || text === ')' || /^(?:FROM|WHERE)$/i.test(text)) {
        this.lexer.next();
        return '*';
      }
    }
    const value = this.expression();
    if (this.takeWord('AS')) {
      return { value, path: this.alias() };
    }
    const name = nameOf(value);
    if (name === undefined && !isValue) {
      this.warn(token.at, 'an item without a name of its own, called by its number here; write AS and a name');
    }
    return { value, path: [name ?? `_${index + 1}`] };
  }

  private alias(): readonly string[] {
    const path: string[] = [];
    do {
      const token = this.lexer.next();
      if (token.kind !== 'word') {
        throw this.unexpected(token, 'a name after AS', 'names have letters, digits and underscores and stand without quotes');
      }
      path.push(token.text);
    } while (this.take('.'));
    return path;
  }

  private topicFilter(): string {
    const token = this.lexer.next();
    if (token.kind !== 'text' || token.quote !== '\'') {
      throw this.unexpected(token, 'a topic filter in single quotes', 'for example FROM \'sensors/+/telemetry\'');
    }
    const problem = topicFilterProblem(token.text);
    if (problem !== undefined) {
      throw this.lexer.error(token.at, problem);
    }
    return token.text;
  }

  private nestedSelect(): NestedSelect {
    this.needs2016(this.lexer.peek(), 'a nested SELECT');
    const selection = this.selection();
    if (!this.takeWord('FROM')) {
      throw this.unexpected(this.lexer.peek(), 'FROM and an array or object');
    }
    const from = this.postfix();
    return { ...selection, from, where: this.takeWord('WHERE') ? this.expression() : undefined };
  }

  private expression(): Expression {
    return this.nested(this.lexer.peek(), () => this.binary(0));
  }

  private nested<T>(token: Token, read: () => T): T {
    if (++this.depth > MAX_DEPTH) {
      throw this.lexer.error(token.at, `expressions within each other more than ${MAX_DEPTH} deep`);
    }
    const result = read();
    this.depth--;
    return result;
  }

  private binary(level: number): Expression {
    if (level === NOT_LEVEL && this.isWord('NOT')) {
      return this.negation();
    }
    const operators = PRECEDENCE[level];
    if (operators === undefined) {
      return this.unary();
    }
    const first = this.binary(level + 1);
    const rest: Link[] = [];
    for (let operator = this.takeOperator(operators); operator !== undefined; operator = this.takeOperator(operators)) {
      rest.push({ operator, operand: operator === 'IN' || operator === 'NOT IN' ? this.inList() : this.binary(level + 1) });
    }
    return rest.length === 0 ? first : { kind: 'chain', first, rest };
  }

  private takeOperator(operators: readonly OperatorName[]): OperatorName | undefined {
    const token = this.lexer.peek();
    const name = token.kind === 'word' ? token.text.toUpperCase() : token.kind === 'symbol' ? token.text : undefined;
    if (name === 'NOT' && operators.includes('NOT IN') && is(this.lexer.second(), 'IN')) {
      this.lexer.next();
      this.lexer.next();
      return 'NOT IN';
    }
    const found = operators.find((operator) => operator === name);
    if (found !== undefined) {
      this.lexer.next();
    }
    return found;
  }

  private negation(): Expression {
    return this.nested(this.lexer.next(), () => ({ kind: 'not', operand: this.binary(NOT_LEVEL) }));
  }

  private inList(): Expression {
    if (!this.isSymbol('(') || is(this.lexer.second(), 'SELECT')) {
      return this.binary(PRECEDENCE.findIndex((operators) => operators.includes('+')));
    }
    this.lexer.next();
    return { kind: 'list', items: this.list(')') };
  }

  private unary(): Expression {
    const token = this.lexer.peek();
    if (this.take('-')) {
      return this.nested(token, () => ({ kind: 'negative', operand: this.unary() }));
    }
    return this.isWord('NOT') ? this.negation() : this.postfix();
  }

  private postfix(): Expression {
    const of = this.primary();
    const names: string[] = [];
    while (this.take('.')) {
      const token = this.lexer.next();
      if (token.kind !== 'word') {
        throw this.unexpected(token, 'a name after the dot', 'use get(object, "name") for a name that is not of letters, digits and underscores');
      }
      names.push(token.text);
    }
    if (this.isSymbol('[')) {
      throw this.lexer.error(this.lexer.peek().at, 'an array is not indexed with [ ]', 'use get(array, index), which counts from 0');
    }
    return names.length === 0 ? of : { kind: 'path', of, names };
  }

  private primary(): Expression {
    const token = this.lexer.next();
    switch (token.kind) {
      case 'number': return this.number(token);
      case 'text': return { kind: 'literal', value: token.text };
      case 'variable': return this.variable(token);
      case 'word': return this.word(token);
      case 'symbol': return this.bracketed(token);
      case 'end': throw this.unexpected(token, 'an expression');
    }
  }

  private number(token: Token): Expression {
    const value = readNumeric(token.text);
    if (value === undefined) {
      throw this.lexer.error(token.at, 'a number that is larger than 9.99E999');
    }
    return { kind: 'literal', value };
  }

  private variable(token: Token): Expression {
    if (!this.variables.has(token.text)) {
      throw this.lexer.error(token.at, `@${token.text} is not set before it is used`, didYouMean(token.text, this.variables) ?? `write SET @${token.text} = … before SELECT`);
    }
    return { kind: 'variable', name: token.text };
  }

  private word(token: Token): Expression {
    const word = token.text.toUpperCase();
    const constant = CONSTANTS.get(word);
    if (constant !== undefined) {
      return { kind: 'literal', value: constant };
    }
    if (word === 'CASE') {
      return this.nested(token, () => this.caseOf(token));
    }
    if (RESERVED.has(word)) {
      throw this.unexpected(token, 'an expression');
    }
    if (this.isSymbol('(')) {
      return word === 'CAST' ? this.cast() : word === 'EXISTS' ? this.exists() : this.call(token);
    }
    return { kind: 'name', name: token.text };
  }

  private bracketed(token: Token): Expression {
    switch (token.text) {
      case '*': return { kind: 'star' };
      case '(': {
        const inner: Expression = is(this.lexer.peek(), 'SELECT')
          ? this.nested(token, () => ({ kind: 'select', select: this.nestedSelect() }))
          : this.expression();
        this.expect(')');
        return inner;
      }
      case '[':
        this.needs2016(token, 'an array literal');
        return { kind: 'array', items: this.list(']') };
      case '{':
        this.needs2016(token, 'an object literal');
        return { kind: 'object', members: this.members() };
      default: throw this.unexpected(token, 'an expression');
    }
  }

  private list(close: string): readonly Expression[] {
    const items: Expression[] = [];
    if (this.take(close)) {
      return items;
    }
    do {
      items.push(this.expression());
    } while (this.take(','));
    this.expect(close);
    return items;
  }

  /** A comma may follow the last member: statements with one are in use. */
  private members(): readonly Member[] {
    const members: Member[] = [];
    while (!this.take('}')) {
      const token = this.lexer.next();
      if (token.kind !== 'text') {
        throw this.unexpected(token, 'a key in quotes');
      }
      this.expect(':');
      members.push({ name: token.text, value: this.expression() });
      if (!this.take(',')) {
        this.expect('}');
        break;
      }
    }
    return members;
  }

  private cast(): Expression {
    this.expect('(');
    const operand = this.expression();
    if (!this.takeWord('AS')) {
      throw this.unexpected(this.lexer.peek(), 'AS and a type');
    }
    const token = this.lexer.next();
    const type = CAST_TYPES.get(token.text.toLowerCase());
    if (token.kind !== 'word' || type === undefined) {
      throw this.lexer.error(token.at, `unknown type ${show(token.text)}`, didYouMean(token.text, CAST_TYPES.keys()) ?? `types are ${[...CAST_TYPES.keys()].join(', ')}`);
    }
    if (type.since === '2016-03-23') {
      this.needs2016(token, `cast to ${token.text}`);
    }
    this.expect(')');
    return { kind: 'cast', operand, to: type.to };
  }

  private exists(): Expression {
    const token = this.expect('(');
    if (!is(this.lexer.peek(), 'SELECT')) {
      throw this.unexpected(this.lexer.peek(), 'SELECT');
    }
    const select = this.nested(token, () => this.nestedSelect());
    this.expect(')');
    return { kind: 'exists', select };
  }

  private caseOf(token: Token): Expression {
    if (this.isWord('WHEN')) {
      throw this.lexer.error(token.at, 'CASE needs a value to compare with', 'write CASE value WHEN other THEN result … END; a WHEN takes values, not conditions');
    }
    const subject = this.expression();
    const branches: Branch[] = [];
    while (this.takeWord('WHEN')) {
      const when = this.expression();
      if (!this.takeWord('THEN')) {
        throw this.unexpected(this.lexer.peek(), 'THEN');
      }
      branches.push({ when, then: this.expression() });
    }
    const otherwise = branches.length > 0 && this.takeWord('ELSE') ? this.expression() : undefined;
    if (branches.length === 0 || !this.takeWord('END')) {
      throw this.unexpected(this.lexer.peek(), branches.length === 0 ? 'WHEN' : 'END of CASE');
    }
    return { kind: 'case', subject, branches, otherwise };
  }

  private call(token: Token): Expression {
    const name = token.text.toLowerCase();
    const record = FUNCTIONS.get(name);
    if (record === undefined) {
      throw this.lexer.error(token.at, `unknown function ${show(token.text)}`, didYouMean(token.text, [...FUNCTIONS.keys(), 'cast']));
    }
    if (record.since === '2016-03-23') {
      this.needs2016(token, `${name}()`);
    }
    if (record.external === 'once' && this.functions.has(name)) {
      throw this.lexer.error(token.at, `${name}() can be called once in a statement`, 'keep its value in a variable: SET @value = …');
    }
    this.functions.add(name);
    this.expect('(');
    const args = this.list(')');
    this.warnOfArguments(token, record, args.length);
    if (name === 'get_or_default' && asksElsewhere(args[1])) {
      throw this.lexer.error(token.at, 'the default of get_or_default() cannot ask another service', 'ask for it in the first argument of another get_or_default()');
    }
    return { kind: 'call', name, args };
  }

  private warnOfArguments({ at, text }: Token, { arguments: [least, most] }: SqlFunction, given: number): void {
    if (given < least || given > most) {
      const wanted = least === most ? String(least) : most === Infinity ? `${least} or more` : `${least} to ${most}`;
      this.warn(at, `${text.toLowerCase()}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, got ${given}; its value is Undefined`);
    }
  }

  private warn(at: number, message: string): void {
    if (this.warnings.length === MAX_WARNINGS) {
      return;
    }
    this.warnings.push({ ...positionOf(this.lexer.source, at), message });
  }

  private needs2016({ at }: Token, what: string): void {
    if (this.version === '2015-10-08') {
      throw this.lexer.error(at, `${what} needs version 2016-03-23 of SQL`, 'set awsIotSqlVersion to 2016-03-23');
    }
  }

  private isWord(word: string): boolean {
    return is(this.lexer.peek(), word);
  }

  private takeWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) {
      this.lexer.next();
    }
    return found;
  }

  private isSymbol(symbol: string): boolean {
    const token = this.lexer.peek();
    return token.kind === 'symbol' && token.text === symbol;
  }

  private take(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) {
      this.lexer.next();
    }
    return found;
  }

  private expect(symbol: string): Token {
    const token = this.lexer.next();
    if (token.kind !== 'symbol' || token.text !== symbol) {
      throw this.unexpected(token, symbol);
    }
    return token;
  }

  private unexpected(token: Token, wanted: string, hint?: string): Error {
    const got = token.kind === 'end' ? 'the end' : show(this.lexer.source.slice(token.at, token.end));
    const clause = token.kind === 'word' ? didYouMean(token.text, CLAUSES) : undefined;
    const mistyped = clause?.includes(`'${token.text.toUpperCase()}'`) === true ? undefined : clause;
    return this.lexer.error(token.at, `expected ${wanted}, got ${got}`, mistyped ?? hint);
  }
}

function is(token: Token, word: string): boolean {
  return token.kind === 'word' && token.text.toUpperCase() === word;
}

/** Whether an external function is called anywhere within. */
function asksElsewhere(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null) {
    return false;
  }
  const { kind, name } = tree as { readonly kind?: unknown; readonly name?: unknown };
  return (kind === 'call' && FUNCTIONS.get(name as string)?.external !== undefined) || Object.values(tree).some(asksElsewhere);
}

/** What an item without AS is called: the last name of its path, or its function. */
function nameOf(expression: Expression): string | undefined {
  switch (expression.kind) {
    case 'name': case 'variable': case 'call': return expression.name;
    case 'path': return expression.names.at(-1);
    case 'cast': return 'cast';
    default: return undefined;
  }
}

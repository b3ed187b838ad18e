import type { Branch, Expression, Link, Member, NestedSelect } from './ast';
import { CAST_TYPES } from './convert';
import { show } from './error';
import type { SqlVersion } from './evaluation';
import { FUNCTIONS } from './functions';
import type { SqlFunction } from './functions/function';
import type { Token } from './lexer';
import { readNumeric } from './number';
import { PRECEDENCE } from './operators';
import type { OperatorName } from './operators';
import { didYouMean } from './suggest';
import { CLAUSES, is, TokenReader } from './token-reader';

/** Words that cannot be the name of an attribute, unless behind a dot. */
const RESERVED = new Set(CLAUSES.filter((word) => word !== 'SET'));

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([['NULL', null], ['TRUE', true], ['FALSE', false]]);

const ORDINALS = ['first', 'second'];

/** Level of NOT among the levels of `PRECEDENCE`. */
const NOT_LEVEL = 2;

/** Reads expressions, by the precedence of their operators. */
export abstract class ExpressionParser extends TokenReader {
  public readonly functions = new Set<string>();
  protected readonly variables: Set<string>;

  constructor(source: string, version: SqlVersion, at: number, variables: Iterable<string>) {
    super(source, version, at);
    this.variables = new Set(variables);
  }

  /** A SELECT within an expression, from its first word to its last. */
  protected abstract nestedSelect(): NestedSelect;

  protected expression(): Expression {
    return this.nested(this.lexer.peek(), () => this.binary(0));
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
      if (this.lexer.source[token.at - 1] === '-') {
        this.warn(token.at - 1, '-- begins no comment, it takes away a negative number');
      }
      return this.nested(token, () => ({ kind: 'negative', operand: this.unary() }));
    }
    return this.isWord('NOT') ? this.negation() : this.postfix();
  }

  protected postfix(): Expression {
    const of = this.primary();
    const names: string[] = [];
    while (this.isSymbol('.') && !this.isMembers()) {
      this.lexer.next();
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

  /** Whether a `.*` follows, which an item of SELECT may end with. */
  private isMembers(): boolean {
    const { kind, text } = this.lexer.second();
    return kind === 'symbol' && text === '*';
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
    for (const index of record.constants ?? []) {
      if (args.at(index)?.kind === 'variable' && args.length > 1) {
        throw this.lexer.error(token.at, `${name}() takes no variable for its ${index < 0 ? 'role' : `${ORDINALS[index]!} argument`}`, 'write the value itself');
      }
    }
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
}

/** Whether an external function is called anywhere within. */
function asksElsewhere(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null) {
    return false;
  }
  const { kind, name, args } = tree as { readonly kind?: unknown; readonly name?: unknown; readonly args?: { readonly length: number } };
  const isProtobuf = name === 'decode' && args !== undefined && args.length > 2;
  return (kind === 'call' && (isProtobuf || FUNCTIONS.get(name as string)?.external !== undefined)) || Object.values(tree).some(asksElsewhere);
}

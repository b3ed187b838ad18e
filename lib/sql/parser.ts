import type { Expression, Item, NestedSelect, Query, Selection, Variable } from './ast';
import type { SqlVersion } from './evaluation';
import { ExpressionParser } from './expression-parser';
import { is } from './token-reader';
import { topicFilterProblem } from './topic-filter';

/** Variables of SET and the length of their names. */
const MAX_VARIABLES = 10;
const MAX_VARIABLE_NAME = 64;

/** Names of a path behind AS; AWS documents no limit, but devices and actions take nothing so deep. */
const MAX_ALIAS_DEPTH = 32;

/** Words behind a `value` that is an attribute. */
const AFTER_ATTRIBUTE = ['FROM', 'AS', 'WHERE', 'AND', 'OR', 'IN'];

/** Reads statements, and the expressions of templates. */
export class Parser extends ExpressionParser {
  constructor(source: string, version: SqlVersion, at = 0, variables: Iterable<string> = []) {
    super(source, version, at, variables);
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
    return kind === 'symbol' ? ['(', '[', '{', '*'].includes(text) : kind !== 'end' && !(kind === 'word' && AFTER_ATTRIBUTE.includes(text.toUpperCase()));
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
    if (hasMembers(value) && this.take('.')) {
      // Not on AWS's pages, but in rules that run: all members of an object, as `*` is those of the message.
      this.expect('*');
      return { value, path: [] };
    }
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
      if (path.length === MAX_ALIAS_DEPTH) {
        throw this.lexer.error(token.at, `a path after AS has no more than ${MAX_ALIAS_DEPTH} names`);
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

  protected nestedSelect(): NestedSelect {
    this.needs2016(this.lexer.peek(), 'a nested SELECT');
    const selection = this.selection();
    if (!this.takeWord('FROM')) {
      throw this.unexpected(this.lexer.peek(), 'FROM and an array or object');
    }
    const from = this.postfix();
    return { ...selection, from, where: this.takeWord('WHERE') ? this.expression() : undefined };
  }
}

function hasMembers({ kind }: Expression): boolean {
  return kind === 'name' || kind === 'path' || kind === 'variable' || kind === 'call' || kind === 'select';
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

import fc from 'fast-check';
import { compileQuery, parseSql, toPayload } from '../../lib/sql';
import type { RuleOutcome } from '../../lib/sql';
import { ENVIRONMENT, messageOf } from './message';
import { fractionOf, refer, REFERENCE_FUNCTIONS } from './reference';
import type { Tagged } from './reference';

const RUNS = 4000;

const NUMBERS = [
  '0', '1', '2', '3', '10', '0.5', '1.5', '-2.5', '0.1', '22.50', '-7', '1e2', '1E-7', '9007199254740991', '9007199254740993', '12345678901234567890',
  '0.12345678901234567890123456789', '9999999999999999999999999999999999', '1e33', '1e34', '5e-324', '1.7976931348623157e308', '9.99E999', '1E-999',
];
const TEXTS = ['', 'a', 'b', 'ab', 'TRUE', 'false', '5', '-1.5', '5E2', '1e', 'a"b', 'é😀', ' x '];
const NAMES = ['a', 'b', 'c', 'list', 'object'];
const PATTERNS = ['a', 'a*', '(a|b)+', '^a', 'b$', '.', '[a-c]', 'x?', '\\d+', 'a|ab', '(a|ab)(b|)', '(a*)*b', 'a{1,2}?', '\\w\\b'];

const scalar = fc.oneof(fc.constantFrom(...NUMBERS), fc.constantFrom(...TEXTS.map((text) => JSON.stringify(text))), fc.constantFrom('true', 'false', 'null'));
const { value: jsonText } = fc.letrec<{ value: string; members: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`), tie('members')),
  members: fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), tie('value')), { maxLength: 4, selector: ([name]) => name })
    .map((members) => `{${members.map(([name, value]) => `"${name}":${value}`).join(',')}}`),
}));

const quoted = (text: string): string => `'${text.replaceAll('\'', '\'\'')}'`;
const literal = fc.oneof(fc.constantFrom(...NUMBERS), fc.constantFrom(...TEXTS).map(quoted), fc.constantFrom('TRUE', 'FALSE', 'NULL'));
const path = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 }).map((names) => names.join('.'));
const ARGUMENTS: { readonly [name: string]: number } = {
  mod: 2, nanvl: 2, get: 2, get_or_default: 2, concat: 2, substring: 3, startswith: 2, endswith: 2, indexof: 2, replace: 3,
};

const { expression } = fc.letrec<{ expression: string; select: string }>((tie) => {
  const many = fc.array(tie('expression'), { minLength: 1, maxLength: 3 });
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'medium', withCrossShrink: true },
      literal,
      path,
      fc.tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/', '%', '=', '<>', '<', '<=', '>', '>=', 'AND', 'OR'), tie('expression'))
        .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      // Without parentheses: the tree is the parser's.
      fc.tuple(tie('expression'), fc.constantFrom('+', '-', '*', '=', 'AND'), tie('expression')).map((parts) => `(1 + ${parts.join(' ')})`),
      tie('expression').map((operand) => `(NOT ${operand})`),
      tie('expression').map((operand) => `(- ${operand})`),
      fc.tuple(tie('expression'), fc.constantFrom('IN', 'NOT IN'), many).map(([left, operator, items]) => `(${left} ${operator} (${items.join(', ')}))`),
      many.map((items) => `[${items.join(', ')}]`),
      fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `{'a': ${a}, 'list': ${b}}`),
      fc.tuple(tie('expression'), tie('expression'), tie('expression'), tie('expression')).map(([a, b, c, d]) => `CASE ${a} WHEN ${b} THEN ${c} ELSE ${d} END`),
      fc.tuple(fc.constantFrom(...REFERENCE_FUNCTIONS.filter((name) => !name.startsWith('regexp'))), fc.array(tie('expression'), { minLength: 3, maxLength: 3 }))
        .map(([name, args]) => `${name}(${args.slice(0, ARGUMENTS[name] ?? 1).join(', ')})`),
      fc.tuple(fc.constantFrom('regexp_matches', 'regexp_substr'), tie('expression'), fc.constantFrom(...PATTERNS)).map(([name, text, pattern]) => `${name}(${text}, ${quoted(pattern)})`),
      fc.tuple(tie('expression'), fc.constantFrom(...PATTERNS)).map(([text, pattern]) => `regexp_replace(${text}, ${quoted(pattern)}, '-')`),
      tie('select').map((nested) => `(${nested})`),
      tie('select').map((nested) => `EXISTS (${nested})`),
    ),
    select: fc.tuple(fc.constantFrom('VALUE', ''), tie('expression'), fc.oneof(path, fc.constant('(*)')), fc.option(tie('expression'), { nil: undefined }))
      .map(([value, what, from, where]) => `SELECT ${value} (${what}) ${value === '' ? 'AS x, *' : ''} FROM ${from}${where === undefined ? '' : ` WHERE ${where}`}`),
  };
});

const statement = fc.tuple(fc.array(fc.oneof(expression.map((one) => `${one} AS r`), fc.constant('*'), path.map((one) => `${one} AS p`), path.map((one) => `${one}.*`)), { minLength: 1, maxLength: 2 }), fc.option(expression, { nil: undefined, freq: 1 }))
  .map(([items, where]) => `SELECT ${items.join(', ')} FROM 'a'${where === undefined ? '' : ` WHERE ${where}`}`);

/** JSON as the reference has it, read anew: numbers keep how they are written. */
function tagged(source: string): Tagged {
  const marked = JSON.parse(source.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (token.startsWith('"') ? token : `{"#number":"${token}"}`))) as unknown;
  const tag = (value: unknown): Tagged => {
    if (value === null) {
      return { is: 'null' };
    }
    switch (typeof value) {
      case 'boolean': return { is: 'boolean', value };
      case 'string': return { is: 'string', value };
      default: {
        if (Array.isArray(value)) {
          return { is: 'array', items: value.map(tag) };
        }
        const members = Object.entries(value as object);
        return members.length === 1 && members[0]![0] === '#number'
          ? fractionOf(members[0]![1] as string)
          : { is: 'object', members: new Map(members.map(([name, member]) => [name, tag(member)])) };
      }
    }
  };
  return tag(marked);
}

test('the compiled evaluator and the reference make the same of every statement and payload', () => {
  let [fired, values] = [0, 0];
  fc.assert(fc.property(statement, jsonText, (sql, payload) => {
    const query = parseSql(sql);
    const outcome = compileQuery(query).run(messageOf(payload), ENVIRONMENT) as RuleOutcome;
    const expected = refer(query, tagged(payload));
    fired += outcome.matched ? 1 : 0;
    values += expected !== undefined && expected !== '{}' ? 1 : 0;
    expect(outcome.matched ? toPayload(outcome.value)!.toString() : undefined).toBe(expected);
  }), { numRuns: RUNS });

  // Most of what is compared has something to compare.
  expect(fired).toBeGreaterThan(RUNS / 3);
  expect(values).toBeGreaterThan(RUNS / 5);
});

import { parseSql, SqlError } from '../../lib/sql';
import type { Expression, SqlVersion } from '../../lib/sql';

function errorOf(sql: string, version?: SqlVersion): SqlError {
  try {
    parseSql(sql, { version });
  } catch (error) {
    expect(error).toBeInstanceOf(SqlError);
    return error as SqlError;
  }
  throw new Error(`taken: ${sql}`);
}

describe('a mistake is named with its place', () => {
  test.each([
    ['', '1:1: expected SELECT, got the end'],
    ['SELEC * FROM \'a\'', '1:1: expected SELECT, got \'SELEC\'; did you mean \'SELECT\'?'],
    ['SELECT * FORM \'a\'', '1:10: expected the end of the statement, got \'FORM\'; did you mean \'FROM\'?'],
    ['SELECT *\nFROM \'a\'\nWEHRE a = 1', '3:1: expected the end of the statement, got \'WEHRE\'; did you mean \'WHERE\'?'],
    ['SELECT uppper(a) FROM \'a\'', '1:8: unknown function \'uppper\'; did you mean \'upper\'?'],
    ['SELECT a,\n  nothing(b) FROM \'a\'', '2:3: unknown function \'nothing\''],
    ['SELECT * FROM a', '1:15: expected a topic filter in single quotes, got \'a\'; for example FROM \'sensors/+/telemetry\''],
    ['SELECT * FROM "a"', '1:15: expected a topic filter in single quotes, got \'"a"\'; for example FROM \'sensors/+/telemetry\''],
    ['SELECT * FROM \'$share/g/a\'', '1:15: a rule hears every message: it takes no shared subscription'],
    ['SELECT * FROM \'a/#/b\'', '1:15: # stands alone on the last level of a topic filter'],
    ['SELECT * FROM \'a+/b\'', '1:15: + stands alone on a level of a topic filter'],
    ['SELECT * FROM \'\'', '1:15: a topic filter has 1 to 256 bytes and no null character'],
    ['SELECT a.0.b FROM \'a\'', '1:10: expected a name after the dot, got \'0\'; use get(object, "name") for a name that is not of letters, digits and underscores'],
    ['SELECT 0a FROM \'a\'', '1:8: \'0a\' is neither a number nor a name; use get(object, "name") for a name that begins with a digit'],
    ['SELECT a[0] FROM \'a\'', '1:9: an array is not indexed with [ ]; use get(array, index), which counts from 0'],
    ['SELECT a – 1 FROM \'a\'', '1:10: \'–\' means nothing here; write - for minus'],
    ['SELECT a != 1 FROM \'a\'', '1:10: \'!=\' is not an operator of AWS IoT SQL; write <>'],
    ['SELECT a /* note */ FROM \'a\'', '1:10: \'/*\' is not an operator of AWS IoT SQL; AWS IoT SQL has no comments'],
    ['SELECT * FROM \'a\';', '1:18: \';\' means nothing here; a statement ends without it'],
    ['SELECT * FROM \'a\' WHERE b LIKE \'c%\'', '1:27: AWS IoT SQL has no LIKE; write startswith(), endswith(), indexof() or regexp_matches()'],
    ['SELECT * FROM \'a\' WHERE b is not null', '1:27: AWS IoT SQL has no IS; write isNull(a) or isUndefined(a)'],
    ['SELECT * FROM \'a\' WHERE b BETWEEN 1 AND 2', '1:27: AWS IoT SQL has no BETWEEN; write a >= low AND a <= high'],
    ['SELECT a FROM \'a\' GROUP BY a', '1:19: AWS IoT SQL has no GROUP; a rule looks at one message at a time'],
    ['SELECT \'text FROM \'x\'', '1:20: expected the end of the statement, got \'x\''],
    ['SELECT \'text FROM', '1:8: a text that begins with \' does not end'],
    ['SELECT (a FROM \'a\'', '1:11: expected ), got \'FROM\''],
    ['SELECT VALUE a, b FROM \'a\'', '1:8: SELECT VALUE takes one item; select an array or an object of them'],
    ['SELECT a AS \'b\' FROM \'a\'', '1:13: expected a name after AS, got \'\'b\'\'; names have letters, digits and underscores and stand without quotes'],
    [`SELECT a AS ${'b.'.repeat(32)}c FROM 'a'`, '1:77: a path after AS has no more than 32 names'],
    ['SELECT CASE WHEN a = 1 THEN 2 END FROM \'a\'', '1:8: CASE needs a value to compare with; write CASE value WHEN other THEN result … END; a WHEN takes values, not conditions'],
    ['SELECT CASE a END FROM \'a\'', '1:15: expected WHEN, got \'END\''],
    ['SELECT CASE a WHEN 1 THEN 2 FROM \'a\'', '1:29: expected END of CASE, got \'FROM\''],
    ['SELECT cast(a AS Strin) FROM \'a\'', '1:18: unknown type \'Strin\'; did you mean \'string\'?'],
    ['SELECT {a: 1} FROM \'a\'', '1:9: expected a key in quotes, got \'a\''],
    ['SELECT (SELECT a) FROM \'a\'', '1:17: expected FROM and an array or object, got \')\''],
    ['SELECT 1E1000 FROM \'a\'', '1:8: a number that is larger than 9.99E999'],
    ['SELECT @temp FROM \'a\'', '1:8: @temp is not set before it is used; write SET @temp = … before SELECT'],
    ['SET @temp = 1 SELECT @tmep FROM \'a\'', '1:22: @tmep is not set before it is used; did you mean \'temp\'?'],
    ['SET @a = 1, @a = 2 SELECT 1 FROM \'a\'', '1:13: @a is set twice'],
    ['SET a = 1 SELECT 1 FROM \'a\'', '1:5: SET needs the name of a variable; write @name, with up to 64 letters, digits and underscores'],
    [`SET ${Array.from({ length: 11 }, (_, i) => `@v${i} = 1`).join(', ')} SELECT 1`, '1:95: a statement has no more than 10 variables'],
    ['SELECT get_dynamodb("t", "k", 1, "r"), get_dynamodb("t", "k", 2, "r") FROM \'a\'', '1:40: get_dynamodb() can be called once in a statement; keep its value in a variable: SET @value = …'],
    ['SET @r = "arn" SELECT get_thing_shadow("t", @r) FROM \'a\'', '1:23: get_thing_shadow() takes no variable for its role; write the value itself'],
    ['SET @m = "enrichArray" SELECT transform(@m, a, b) FROM \'a\'', '1:31: transform() takes no variable for its first argument; write the value itself'],
    ['SET @e = "base64" SELECT decode(a, @e) FROM \'a\'', '1:26: decode() takes no variable for its second argument; write the value itself'],
    ['SELECT get_or_default(a, decode(b, "proto", "b", "k", "f", "m")) FROM \'a\'', '1:8: the default of get_or_default() cannot ask another service; ask for it in the first argument of another get_or_default()'],
    ['SELECT abs(a.*) FROM \'a\'', '1:13: expected ), got \'.\''],
    ['SELECT a + b.* FROM \'a\'', '1:13: expected the end of the statement, got \'.\''],
    ['SELECT * FROM \'a\' WHERE b.*', '1:26: expected the end of the statement, got \'.\''],
    ['SELECT get_or_default(a, [aws_lambda("f", *)]) FROM \'a\'', '1:8: the default of get_or_default() cannot ask another service; ask for it in the first argument of another get_or_default()'],
  ])('%s', (sql, message) => {
    expect(errorOf(sql).message).toBe(message);
  });

  test('as data too', () => {
    expect(errorOf('SELECT *\n FROM "a"')).toMatchObject({ line: 2, column: 7, hint: 'for example FROM \'sensors/+/telemetry\'' });
  });

  test.each(['encode(*, \'base64\')', '[1]', '{\'a\': 1}', '(SELECT a FROM b)', 'cast(1 AS Boolean)'])('fails for %s in version 2015-10-08', (expression) => {
    const sql = `SELECT ${expression} AS a FROM 'a'`;

    expect(() => parseSql(sql)).not.toThrow();
    expect(errorOf(sql, '2015-10-08')).toMatchObject({ hint: 'set awsIotSqlVersion to 2016-03-23' });
  });
});

describe('what is large', () => {
  test.each([
    ['parentheses', `SELECT ${'('.repeat(50_000)}`],
    ['NOT', `SELECT ${'NOT '.repeat(25_000)} true`],
    ['minus', `SELECT ${'- '.repeat(50_000)} 1`],
    ['calls', `SELECT ${'abs('.repeat(25_000)}`],
    ['arrays', `SELECT ${'['.repeat(100_000)}`],
    ['objects', `SELECT ${'{"a":'.repeat(20_000)}`],
    ['CASE', `SELECT ${'CASE '.repeat(20_000)}`],
    ['nested SELECT', `SELECT ${'(SELECT a FROM '.repeat(6_000)}`],
    ['IN', `SELECT ${'1 IN ('.repeat(15_000)}`],
  ])('fails at its place for %s without end', (_, sql) => {
    expect(errorOf(sql).message).toMatch(/^1:\d+: expressions within each other more than 100 deep$/);
  });

  test('fails when it is longer than any statement', () => {
    expect(errorOf(`SELECT ${' '.repeat(200_000)}`).message).toBe('1:1: a statement has no more than 131072 characters, got 200007');
  });

  test.each([
    ['sum', `SELECT ${'1+'.repeat(50_000)}1 AS a`],
    ['path', `SELECT ${'a.'.repeat(50_000)}a`],
    ['list of items', `SELECT ${Array.from({ length: 20_000 }, () => 'a').join(',')}`],
    ['list of items without names', `SELECT ${Array.from({ length: 20_000 }, () => '1+1').join(',')}`],
    ['condition', `SELECT * WHERE ${Array.from({ length: 9_000 }, (_, i) => `a = ${i}`).join(' OR ')}`],
    ['text', `SELECT '${'a'.repeat(100_000)}' AS a`],
    ['text of quotes', `SELECT '${'\'\''.repeat(50_000)}' AS a`],
  ])('a long %s is read in time', (_, sql) => {
    const start = process.cpuUsage();
    parseSql(sql);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2_000);
  });
});

/** The tree, with parentheses around what belongs together. */
function grouped(expression: Expression): string {
  switch (expression.kind) {
    case 'chain': return `(${[grouped(expression.first), ...expression.rest.flatMap(({ operator, operand }) => [operator, grouped(operand)])].join(' ')})`;
    case 'not': return `(NOT ${grouped(expression.operand)})`;
    case 'negative': return `(-${grouped(expression.operand)})`;
    case 'literal': return String(expression.value);
    case 'name': return expression.name;
    case 'list': return `[${expression.items.map(grouped).join(', ')}]`;
    default: return expression.kind;
  }
}

test.each([
  ['a OR b AND c', '(a OR (b AND c))'],
  ['a AND b OR c AND d', '((a AND b) OR (c AND d))'],
  ['NOT a = b AND c', '((NOT (a = b)) AND c)'],
  ['NOT a OR b', '((NOT a) OR b)'],
  ['a + b > c * d', '((a + b) > (c * d))'],
  ['a - b - c + d', '(a - b - c + d)'],
  ['a * b % c / d', '(a * b % c / d)'],
  ['a - -b * c', '(a - ((-b) * c))'],
  ['a + 1 IN (b, c) AND d', '(((a + 1) IN [b, c]) AND d)'],
  ['a NOT IN (1) OR NOT b', '((a NOT IN [1]) OR (NOT b))'],
  ['(a OR b) AND c', '((a OR b) AND c)'],
])('%s is %s', (sql, tree) => {
  expect(grouped(parseSql(`SELECT * FROM 'a' WHERE ${sql}`).where!)).toBe(tree);
});

describe('VALUE', () => {
  test.each(['SELECT value FROM \'a\'', 'SELECT value, b', 'SELECT value.a', 'SELECT value - 1 AS a', 'SELECT value AS a', 'SELECT value = 1 AS a'])('is an attribute in %s', (sql) => {
    expect(parseSql(sql).select.isValue).toBe(false);
  });

  test.each(['SELECT VALUE a', 'SELECT value value', 'SELECT VALUE *', 'SELECT VALUE [a]', 'SELECT VALUE (a)', 'SELECT VALUE 5', 'SELECT VALUE \'a\''])('is a keyword in %s', (sql) => {
    expect(parseSql(sql).select.isValue).toBe(true);
  });
});

test('keywords and functions are not case-sensitive, attributes are', () => {
  expect(parseSql('select Temp, MD5(a) from \'a\' where not a In (1) anD EXISTS(Select * From b)')).toMatchObject({
    select: { items: [{ value: { name: 'Temp' } }, { value: { name: 'md5' } }] }, from: 'a', functions: ['md5'],
  });
});

test('FROM may be missing, for a rule of Basic Ingest', () => {
  expect(parseSql('SELECT * WHERE a = 1').from).toBeUndefined();
});

test('warns of what looks like a comment', () => {
  expect(parseSql('SELECT temp -- celsius\nAS t FROM \'a\'').warnings).toMatchObject([{ line: 1, column: 13, message: '-- begins no comment, it takes away a negative number' }]);
  expect(parseSql('SELECT a - -b AS c FROM \'a\'').warnings).toEqual([]);
});

test('warns of what is taken but is Undefined or has no name', () => {
  expect(parseSql('SELECT abs(1, 2) AS a,\n substring("a"), 1 + 1 FROM \'a\'').warnings).toEqual([
    { line: 1, column: 8, message: 'abs() takes 1 argument, got 2; its value is Undefined' },
    { line: 2, column: 2, message: 'substring() takes 2 to 3 arguments, got 1; its value is Undefined' },
    { line: 2, column: 18, message: 'an item without a name of its own, called by its number here; write AS and a name' },
  ]);
});

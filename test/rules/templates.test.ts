import { Lazy } from 'aws-cdk-lib';
import { allInQuotes, asPattern, asTopic, hasTemplate, readTemplate } from '../../lib/rules/templates';
import { mayOverlap } from '../../lib/rules/topic-filters';

const token = Lazy.string({ produce: () => 'x' });

test.each<[string, string]>([
  ['a/b', 'a/b'],
  ['a/${topic(3)}/b', 'a/*/b'],
  ['${a}${b}', '*'],
  ["${get(x, '}')}/b", '*/b'],
  ['${get(x, "a}")}/b', '*/b'],
  ['${(SELECT VALUE a FROM b)}-${{"a": 1}.a}', '*-*'],
  [`${token}/b`, `${token}/b`],
  [`${token}/\${topic(2)}`, `${token}/*`],
  ['a$b', 'a$b'],
  ['', ''],
])('%j may become %j', (template, pattern) => {
  expect(asPattern(template)).toBe(pattern);
});

test.each<[string, boolean]>([
  [token, false],
  [`SELECT ${token} FROM 'a'`, false],
  [`SELECT "${token}" AS a, 'it''s ${token}' AS b FROM '${token}/+'`, true],
  [`SELECT 'a FROM "${token}`, false],
])('whether all tokens of %j are in quotes is %j', (sql, quoted) => {
  expect(allInQuotes(sql)).toBe(quoted);
});

test('a token of the CDK is no template', () => {
  expect([hasTemplate(token), hasTemplate(`${token}/\${topic(2)}`), hasTemplate('a')]).toEqual([false, true, false]);
});

test.each([
  ['${topic(', "'${' at character 1 has no '}' to end it; add it"],
  ["a/${get(x, '}", "'${' at character 3 has no '}' to end it, as a text in ' does not end; add it"],
  ['${ }', "'${}' has no expression; write one, such as ${topic(3)}"],
])('%j fails', (template, message) => {
  expect(() => readTemplate(template)).toThrow(message);
});

test('a long text is read at once', () => {
  const start = Date.now();
  readTemplate('${a}'.repeat(25_000));
  expect(() => readTemplate('${'.repeat(50_000))).toThrow();
  expect(Date.now() - start).toBeLessThan(1000);
});

test('two $ stand for the one of a reserved topic', () => {
  expect([asTopic('$$aws/things/a/shadow'), asTopic('a/$$b')]).toEqual(['$aws/things/a/shadow', 'a/$$b']);
});

test('a level with a token may be any', () => {
  expect([mayOverlap(`dt/${token}/a`, 'dt/x/a'), mayOverlap(`dt/${token}/a`, 'dt/x/b'), mayOverlap('dt/#', 'dt')]).toEqual([true, false, true]);
});

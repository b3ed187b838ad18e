import fc from 'fast-check';
import { Regexp, regexpOf } from '../../lib/sql/regexp/regexp';
import { Work } from '../../lib/sql/work';

function slots(pattern: string, text: string): readonly number[] | undefined {
  return new Regexp(pattern).find(text, 0, new Work());
}

/** What JavaScript, which tries one way after the other, finds. */
function expected(pattern: string, text: string): readonly number[] | undefined {
  const found = new RegExp(pattern, 'du').exec(text);
  return found?.indices!.flatMap((range) => range ?? [-1, -1]);
}

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '\\s', '(?:)', '\\b', '^', '$', '\\u0061', '😀');
const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof({ maxDepth: 4, depthSize: 'medium' },
    atom,
    fc.tuple(tie('pattern'), tie('pattern')).map(([left, right]) => left + right),
    fc.tuple(tie('pattern'), tie('pattern')).map(([left, right]) => `(?:${left}|${right})`),
    tie('pattern').map((inner) => `(${inner})`),
    fc.tuple(fc.constantFrom('a', 'b', '.', '[ab]', '(?:ab|a)', '(?:a|😀b)'), fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{1,}?', '{0,2}')).map(([inner, times]) => inner + times)),
}));

test('finds what JavaScript finds, where the two languages are one', () => {
  let found = 0;
  fc.assert(fc.property(pattern, fc.array(fc.constantFrom('a', 'b', '1', ' ', '😀'), { maxLength: 8 }), (source, characters) => {
    const text = characters.join('');
    const own = slots(source, text);
    found += own === undefined ? 0 : 1;
    expect(own).toEqual(expected(source, text));
  }), { numRuns: 5000 });
  expect(found).toBeGreaterThan(1000);
});

test.each([
  ['(?i)AbC', 'xaBc', 'aBc'],
  ['a(?i:B)c', 'aBcabc', 'aBc'],
  ['(?i)[a-c]+', 'xABCd', 'ABC'],
  ['(?s)a.b', 'a\nb', 'a\nb'],
  ['(?m)^b$', 'a\nb\nc', 'b'],
  ['b$', 'ab\n', 'b'],
  ['b\\z', 'ab\n', undefined],
  ['\\Aa', 'ba', undefined],
  ['\\Q.*\\E', 'a.*', '.*'],
  ['\\p{Upper}\\p{Alpha}+', 'aBcd', 'Bcd'],
  ['\\p{L}+', '1äß', 'äß'],
  ['\\P{Digit}', '1a', 'a'],
  ['[]a]+', 'x]a', ']a'],
  ['[a\\-z]+', 'b-a', '-a'],
  ['(?<first>a)(b)', 'ab', 'ab'],
  ['\\x41\\t', 'A\t', 'A\t'],
])('%s in %j is %j', (source, text, found) => {
  const at = slots(source, text);
  expect(at && text.slice(at[0], at[1])).toBe(found);
});

test.each([
  ['(', 'a ( without its )'],
  [')', 'a ) without its ('],
  ['[a', 'an end where something is missing'],
  ['*a', 'a * with nothing to repeat'],
  ['a**', 'a quantifier of a quantifier'],
  ['a++', 'a quantifier of a quantifier'],
  ['a{2,1}', 'a count that is not between 0 and 1000'],
  ['a{x}', 'a { that counts nothing'],
  ['[b-a]', 'a range that is none'],
  ['[a[b]]', 'a class within a class is not known here'],
  ['(?=a)', 'lookahead, lookbehind and atomic groups are not known here'],
  ['(?<!a)b', 'lookahead, lookbehind and atomic groups are not known here'],
  ['(a)\\1', '\\1 is not known here'],
  ['\\p{Nothing}', 'an unknown character class after \\p'],
  ['\\', 'an end where something is missing'],
  ['(a{1,1000}){1,1000}', 'too large once its counts are written out'],
  ['('.repeat(1000), 'more than 50 groups, or two of one name'],
  ['(?:'.repeat(1000), 'more than 100 groups within each other'],
  ['a'.repeat(5000), 'longer than 4000 characters'],
])('fails for %.20s: %s', (source, message) => {
  expect(regexpOf(source, new Work())).toMatchObject({ message });
});

test.each(['(a+)+$', '(a|aa)+$', '(a*)*b', '(.*a){20}c', '(a?){30}a{30}b'])('%s takes no longer than its text', (source) => {
  const start = process.cpuUsage();
  expect(slots(source, `${'a'.repeat(5000)}!`)).toBeUndefined();
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(3000);
});

import fc from 'fast-check';
import { Pattern, UNKNOWN_VALUE, joinText, tokenize } from '../../lib/policy';
import type { Answer, Substitution, Text, Token } from '../../lib/policy';

const BOTH = { wildcards: true, variables: true } as const;
const VALUES: { readonly [key: string]: Substitution } = { v: 'ab', empty: '', starred: 'a*', marked: '?', doubtful: UNKNOWN_VALUE };
const substitute = (key: string): Substitution => VALUES[key];

function match(pattern: Text, text: string): Answer {
  return new Pattern(tokenize(pattern, BOTH)).match(text, substitute);
}

/** What a pattern is made of, and what the reference below makes of it. */
const PIECES: readonly { readonly source: string; readonly narrow?: readonly Token[]; readonly wide: readonly Token[] }[] = [
  ...['a', 'b', '/', 'ab', '😀'].map((value) => piece(value, [{ kind: 'text', value }])),
  piece('*', [{ kind: 'many' }]),
  piece('?', [{ kind: 'one' }]),
  ...['*', '?', '$'].map((value) => piece(`\${${value}}`, [{ kind: 'text', value }])),
  piece('${v}', [{ kind: 'text', value: 'ab' }]),
  piece('${empty}', []),
  // A wildcard within a value may be one or not.
  { source: '${starred}', narrow: [{ kind: 'text', value: 'a*' }], wide: [{ kind: 'text', value: 'a' }, { kind: 'many' }] },
  { source: '${marked}', narrow: [{ kind: 'text', value: '?' }], wide: [{ kind: 'one' }] },
  { source: '${doubtful}', wide: [{ kind: 'many' }] },
];

function piece(source: string, tokens: readonly Token[]): (typeof PIECES)[number] {
  return { source, narrow: tokens, wide: tokens };
}

/** As simple as can be, and exponential: tries everything. */
function matches([token, ...rest]: readonly Token[], text: readonly string[]): boolean {
  switch (token?.kind) {
    case undefined: return text.length === 0;
    case 'many': return text.some((_, length) => matches(rest, text.slice(length))) || matches(rest, []);
    case 'one': return text.length > 0 && matches(rest, text.slice(1));
    case 'text': {
      const characters = Array.from(token.value);
      return characters.every((character, index) => text[index] === character) && matches(rest, text.slice(characters.length));
    }
    default: throw new Error(token!.kind);
  }
}

const patterns = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 });
const texts = fc.array(fc.constantFrom('a', 'b', '/', '*', '?', '$', '😀', 'ab'), { maxLength: 10 }).map((parts) => parts.join(''));

describe('a pattern', () => {
  test('matches what a naive matcher matches', () => {
    fc.assert(fc.property(patterns, texts, (pieces, text) => {
      const characters = Array.from(text);
      const narrow = pieces.every((one) => one.narrow !== undefined) && matches(pieces.flatMap((one) => one.narrow!), characters);
      const expected = narrow ? 'yes' : matches(pieces.flatMap((one) => one.wide), characters) ? 'unknown' : 'no';
      expect(match(pieces.map(({ source }) => source).join(''), text)).toBe(expected);
    }), { numRuns: 5000 });
  });

  test('matches nothing when one of its variables has no value', () => {
    fc.assert(fc.property(patterns, patterns, texts, (before, after, text) => {
      expect(match([...before, { source: '${missing}' }, ...after].map(({ source }) => source).join(''), text)).toBe('no');
    }));
  });

  test('answers the same when its variables are replaced beforehand', () => {
    fc.assert(fc.property(patterns, texts, (pieces, text) => {
      const pattern = new Pattern(tokenize(pieces.map(({ source }) => source).join(''), BOTH));
      expect(pattern.bind(substitute)!.match(text, substitute)).toBe(pattern.match(text, substitute));
    }), { numRuns: 2000 });
  });

  test('is nothing at all once a variable without a value is replaced', () => {
    expect(new Pattern(tokenize('a/${missing}', BOTH)).bind(substitute)).toBeUndefined();
    expect(new Pattern(tokenize('a/${doubtful}/${missing}', BOTH)).bind(substitute)).toBeUndefined();
    expect(new Pattern(tokenize('a/${v}/${missing}', BOTH)).missingVariable(substitute)).toBe('missing');
  });

  test('matches every text literally when nothing is special', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const pattern = new Pattern(tokenize(a, { wildcards: false, variables: false }));
      expect(pattern.match(a, substitute)).toBe('yes');
      expect(pattern.match(b, substitute)).toBe(a === b ? 'yes' : 'no');
    }));
  });

  test.each([
    ['?', '😀', 'yes'], ['??', '😀', 'no'], ['*?', '😀', 'yes'], ['*??', '😀', 'no'], ['?*?', '😀', 'no'], ['*?*?*', '😀', 'no'],
    ['*?b*', '😀b', 'yes'], ['a?b', 'a😀b', 'yes'], ['a??b', 'a😀b', 'no'], ['*?😀?', '😀😀', 'no'], ['*?😀?', 'a😀😀😀', 'yes'],
  ] as const)('%s on %s: a ? takes a whole character (%s)', (pattern, text, answer) => {
    expect(match(pattern, text)).toBe(answer);
  });
});

describe('the work of matching', () => {
  const LENGTH = 2000;

  test.each([
    ['stars and letters', `${'a*'.repeat(LENGTH / 2)}b`, 'a'.repeat(LENGTH * 2)],
    ['letters that almost repeat', `*${'a'.repeat(LENGTH)}b*`, 'a'.repeat(LENGTH * 2)],
    ['question marks', `*${'?'.repeat(LENGTH)}b*c`, 'a'.repeat(LENGTH * 2)],
    ['stars only', `${'*'.repeat(LENGTH)}b`, 'a'.repeat(LENGTH * 2)],
    ['variables', `${'${v}*'.repeat(LENGTH / 5)}a`, 'ab'.repeat(LENGTH)],
  ])('ends for %s', (_, pattern, text) => {
    expect(match(pattern, text)).toBe('no');
  });

  test('is at most the length of the pattern times the length of the text', () => {
    const pieces = fc.array(fc.constantFrom('a', 'aa', '*', '?', 'a?', '*a', '${v}', 'b'), { minLength: 5, maxLength: 40 });
    fc.assert(fc.property(pieces, fc.integer({ min: 1, max: 60 }), (parts, length) => {
      const source = parts.join('');
      const pattern = new Pattern(tokenize(source, BOTH));
      const comparisons = jest.spyOn(String.prototype, 'startsWith');
      try {
        pattern.match('a'.repeat(length), substitute);
        expect(comparisons.mock.calls.length).toBeLessThanOrEqual(source.length * (length + 1));
      } finally {
        comparisons.mockRestore();
      }
    }));
  });
});

describe('tokens', () => {
  const text = (value: string): Token => ({ kind: 'text', value });
  const variable = (key: string): Token => ({ kind: 'variable', key });
  const unknown = (path: string): Token => ({ kind: 'unknown', path });

  test.each<[string, Text, readonly Token[]]>([
    ['an empty text', '', []],
    ['wildcards', 'a*b?', [text('a'), { kind: 'many' }, text('b'), { kind: 'one' }]],
    ['a variable, whose name has no case', 'a/${iot:ClientId}', [text('a/'), variable('iot:clientid')]],
    ['an attribute, whose name has', '${iot:Connection.Thing.Attributes[Site]}', [variable('iot:connection.thing.attributes[Site]')]],
    ['an attribute with a comma', '${iot:Connection.Thing.Attributes[a,b]}', [variable('iot:connection.thing.attributes[a,b]')]],
    ['escapes', '${*}${?}${$}{a}', [text('*?${a}')]],
    ['a variable without an end', 'a${b*', [text('a${b'), { kind: 'many' }]],
    ['braces and dollars', '$aws/{a}/$', [text('$aws/{a}/$')]],
    ['a variable without a name', '${}', [variable('')]],
    ['a variable within a variable', '${a${b}}', [variable('a${b'), text('}')]],
    ['a default', "${a, 'b'}", [unknown("${a, 'b'}")]],
    ['space in a variable', '${ a }', [unknown('${ a }')]],
    ['an unknown part', joinText(['a', { unknown: 'U' }, 'b']), [text('a'), unknown('U'), text('b')]],
    ['a variable beside an unknown part', joinText(['${a}/', { unknown: 'U' }, '/${b}']), [variable('a'), text('/'), unknown('U'), text('/'), variable('b')]],
    ['a variable that an unknown part may name', joinText(['a/${', { unknown: 'U' }, '}/b']), [text('a/'), unknown('U'), text('/b')]],
    ['a variable that an unknown part may end', joinText(['a/${b', { unknown: 'U' }, '/c']), [text('a/'), unknown('U'), text('/c')]],
    ['a variable that an unknown part may begin', joinText(['a/', { unknown: 'U' }, 'ClientId}/b']), [text('a/'), unknown('U'), text('/b')]],
    ['a variable over two unknown parts', joinText(['a/', { unknown: 'U' }, 'b', { unknown: 'V' }, 'c}/d']), [text('a/'), unknown('U'), text('/d')]],
    ['a dollar before an unknown part', joinText(['a$', { unknown: 'U' }, 'b']), [text('a'), unknown('U'), text('b')]],
    ['parts that nobody joined', { parts: ['a/${iot:', 'ClientId}'] }, [text('a/'), variable('iot:clientid')]],
  ])('of %s', (_, source, tokens) => {
    expect(tokenize(source, BOTH)).toEqual(tokens);
  });

  test('of a document whose version is not known: a variable may be text', () => {
    expect(tokenize('a/${b}', { wildcards: true, variables: 'unknown' })).toEqual([text('a/'), unknown('${b}')]);
  });

  test('of a document of an old version: everything but wildcards is text', () => {
    expect(tokenize(joinText(['${a}$', { unknown: 'U' }, '}']), { wildcards: true, variables: false })).toEqual([text('${a}$'), unknown('U'), text('}')]);
  });

  test('of a condition without wildcards', () => {
    expect(tokenize('a*${*}?', { wildcards: false, variables: true })).toEqual([text('a**?')]);
  });
});

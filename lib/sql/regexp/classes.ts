/** Whether a character, given as its code point, is one of a class. */
export type CharacterTest = (code: number) => boolean;

export function negated(test: CharacterTest): CharacterTest {
  return (code) => !test(code);
}

/** The line terminators of Java's `.`, `^` and `$`. */
export function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d || code === 0x85 || code === 0x2028 || code === 0x2029;
}

export function isWord(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || isDigit(code) || code === 0x5f;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** Java's `\d`, `\w` and `\s` are those of ASCII. */
export const CLASS_ESCAPES: { readonly [letter: string]: CharacterTest } = {
  d: isDigit, D: negated(isDigit), w: isWord, W: negated(isWord), s: isSpace, S: negated(isSpace),
};

const POSIX: { readonly [name: string]: RegExp } = {
  Alpha: /[A-Za-z]/, Digit: /[0-9]/, Alnum: /[A-Za-z0-9]/, Upper: /[A-Z]/, Lower: /[a-z]/, Space: /[ \t-\r]/, XDigit: /[0-9a-fA-F]/,
  Punct: /[!-/:-@[-`{-~]/, Blank: /[ \t]/, L: /\p{L}/u, Lu: /\p{Lu}/u, Ll: /\p{Ll}/u, N: /\p{N}/u, Nd: /\p{Nd}/u, P: /\p{P}/u, S: /\p{S}/u, Z: /\p{Z}/u,
};

/** The class of `\p{name}`; undefined for a name that is not known. */
export function namedClass(name: string): CharacterTest | undefined {
  const pattern = Object.hasOwn(POSIX, name) ? POSIX[name] : undefined;
  return pattern && ((code) => pattern.test(String.fromCodePoint(code)));
}

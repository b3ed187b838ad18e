/** A piece of a date pattern: a letter and how often it stands, or text to take as it is. */
export type PatternPart = { readonly letter: string; readonly count: number } | { readonly text: string; readonly isQuoted: boolean };

export const MAX_PATTERN_LENGTH = 200;

/** The pieces of a pattern of Joda-Time or Java; undefined for one with an open quote. */
export function patternParts(pattern: string): readonly PatternPart[] | undefined {
  const parts: PatternPart[] = [];
  for (const [piece, letter, quoted] of pattern.matchAll(/([A-Za-z])\1*|'((?:[^']|'')*)'|[^A-Za-z']|'/g)) {
    if (letter !== undefined) {
      parts.push({ letter, count: piece.length });
    } else if (piece === '\'') {
      return undefined;
    } else {
      parts.push({ text: quoted === undefined ? piece : quoted === '' ? '\'' : quoted.replaceAll('\'\'', '\''), isQuoted: quoted !== undefined });
    }
  }
  return parts;
}

export const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
export const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

import { CLASS_ESCAPES, isLineEnd, namedClass, negated } from './classes';
import type { CharacterTest } from './classes';

/** A regular expression as a tree. */
export type Node =
  | { readonly kind: 'one'; readonly test: CharacterTest }
  | { readonly kind: 'all'; readonly nodes: readonly Node[] }
  | { readonly kind: 'any'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly least: number; readonly most: number; readonly lazy: boolean }
  | { readonly kind: 'group'; readonly node: Node; readonly index: number }
  | { readonly kind: 'at'; readonly place: Place };

export type Place = 'start' | 'end' | 'very-end' | 'line-start' | 'line-end' | 'word' | 'no-word';

/** A pattern that Java refuses, or one that this engine does not know. */
export class RegexpError extends Error {
  public override readonly name = 'RegexpError';
}

const MAX_DEPTH = 100;
const MAX_GROUPS = 50;
const MAX_REPEAT = 1000;

/** The longest pattern that is read, in characters. */
export const MAX_LENGTH = 4000;

const CONTROLS: { readonly [letter: string]: string } = { t: '\t', n: '\n', r: '\r', f: '\f', a: '\x07', e: '\x1b' };
const PLACES: { readonly [letter: string]: Place } = { b: 'word', B: 'no-word', A: 'start', z: 'very-end', Z: 'end' };

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
}

/**
 * Reads what Java's `Pattern` and a matcher that never goes back have in common.
 *
 * Not known: lookahead and lookbehind, back references, atomic groups and possessive quantifiers, class intersections.
 *
 * @see https://docs.oracle.com/en/java/javase/11/docs/api/java.base/java/util/regex/Pattern.html
 */
export class RegexpParser {
  public readonly groupNames = new Map<string, number>();
  public groups = 0;
  private at = 0;
  private depth = 0;
  private flags: Flags = { ignoreCase: false, dotAll: false, multiline: false };

  constructor(private readonly source: string) {}

  /** @throws RegexpError */
  public parse(): Node {
    if (this.source.length > MAX_LENGTH) {
      throw new RegexpError(`longer than ${MAX_LENGTH} characters`);
    }
    const node = this.alternatives();
    if (this.at < this.source.length) {
      throw new RegexpError('a ) without its (');
    }
    return node;
  }

  private alternatives(): Node {
    if (++this.depth > MAX_DEPTH) {
      throw new RegexpError(`more than ${MAX_DEPTH} groups within each other`);
    }
    const flags = this.flags;
    const nodes = [this.sequence()];
    while (this.take('|')) {
      nodes.push(this.sequence());
    }
    this.flags = flags;
    this.depth--;
    return nodes.length === 1 ? nodes[0]! : { kind: 'any', nodes };
  }

  private sequence(): Node {
    const nodes: Node[] = [];
    while (this.at < this.source.length && this.source[this.at] !== '|' && this.source[this.at] !== ')') {
      const atom = this.atom();
      if (atom !== undefined) {
        nodes.push(this.repeated(atom));
      }
    }
    return { kind: 'all', nodes };
  }

  private repeated(node: Node): Node {
    let [least, most] = [0, Infinity];
    if (this.take('+')) {
      least = 1;
    } else if (this.take('?')) {
      most = 1;
    } else if (this.source[this.at] === '{') {
      const [all, from, comma, to] = this.match(/\{(\d{1,4})(,?)(\d{0,4})\}/y) ?? [];
      if (all === undefined) {
        throw new RegexpError('a { that counts nothing');
      }
      least = Number(from);
      most = to !== '' ? Number(to) : comma === '' ? least : Infinity;
    } else if (!this.take('*')) {
      return node;
    }
    if (least > most || least > MAX_REPEAT || (most > MAX_REPEAT && most !== Infinity)) {
      throw new RegexpError(`a count that is not between 0 and ${MAX_REPEAT}`);
    }
    const lazy = this.take('?');
    if (/[*+?{]/.test(this.source[this.at] ?? '')) {
      throw new RegexpError('a quantifier of a quantifier');
    }
    return { kind: 'repeat', node, least, most, lazy };
  }

  private atom(): Node | undefined {
    const character = this.character();
    switch (character) {
      case '(': return this.group();
      case '[': return { kind: 'one', test: this.characterClass() };
      case '.': return { kind: 'one', test: this.flags.dotAll ? () => true : negated(isLineEnd) };
      case '^': return { kind: 'at', place: this.flags.multiline ? 'line-start' : 'start' };
      case '$': return { kind: 'at', place: this.flags.multiline ? 'line-end' : 'end' };
      case '\\': return this.escaped();
      case '*': case '+': case '?': throw new RegexpError(`a ${character} with nothing to repeat`);
      case '{': throw new RegexpError('a { with nothing to repeat');
      default: return { kind: 'one', test: this.literal(character) };
    }
  }

  private group(): Node | undefined {
    let index: number | undefined;
    const flags = this.flags;
    const [, name] = this.match(/\?<([A-Za-z][A-Za-z0-9]*)>/y) ?? [];
    if (name !== undefined || this.source[this.at] !== '?') {
      index = ++this.groups;
      if (index > MAX_GROUPS || (name !== undefined && this.groupNames.has(name))) {
        throw new RegexpError(`more than ${MAX_GROUPS} groups, or two of one name`);
      }
      if (name !== undefined) {
        this.groupNames.set(name, index);
      }
    } else {
      const [, on, off = '', end] = this.match(/\?([ism]*)(?:-([ism]+))?([:)])/y) ?? [];
      if (on === undefined) {
        throw new RegexpError('lookahead, lookbehind and atomic groups are not known here');
      }
      const has = (flag: string, before: boolean): boolean => !off.includes(flag) && (before || on.includes(flag));
      this.flags = { ignoreCase: has('i', flags.ignoreCase), dotAll: has('s', flags.dotAll), multiline: has('m', flags.multiline) };
      if (end === ')') {
        // Flags alone hold to the end of the group that they are in.
        return undefined;
      }
    }
    const node = this.alternatives();
    this.flags = flags;
    if (!this.take(')')) {
      throw new RegexpError('a ( without its )');
    }
    return index === undefined ? node : { kind: 'group', node, index };
  }

  private escaped(): Node {
    const place = PLACES[this.source[this.at] ?? ''];
    if (place !== undefined) {
      this.at++;
      return { kind: 'at', place };
    }
    if (this.take('Q')) {
      const end = this.source.indexOf('\\E', this.at);
      const quoted = this.source.slice(this.at, end < 0 ? undefined : end);
      this.at = end < 0 ? this.source.length : end + 2;
      return { kind: 'all', nodes: Array.from(quoted, (character): Node => ({ kind: 'one', test: this.literal(character) })) };
    }
    const found = this.escape();
    return { kind: 'one', test: typeof found === 'string' ? this.literal(found) : found };
  }

  /** What follows a backslash: a class, or one character. */
  private escape(): CharacterTest | string {
    const letter = this.character();
    const known = CLASS_ESCAPES[letter];
    if (known !== undefined) {
      return known;
    }
    if (letter === 'p' || letter === 'P') {
      const [, long, short] = this.match(/\{(\w+)\}|(\w)/y) ?? [];
      const test = namedClass(long ?? short ?? '');
      if (test === undefined) {
        throw new RegexpError(`an unknown character class after \\${letter}`);
      }
      return letter === 'p' ? test : negated(test);
    }
    if (letter === 'x' || letter === 'u') {
      const [, digits] = this.match(letter === 'x' ? /([0-9a-fA-F]{2})/y : /([0-9a-fA-F]{4})/y) ?? [];
      if (digits === undefined) {
        throw new RegexpError(`a \\${letter} without its digits`);
      }
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    if (/[A-Za-z0-9]/.test(letter)) {
      if (CONTROLS[letter] === undefined) {
        throw new RegexpError(`\\${letter} is not known here`);
      }
      return CONTROLS[letter];
    }
    return letter;
  }

  private characterClass(): CharacterTest {
    const negative = this.take('^');
    const tests: CharacterTest[] = [];
    for (let first = true; first || this.source[this.at] !== ']'; first = false) {
      const from = this.classItem();
      if (typeof from !== 'string') {
        tests.push(from);
      } else if (this.source[this.at] === '-' && this.source[this.at + 1] !== ']') {
        this.at++;
        const to = this.classItem();
        if (typeof to !== 'string' || to.codePointAt(0)! < from.codePointAt(0)!) {
          throw new RegexpError('a range that is none');
        }
        tests.push(this.range(from.codePointAt(0)!, to.codePointAt(0)!));
      } else {
        tests.push(this.literal(from));
      }
    }
    this.at++;
    const test: CharacterTest = (code) => tests.some((one) => one(code));
    return negative ? negated(test) : test;
  }

  private classItem(): CharacterTest | string {
    const character = this.character();
    if (character === '[' || (character === '&' && this.source[this.at] === '&')) {
      throw new RegexpError('a class within a class is not known here');
    }
    return character === '\\' ? this.escape() : character;
  }

  private range(from: number, to: number): CharacterTest {
    const test: CharacterTest = (code) => code >= from && code <= to;
    return this.flags.ignoreCase ? (code) => test(code) || test(otherCase(code)) : test;
  }

  private literal(character: string): CharacterTest {
    const wanted = character.codePointAt(0)!;
    return this.range(wanted, wanted);
  }

  private character(): string {
    if (this.at >= this.source.length) {
      throw new RegexpError('an end where something is missing');
    }
    const character = String.fromCodePoint(this.source.codePointAt(this.at)!);
    this.at += character.length;
    return character;
  }

  private take(character: string): boolean {
    const found = this.source[this.at] === character;
    this.at += found ? 1 : 0;
    return found;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source) ?? undefined;
    this.at += found?.[0].length ?? 0;
    return found;
  }
}

/** Java ignores the case of ASCII letters only. */
function otherCase(code: number): number {
  const letter = code | 0x20;
  return code < 0x80 && letter >= 0x61 && letter <= 0x7a ? code ^ 0x20 : code;
}

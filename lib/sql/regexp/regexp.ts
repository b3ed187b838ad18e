import type { Work } from '../work';
import { isLineEnd, isWord } from './classes';
import { programOf } from './program';
import type { Instruction } from './program';
import { MAX_LENGTH, RegexpParser } from './syntax';
import type { Place, RegexpError } from './syntax';

/** Where a match and its groups begin and end: two places for each group, that of the whole first; -1 for no match. */
export type Slots = readonly number[];

interface Thread {
  readonly at: number;
  readonly slots: Slots;
}

/**
 * A regular expression of Java that takes time in proportion to its own length times that of the text.
 *
 * It follows all ways at once, in order of preference, and never goes back: no pattern and no text makes it hang.
 */
export class Regexp {
  public readonly groupNames: ReadonlyMap<string, number>;
  public readonly groups: number;
  private readonly program: readonly Instruction[];

  /** @throws RegexpError for a pattern that Java refuses or this class does not know. */
  constructor(source: string) {
    const parser = new RegexpParser(source);
    this.program = programOf(parser.parse());
    this.groups = parser.groups;
    this.groupNames = parser.groupNames;
  }

  /** How many instructions it takes. */
  public get size(): number {
    return this.program.length;
  }

  /** The first match at or behind a place. */
  public find(text: string, from: number, work: Work): Slots | undefined {
    const none = new Array<number>(2 * (this.groups + 1)).fill(-1);
    let best: Slots | undefined;
    let threads: readonly Thread[] = [];
    for (let place = from; place <= text.length; place += text.codePointAt(place)! > 0xffff ? 2 : 1) {
      const next = new Threads(this.program, text, place, work);
      for (const { at, slots } of threads) {
        next.follow(at, slots);
      }
      if (best === undefined) {
        next.follow(0, none);
      } else if (threads.length === 0) {
        break;
      }
      const alive: Thread[] = [];
      const code = text.codePointAt(place);
      for (const { at, slots } of next.list) {
        const instruction = this.program[at]!;
        if (instruction.do === 'match') {
          // What comes after is less preferred.
          best = slots;
          break;
        }
        if (instruction.do === 'one' && code !== undefined && instruction.test(code)) {
          alive.push({ at: at + 1, slots });
        }
      }
      work.spend(1 + next.list.length);
      threads = alive;
    }
    return best;
  }
}

/** The ways to go on from one place, each instruction once. */
class Threads {
  public readonly list: Thread[] = [];
  private readonly seen = new Set<number>();

  constructor(
    private readonly program: readonly Instruction[], private readonly text: string, private readonly place: number, private readonly work: Work,
  ) {}

  public follow(at: number, slots: Slots): void {
    if (this.seen.has(at)) {
      return;
    }
    this.seen.add(at);
    this.work.spend(1);
    const instruction = this.program[at]!;
    switch (instruction.do) {
      case 'jump': this.follow(instruction.to, slots); return;
      case 'split':
        this.follow(instruction.first, slots);
        this.follow(instruction.second, slots);
        return;
      case 'save': {
        const saved = slots.slice();
        saved[instruction.slot] = this.place;
        this.work.spend(slots.length / 8);
        this.follow(at + 1, saved);
        return;
      }
      case 'at':
        if (isAt(instruction.place, this.text, this.place)) {
          this.follow(at + 1, slots);
        }
        return;
      default: this.list.push({ at, slots });
    }
  }
}

function isAt(place: Place, text: string, at: number): boolean {
  switch (place) {
    case 'start': return at === 0;
    case 'very-end': return at === text.length;
    case 'end': return at === text.length || endsWithLineEnd(text, at);
    case 'line-start': return at === 0 || (at < text.length && isLineEnd(text.charCodeAt(at - 1)));
    case 'line-end': return at === text.length || isLineEnd(text.charCodeAt(at));
    case 'word': return isBetweenWords(text, at);
    case 'no-word': return !isBetweenWords(text, at);
  }
}

function endsWithLineEnd(text: string, at: number): boolean {
  return (at === text.length - 1 && isLineEnd(text.charCodeAt(at))) || text.slice(at, at + 3) === '\r\n' && at === text.length - 2;
}

function isBetweenWords(text: string, at: number): boolean {
  const [before, after] = [at > 0 && isWord(text.charCodeAt(at - 1)), at < text.length && isWord(text.charCodeAt(at))];
  return before !== after;
}

/** Instructions that are kept of all patterns together. */
const MAX_CACHED = 50_000;

/** Steps to read a pattern, and for each instruction that comes of it. */
const COMPILE_STEPS = 5000;
const INSTRUCTION_STEPS = 5;
const CACHE = new Map<string, Regexp | RegexpError>();
let cached = 0;

/** The compiled pattern, or what is wrong with it; the same few patterns are asked for with every message. */
export function regexpOf(source: string, work: Work): Regexp | RegexpError {
  const known = CACHE.get(source);
  if (known !== undefined) {
    return known;
  }
  work.spend(COMPILE_STEPS);
  const made = compile(source);
  const size = made instanceof Regexp ? made.size : 1;
  work.spend(INSTRUCTION_STEPS * size);
  if (source.length > MAX_LENGTH) {
    return made;
  }
  cached += size + source.length;
  if (cached > MAX_CACHED) {
    CACHE.clear();
    cached = size + source.length;
  }
  CACHE.set(source, made);
  return made;
}

function compile(source: string): Regexp | RegexpError {
  try {
    return new Regexp(source);
  } catch (error) {
    return error as RegexpError;
  }
}

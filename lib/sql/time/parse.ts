import { MONTHS, patternParts, WEEKDAYS } from './pattern';
import type { PatternPart } from './pattern';
import type { Work } from '../work';
import { momentOf, UTC, zoneOf } from './zone';
import type { Zone } from './zone';

/** What has been read of a text so far. */
interface Read {
  readonly work: Work;
  year?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour?: number;
  halfHour?: number;
  afternoon?: boolean;
  minute?: number;
  second?: number;
  millisecond?: number;
  beforeChrist?: boolean;
  weekday?: number;
  zone?: Zone;
}

/**
 * Reads one letter of a pattern and says how long it was; undefined if the text is not so, or if the letter does not stand
 * so often. `adjacent`: whether a number follows at once.
 */
type Reader = (text: string, read: Read, count: number, adjacent: boolean) => number | undefined;

/** A number; a count of 2 or more says how many digits it has. Java refuses more letters than there can be digits. */
function number(set: (read: Read, value: number) => void, least: number, most: number): Reader {
  const longest = String(most).length;
  return (text, read, count, adjacent) => {
    if (count > longest) {
      return undefined;
    }
    const exactly = count === 1 && !adjacent ? '1,19' : String(count);
    const [digits] = new RegExp(`^\\d{${exactly}}`).exec(text) ?? [];
    if (digits === undefined || Number(digits) < least || Number(digits) > most) {
      return undefined;
    }
    set(read, Number(digits));
    return digits.length;
  };
}

/** Two digits are a year from 2000 on; four are at least four. */
function year(text: string, read: Read, count: number, adjacent: boolean): number | undefined {
  const pattern = count === 2 ? /^\d{2}/ : adjacent ? new RegExp(`^\\d{${count}}`) : count >= 4 ? new RegExp(`^-?\\d{${count},9}`) : /^-?\d{1,9}/;
  const [digits] = pattern.exec(text) ?? [];
  if (digits === undefined) {
    return undefined;
  }
  read.year = Number(digits) + (count === 2 ? 2000 : 0);
  return digits.length;
}

function names(list: readonly string[], set: (read: Read, index: number) => void): Reader {
  return (text, read, count) => {
    const index = list.findIndex((name) => text.startsWith(count === 4 ? name : name.slice(0, 3)));
    if (index < 0) {
      return undefined;
    }
    set(read, index);
    return count === 4 ? list[index]!.length : 3;
  };
}

const monthNumber = number((read, value) => { read.month = value; }, 1, 12);
const monthName = names(MONTHS, (read, index) => { read.month = index + 1; });

function month(text: string, read: Read, count: number, adjacent: boolean): number | undefined {
  return count >= 3 ? monthName(text, read, count, adjacent) : monthNumber(text, read, count, adjacent);
}

/** Digits behind the second, as many as the pattern says. */
function fraction(text: string, read: Read, count: number): number | undefined {
  const digits = text.slice(0, count);
  if (!/^\d+$/.test(digits) || digits.length < count) {
    return undefined;
  }
  read.millisecond = Math.floor(Number(`0.${digits}`) * 1000 + 1e-9);
  return count;
}

/** A zone id at the start of a text, with digits and offset or without. */
function zone(text: string, read: Read): number | undefined {
  for (const pattern of [/^[A-Za-z0-9_/+:-]+/, /^[A-Za-z_/]+/]) {
    const [id] = pattern.exec(text) ?? [];
    read.zone = id === undefined ? undefined : zoneOf(id, read.work);
    if (read.zone !== undefined) {
      return id!.length;
    }
  }
  return undefined;
}

/** An offset, whose form is that of the count; Java is strict about it. */
function offset(...patterns: readonly RegExp[]): Reader {
  return (text, read, count) => {
    const [found] = patterns[count - 1]?.exec(text) ?? [];
    const candidate = found === undefined ? undefined : zoneOf(found, read.work);
    read.zone = candidate ?? read.zone;
    return candidate === undefined ? undefined : found!.length;
  };
}

/** @see https://docs.oracle.com/en/java/javase/11/docs/api/java.base/java/time/format/DateTimeFormatter.html */
const LETTERS: { readonly [letter: string]: Reader } = {
  G: (text, read) => {
    read.beforeChrist = text.startsWith('BC');
    return read.beforeChrist || text.startsWith('AD') ? 2 : undefined;
  },
  u: year,
  y: year,
  M: month,
  L: month,
  d: number((read, value) => { read.day = value; }, 1, 31),
  D: number((read, value) => { read.dayOfYear = value; }, 1, 366),
  E: names(WEEKDAYS, (read, index) => { read.weekday = index; }),
  a: (text, read, count) => {
    if (count > 1) {
      return undefined;
    }
    read.afternoon = text.startsWith('PM');
    return read.afternoon || text.startsWith('AM') ? 2 : undefined;
  },
  H: number((read, value) => { read.hour = value; }, 0, 23),
  k: number((read, value) => { read.hour = value % 24; }, 1, 24),
  h: number((read, value) => { read.halfHour = value % 12; }, 1, 12),
  K: number((read, value) => { read.halfHour = value; }, 0, 11),
  m: number((read, value) => { read.minute = value; }, 0, 59),
  s: number((read, value) => { read.second = value; }, 0, 59),
  S: fraction,
  n: number((read, value) => { read.millisecond = Math.floor(value / 1e6); }, 0, 999_999_999),
  V: (text, read, count) => (count === 2 ? zone(text, read) : undefined),
  z: zone,
  v: zone,
  O: zone,
  X: offset(/^(?:Z|[+-]\d{2}(?:\d{2})?)/, /^(?:Z|[+-]\d{4})/, /^(?:Z|[+-]\d{2}:\d{2})/, /^(?:Z|[+-]\d{4})/, /^(?:Z|[+-]\d{2}:\d{2})/),
  x: offset(/^[+-]\d{2}(?:\d{2})?/, /^[+-]\d{4}/, /^[+-]\d{2}:\d{2}/, /^[+-]\d{4}/, /^[+-]\d{2}:\d{2}/),
  Z: offset(/^[+-]\d{4}/, /^[+-]\d{4}/, /^[+-]\d{4}/, /^GMT(?:[+-]\d{2}:\d{2})?/, /^(?:Z|[+-]\d{2}:\d{2})/),
};

/** Letters that are numbers, so that a number before them ends after as many digits as its letter says. */
const NUMBERS = /[uyMLdDHkhKmsSn]/;

/** Milliseconds since 1970 of a text that a pattern of Java 11 describes, in UTC unless it says otherwise; undefined if it does not fit. */
export function parseTime(text: string, pattern: string, work: Work): number | undefined {
  const parts = patternParts(pattern);
  const read: Read = { work };
  return parts !== undefined && areSections(parts) && readParts(parts, text, 0, read) === text.length ? resolve(read) : undefined;
}

function isMark(part: PatternPart, marks: string): boolean {
  return 'text' in part && !part.isQuoted && marks.includes(part.text);
}

/** Whether every `]` has its `[`, and none of the characters stands that Java keeps for later. */
function areSections(parts: readonly PatternPart[]): boolean {
  let open = 0;
  return parts.every((part) => {
    open += isMark(part, '[') ? 1 : isMark(part, ']') ? -1 : 0;
    return open >= 0 && !isMark(part, '{}#');
  });
}

/** Where a text is read to by the parts of a pattern; what is in `[ ]` is left out if it is not there. */
function readParts(parts: readonly PatternPart[], text: string, from: number, read: Read): number | undefined {
  let at = from;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]!;
    if (isMark(part, '[')) {
      const end = endOfSection(parts, index);
      const attempt = { ...read };
      const reached = readParts(parts.slice(index + 1, end), text, at, attempt);
      if (reached !== undefined) {
        Object.assign(read, attempt);
        at = reached;
      }
      index = end;
      continue;
    }
    const length = 'text' in part
      ? text.startsWith(part.text, at) ? part.text.length : undefined
      : Object.hasOwn(LETTERS, part.letter) ? LETTERS[part.letter]!(text.slice(at), read, part.count, isNumber(parts[index + 1])) : undefined;
    if (length === undefined) {
      return undefined;
    }
    at += length;
  }
  return at;
}

/** The place of the `]` for a `[`; one without ends with the pattern. */
function endOfSection(parts: readonly PatternPart[], start: number): number {
  let open = 0;
  const end = parts.findIndex((part, index) => {
    open += index < start ? 0 : isMark(part, '[') ? 1 : isMark(part, ']') ? -1 : 0;
    return index > start && open === 0;
  });
  return end < 0 ? parts.length : end;
}

function isNumber(part: PatternPart | undefined): boolean {
  return part !== undefined && 'letter' in part && NUMBERS.test(part.letter) && !(/[ML]/.test(part.letter) && part.count >= 3);
}

/** A date has to be whole, a time may be missing from its end. */
function resolve(read: Read): number | undefined {
  const { year: given, month: inYear, day, dayOfYear, weekday, halfHour, afternoon, minute = 0, second = 0, millisecond = 0 } = read;
  if (given === undefined || (dayOfYear === undefined && (inYear === undefined || day === undefined))) {
    return undefined;
  }
  const fullYear = read.beforeChrist === true ? 1 - given : given;
  const hour = read.hour ?? (halfHour === undefined || afternoon === undefined ? undefined : halfHour + (afternoon ? 12 : 0));
  const date = new Date(0);
  if (dayOfYear === undefined) {
    // Java takes February 30 for the last of February.
    date.setUTCFullYear(fullYear, inYear, 0);
    date.setUTCDate(Math.min(day!, date.getUTCDate()));
  } else {
    date.setUTCFullYear(fullYear, 0, dayOfYear);
  }
  if (date.getUTCFullYear() !== fullYear || (weekday !== undefined && weekday !== (date.getUTCDay() + 6) % 7)) {
    // The 366th day of a common year, or a day that is no Monday.
    return undefined;
  }
  date.setUTCHours(hour ?? 0, minute, second, millisecond);
  const local = date.getTime();
  return Number.isNaN(local) || (halfHour !== undefined && hour === undefined) ? undefined : momentOf(local, read.zone ?? UTC);
}

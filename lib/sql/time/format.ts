import { MONTHS, patternParts, WEEKDAYS } from './pattern';
import { offsetText } from './zone';
import type { Zone } from './zone';

const DAY = 86_400_000;

/** What the clocks and calendars of a zone show at a moment. */
interface Shown {
  readonly moment: number;
  readonly zone: Zone;

  /** The local time as if it were UTC. */
  readonly local: Date;
}

/** The texts of a letter, by how often it stands. */
type Letter = (shown: Shown, count: number) => string;

function number(value: (shown: Shown) => number): Letter {
  return (shown, count) => {
    const found = value(shown);
    return `${found < 0 ? '-' : ''}${String(Math.abs(found)).padStart(count, '0')}`;
  };
}

function year(value: (shown: Shown) => number): Letter {
  const whole = number(value);
  return (shown, count) => (count === 2 ? String(Math.abs(value(shown)) % 100).padStart(2, '0') : whole(shown, count));
}

function name(names: readonly string[], value: (shown: Shown) => number): Letter {
  return (shown, count) => (count >= 4 ? names[value(shown)]! : names[value(shown)]!.slice(0, 3));
}

function yearOfEra({ local }: Shown): number {
  return local.getUTCFullYear() > 0 ? local.getUTCFullYear() : 1 - local.getUTCFullYear();
}

/** 0 for Monday. */
function weekday({ local }: Shown): number {
  return (local.getUTCDay() + 6) % 7;
}

/** The Thursday of the week decides which year the week belongs to, as ISO 8601 says. */
function thursday(shown: Shown): Date {
  return new Date(shown.local.getTime() + (3 - weekday(shown)) * DAY);
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - startOfYear(date)) / DAY) + 1;
}

function startOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return start.getTime();
}

const monthName = name(MONTHS, ({ local }) => local.getUTCMonth());
const monthNumber = number(({ local }) => local.getUTCMonth() + 1);

/** @see https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html */
const LETTERS: { readonly [letter: string]: Letter } = {
  G: ({ local }) => (local.getUTCFullYear() > 0 ? 'AD' : 'BC'),
  C: number((shown) => Math.floor(yearOfEra(shown) / 100)),
  Y: year(yearOfEra),
  x: year((shown) => thursday(shown).getUTCFullYear()),
  w: number((shown) => Math.ceil(dayOfYear(thursday(shown)) / 7)),
  e: number((shown) => weekday(shown) + 1),
  E: name(WEEKDAYS, weekday),
  y: year(({ local }) => local.getUTCFullYear()),
  D: number(({ local }) => dayOfYear(local)),
  M: (shown, count) => (count >= 3 ? monthName : monthNumber)(shown, count),
  d: number(({ local }) => local.getUTCDate()),
  a: ({ local }) => (local.getUTCHours() < 12 ? 'AM' : 'PM'),
  K: number(({ local }) => local.getUTCHours() % 12),
  h: number(({ local }) => local.getUTCHours() % 12 || 12),
  H: number(({ local }) => local.getUTCHours()),
  k: number(({ local }) => local.getUTCHours() || 24),
  m: number(({ local }) => local.getUTCMinutes()),
  s: number(({ local }) => local.getUTCSeconds()),
  S: ({ local }, count) => String(local.getUTCMilliseconds()).padStart(3, '0').padEnd(count, '0').slice(0, count),
  z: ({ moment, zone }, count) => zone.nameAt(moment, count >= 4 ? 'long' : 'short'),
  Z: ({ moment, zone }, count) => (count >= 3 ? zone.id : offsetText(zone.offsetAt(moment), count === 2 ? ':' : '')),
};

/** Milliseconds since 1970 as a pattern of Joda-Time writes them; undefined for a pattern that Joda-Time refuses. */
export function formatTime(pattern: string, moment: number, zone: Zone): string | undefined {
  const parts = patternParts(pattern);
  if (parts === undefined || Number.isNaN(new Date(moment).getTime())) {
    return undefined;
  }
  const shown = { moment, zone, local: new Date(moment + zone.offsetAt(moment)) };
  let text = '';
  for (const part of parts) {
    if ('text' in part) {
      text += part.text;
    } else if (Object.hasOwn(LETTERS, part.letter)) {
      text += LETTERS[part.letter]!(shown, part.count);
    } else {
      return undefined;
    }
  }
  return text;
}

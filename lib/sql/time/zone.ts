import type { Work } from '../work';

const MINUTE = 60_000;
const MAX_ID_LENGTH = 64;

/** A time zone: how far its clocks are ahead of UTC, and what it is called. */
export interface Zone {
  readonly id: string;

  /** Milliseconds ahead of UTC at a moment. */
  readonly offsetAt: (moment: number) => number;
  readonly nameAt: (moment: number, style: 'short' | 'long') => string;
}

const FIXED = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?$/;
/** More than there are zones, aliases aside. */
const MAX_CACHED = 1000;

/** Steps to load a zone: Node takes about a millisecond. */
const LOAD_STEPS = 20_000;
const ZONES = new Map<string, Zone | undefined>();

/** Coordinated Universal Time, which is meant where no zone is given. */
export const UTC: Zone = { id: 'UTC', offsetAt: () => 0, nameAt: (_, style) => (style === 'short' ? 'UTC' : 'Coordinated Universal Time') };

/** The zone of an id such as `Europe/Paris`, `UTC` or `+01:00`; undefined if there is none. */
export function zoneOf(id: string, work: Work): Zone | undefined {
  if (id.length > MAX_ID_LENGTH) {
    return undefined;
  }
  if (!ZONES.has(id)) {
    work.spend(LOAD_STEPS);
    if (ZONES.size >= MAX_CACHED) {
      ZONES.clear();
    }
    ZONES.set(id, fixedZone(id) ?? namedZone(id));
  }
  return ZONES.get(id);
}

function fixedZone(id: string): Zone | undefined {
  if (['Z', 'UTC', 'GMT', 'UT'].includes(id)) {
    return UTC;
  }
  const [all, sign, hours, minutes = '0'] = FIXED.exec(id) ?? [];
  if (all === undefined || Number(hours) > 18 || Number(minutes) > 59) {
    return undefined;
  }
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE;
  return { id, offsetAt: () => offset, nameAt: () => offsetText(offset, ':') };
}

/** Each knows the short names of its own part of the world, and says `GMT+1` for the others. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA'];

function namedZone(id: string): Zone | undefined {
  if (!/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/.test(id)) {
    return undefined;
  }
  try {
    const part = (locale: string, timeZoneName: 'longOffset' | 'short' | 'long'): ((moment: number) => string) => {
      const format = new Intl.DateTimeFormat(locale, { timeZone: id, timeZoneName });
      return (moment) => format.formatToParts(moment).find(({ type }) => type === 'timeZoneName')!.value;
    };
    const offset = part('en-US', 'longOffset');
    const short = LOCALES.map((locale) => part(locale, 'short'));
    const long = part('en-US', 'long');
    return {
      id,
      offsetAt: (moment) => {
        const [, sign, hours = '0', minutes = '0', seconds = '0'] = /^GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(offset(moment))!;
        return (sign === '-' ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
      },
      nameAt: (moment, style) => (style === 'long'
        ? long(moment)
        : short.map((name) => name(moment)).find((name) => !/^GMT[+-]/.test(name)) ?? short[0]!(moment)),
    };
  } catch {
    return undefined;
  }
}

/** `+01:00` or `+0100`. */
export function offsetText(offset: number, separator: string): string {
  const minutes = Math.abs(Math.trunc(offset / MINUTE));
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`;
}

/** The moment at which the clocks of a zone show a time: the first of two, and behind a gap as far as into it. */
export function momentOf(local: number, zone: Zone): number {
  const DAY = 86_400_000;
  const [before, after] = [zone.offsetAt(local - DAY), zone.offsetAt(local + DAY)];
  const candidate = local - before;
  return zone.offsetAt(candidate) === before || zone.offsetAt(local - after) !== after ? candidate : local - after;
}

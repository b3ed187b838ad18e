import { toIntWithin, toText } from '../convert';
import { isArray } from '../value';
import type { Value } from '../value';
import { MAX_TEXT_LENGTH } from '../work';
import type { Work } from '../work';
import { define } from './function';
import type { SqlFunction } from './function';

/** Of texts only: every argument is converted, and one that cannot be makes it Undefined. */
function ofTexts(name: string, since: SqlFunction['since'], count: number, call: (...texts: string[]) => Value, anchor?: string): SqlFunction {
  return working(name, since, count, (_, ...texts) => call(...texts), anchor);
}

/** The same, for those that take longer than reading their texts does. */
function working(
  name: string, since: SqlFunction['since'], count: number, call: (work: Work, ...texts: string[]) => Value, anchor = `iot-func-${name}`,
): SqlFunction {
  return define(name, since, [count, count], anchor, (args, { work }) => {
    const texts = args.map((arg) => toText(arg, work));
    return texts.includes(undefined) ? undefined : call(work, ...texts as string[]);
  });
}

const MAX_PADDING = 1000;

/** Adds so many spaces, however long the text is. */
function padded(name: string, pad: (text: string, spaces: string) => string): SqlFunction {
  return define(name, '2015-10-08', [2, 2], `iot-func-${name}`, ([value, count], { work }) => {
    const text = toText(value, work);
    const spaces = toIntWithin(count, 0, MAX_PADDING, work);
    return text === undefined || spaces === undefined ? undefined : pad(text, ' '.repeat(spaces));
  });
}

/**
 * Indices are rounded down and set to the nearest end of the text.
 *
 * The general conversion would round to the nearest Int; AWS's example `substring("012345", 2.745)` = "2345" does not.
 */
function substring(args: readonly Value[], work: Work): Value {
  const text = toText(args[0], work);
  if (text === undefined) {
    return undefined;
  }
  const start = toIntWithin(args[1], 0, text.length, work);
  const end = args.length < 3 ? text.length : toIntWithin(args[2], 0, text.length, work);
  return start === undefined || end === undefined ? undefined : start < end ? text.slice(start, end) : '';
}

type CodeTest = (code: number) => boolean;

/** What AWS calls white space at the start and the end: "tabs and spaces". */
const isTabOrSpace: CodeTest = (code) => code === 0x20 || code === 0x09;

/** What `trim()` of Java removes: spaces and all control characters, but no other space of Unicode. */
const isUpToSpace: CodeTest = (code) => code <= 0x20;

function trimStart(text: string, isSpace: CodeTest): string {
  let start = 0;
  while (start < text.length && isSpace(text.charCodeAt(start))) {
    start++;
  }
  return text.slice(start);
}

function trimEnd(text: string, isSpace: CodeTest): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) {
    end--;
  }
  return text.slice(0, end);
}

/** Steps for each piece that `replace()` cuts a text into. */
const PART_STEPS = 2;

/** Java finds an empty text before, between and behind all characters. */
function replace(work: Work, text: string, searched: string, replacement: string): Value {
  const parts = searched === '' ? ['', ...text, ''] : text.split(searched);
  work.spend(PART_STEPS * parts.length);
  return text.length + (parts.length - 1) * (replacement.length - searched.length) > MAX_TEXT_LENGTH ? undefined : parts.join(replacement);
}

function concat(args: readonly Value[], work: Work): Value {
  if (args.length < 2) {
    return args[0];
  }
  if (args.some(isArray)) {
    const length = args.reduce<number>((sum, value) => sum + (isArray(value) ? value.length : 1), 0);
    work.spend(length);
    return length > MAX_TEXT_LENGTH ? undefined : ([] as Value[]).concat(...args as Value[]);
  }
  const texts = args.map((arg) => toText(arg, work));
  if (texts.includes(undefined) || !args.some((value) => typeof value === 'string')) {
    return undefined;
  }
  return texts.reduce((sum, text) => sum + text!.length, 0) > MAX_TEXT_LENGTH ? undefined : texts.join('');
}

export const TEXT_FUNCTIONS: readonly SqlFunction[] = [
  define('concat', '2015-10-08', [0, Infinity], 'iot-func-concat', (args, { work }) => concat(args, work)),
  ofTexts('startswith', '2015-10-08', 2, (text, start) => text.startsWith(start)),
  ofTexts('endswith', '2015-10-08', 2, (text, end) => text.endsWith(end)),
  ofTexts('indexof', '2016-03-23', 2, (text, searched) => text.indexOf(searched), 'iot-sql-function-indexof'),
  ofTexts('length', '2016-03-23', 1, (text) => text.length, 'iot-sql-function-length'),
  ofTexts('numbytes', '2016-03-23', 1, (text) => Buffer.byteLength(text), 'iot-sql-function-numbytes'),
  ofTexts('lower', '2015-10-08', 1, (text) => text.toLowerCase()),
  ofTexts('upper', '2015-10-08', 1, (text) => text.toUpperCase(), 'iot-sql-function-upper'),
  ofTexts('trim', '2015-10-08', 1, (text) => trimEnd(trimStart(text, isUpToSpace), isUpToSpace)),
  ofTexts('ltrim', '2015-10-08', 1, (text) => trimStart(text, isTabOrSpace)),
  ofTexts('rtrim', '2015-10-08', 1, (text) => trimEnd(text, isTabOrSpace)),
  padded('lpad', (text, spaces) => spaces + text),
  padded('rpad', (text, spaces) => text + spaces),
  working('replace', '2015-10-08', 3, replace),
  define('substring', '2015-10-08', [2, 3], 'iot-func-substring', (args, { work }) => substring(args, work)),
];


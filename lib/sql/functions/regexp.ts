import { toText } from '../convert';
import { Regexp, regexpOf } from '../regexp/regexp';
import type { Slots } from '../regexp/regexp';
import type { Value } from '../value';
import { MAX_TEXT_LENGTH } from '../work';
import type { Work } from '../work';
import { define } from './function';
import type { SqlFunction } from './function';

/** A function of a text and a pattern; one that is not known here is Undefined, and the outcome says so. */
function regexp(name: string, anchor: string, call: (text: string, pattern: Regexp, work: Work, replacement: string) => Value): SqlFunction {
  const count = name === 'regexp_replace' ? 3 : 2;
  return define(name, '2015-10-08', [count, count], anchor, (args, evaluation) => {
    const { work } = evaluation;
    const [text, source, replacement] = args.map((arg) => toText(arg, work));
    if (text === undefined || source === undefined || (count === 3 && replacement === undefined)) {
      return undefined;
    }
    const pattern = regexpOf(source, work);
    if (!(pattern instanceof Regexp)) {
      evaluation.explain(`${name}() cannot use its pattern: ${pattern.message}`);
      return undefined;
    }
    return call(text, pattern, work, replacement ?? '');
  });
}

function replaceAll(text: string, pattern: Regexp, work: Work, replacement: string): Value {
  const parts = partsOf(replacement, pattern);
  if (parts === undefined) {
    return undefined;
  }
  let [result, copied, from] = ['', 0, 0];
  for (let found = pattern.find(text, from, work); found !== undefined; found = from > text.length ? undefined : pattern.find(text, from, work)) {
    const slots = found;
    work.spend(parts.length);
    const [start, end] = slots as [number, number];
    result += text.slice(copied, start) + parts.map((part) => (typeof part === 'string' ? part : groupOf(text, slots, part))).join('');
    copied = end;
    // Behind nothing the search goes on with the next character, of which some are two units long.
    from = end > start ? end : end + (text.codePointAt(end)! > 0xffff ? 2 : 1);
    if (result.length > MAX_TEXT_LENGTH) {
      return undefined;
    }
  }
  return result + text.slice(copied);
}

function groupOf(text: string, slots: Slots, group: number): string {
  const start = slots[2 * group]!;
  return start < 0 ? '' : text.slice(start, slots[2 * group + 1]);
}

/** Java's replacements: `$1`, `${name}` and backslashes; undefined for one that Java refuses. */
function partsOf(replacement: string, pattern: Regexp): readonly (string | number)[] | undefined {
  const parts: (string | number)[] = [];
  for (let at = 0; at < replacement.length; at++) {
    const character = replacement[at]!;
    if (character === '\\') {
      if (++at === replacement.length) {
        return undefined;
      }
      parts.push(replacement[at]!);
    } else if (character === '$') {
      const [all, name, digits] = /^\$(?:\{(\w+)\}|(\d{1,2}))/.exec(replacement.slice(at, at + 64)) ?? [];
      // The second digit counts only as long as there are so many groups.
      const number = digits !== undefined && Number(digits) > pattern.groups ? digits[0]! : digits;
      const group = name === undefined ? Number(number) : pattern.groupNames.get(name);
      if (all === undefined || group === undefined || group > pattern.groups) {
        return undefined;
      }
      parts.push(group);
      at += (name === undefined ? 1 + number!.length : all.length) - 1;
    } else {
      parts.push(character);
    }
  }
  return parts;
}

export const REGEXP_FUNCTIONS: readonly SqlFunction[] = [
  regexp('regexp_matches', 'iot-func-regex-matches', (text, pattern, work) => pattern.find(text, 0, work) !== undefined),
  regexp('regexp_replace', 'iot-func-regex-replace', replaceAll),
  regexp('regexp_substr', 'iot-func-regex-substr', (text, pattern, work) => {
    const found = pattern.find(text, 0, work);
    return found && text.slice(found[0], found[1]);
  }),
];

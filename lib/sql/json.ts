import { isUtf8 } from 'node:buffer';
import { Decimal, numericText, readNumeric } from './number';
import { isArray, isObject, setMember } from './value';
import type { ObjectValue, Value } from './value';
import type { Work } from './work';

/** Arrays and objects within each other; anything deeper is not read as JSON. */
const MAX_DEPTH = 200;

/** Numbers that JavaScript may not read to the last digit: 16 digits and more, or a large exponent. */
const PRECISE = /[\d.]{16}|[eE][+-]?\d{3}/;

/** What a payload says, or undefined if it is not JSON in UTF-8. */
export function parseJson(payload: Buffer): { readonly value: Value } | undefined {
  return isUtf8(payload) ? parseJsonText(payload.toString()) : undefined;
}

export function parseJsonText(text: string): { readonly value: Value } | undefined {
  if (isTooDeep(text)) {
    return undefined;
  }
  try {
    const value = JSON.parse(text) as Value;
    return { value: PRECISE.test(text) ? new PreciseReader(text).read() : value };
  } catch {
    return undefined;
  }
}

function isTooDeep(text: string): boolean {
  if (text.length <= 2 * MAX_DEPTH) {
    return false;
  }
  let [depth, inString] = [0, false];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: inString = !inString; break;
      case 0x5c: at += inString ? 1 : 0; break;
      case 0x5b: case 0x7b: depth += inString ? 0 : 1; break;
      case 0x5d: case 0x7d: depth -= inString ? 0 : 1; break;
    }
    if (depth > MAX_DEPTH) {
      return true;
    }
  }
  return false;
}

const JSON_TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null)|([[\]{},:]))/y;

/** Reads JSON that JSON.parse has found to be right, with every digit of its numbers. */
class PreciseReader {
  private readonly token = new RegExp(JSON_TOKEN);

  constructor(private readonly text: string) {}

  public read(): Value {
    const [, string, number, word, mark] = this.next();
    if (string !== undefined) {
      return JSON.parse(string) as string;
    }
    if (number !== undefined) {
      // A number beyond 9.99E999 is one that SQL does not know.
      return readNumeric(number);
    }
    return word !== undefined ? JSON.parse(word) as Value : mark === '[' ? this.array() : this.object();
  }

  private array(): Value {
    const items: Value[] = [];
    if (this.skip(']')) {
      return items;
    }
    do {
      items.push(this.read());
    } while (this.next()[4] === ',');
    return items;
  }

  private object(): Value {
    const object: { [key: string]: Value } = {};
    if (this.skip('}')) {
      return object;
    }
    do {
      const key = JSON.parse(this.next()[1]!) as string;
      this.next();
      setMember(object, key, this.read());
    } while (this.next()[4] === ',');
    return object;
  }

  private skip(mark: string): boolean {
    const at = this.token.lastIndex;
    const found = this.next()[4] === mark;
    this.token.lastIndex = found ? this.token.lastIndex : at;
    return found;
  }

  private next(): RegExpExecArray {
    return this.token.exec(this.text)!;
  }
}

/** How many characters of JSON are written in one step, and the steps for each value. */
const WRITTEN_PER_STEP = 2;
const VALUE_STEPS = 4;

/** Arrays and objects within each other that are written: more than a payload, a statement and its variables need. */
const MAX_WRITTEN_DEPTH = 1000;

/**
 * A value as JSON; undefined if it is Undefined, longer than `most` characters or more than 1,000 deep.
 *
 * Undefined members and items are left out. A payload that is not JSON has no JSON. It costs work whether it fits or not.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-data-types.html
 */
export function toJson(value: Value, most = Infinity, work?: Work): string | undefined {
  const writer = new Writer(most);
  const isWhole = writer.write(value, '') && writer.fits;
  work?.spend(VALUE_STEPS * writer.visited + writer.text.length / WRITTEN_PER_STEP);
  return isWhole ? writer.text : undefined;
}

/** Keys that need no escapes, which are all but a few. */
const PLAIN = /^[\w-]*$/;

class Writer {
  public text = '';
  public visited = 0;
  private depth = 0;

  constructor(private readonly most: number) {}

  /** Whether all that has been written has room. */
  public get fits(): boolean {
    return this.text.length <= this.most && this.depth <= MAX_WRITTEN_DEPTH;
  }

  /** Write a value behind what separates it from the one before; false if there was nothing to write or it did not fit. */
  public write(value: Value, before: string): boolean {
    this.visited++;
    switch (typeof value) {
      case 'undefined': return false;
      case 'string': this.text += before + JSON.stringify(value); break;
      case 'number': this.text += before + numericText(value); break;
      case 'boolean': this.text += before + String(value); break;
      default:
        if (value === null) {
          this.text += `${before}null`;
        } else if (value instanceof Decimal) {
          this.text += before + numericText(value);
        } else if (isArray(value) || isObject(value)) {
          this.depth++;
          if (!this.fits) {
            return false;
          }
          if (isArray(value)) {
            this.writeItems(value, before);
          } else {
            this.writeMembers(value, before);
          }
          // What is too deep stays so.
          this.depth -= this.fits ? 1 : 0;
        } else {
          return false;
        }
    }
    return this.fits;
  }

  private writeItems(items: readonly Value[], before: string): void {
    let separator = `${before}[`;
    let written = false;
    for (const item of items) {
      if (this.write(item, separator)) {
        [separator, written] = [',', true];
      } else if (!this.fits) {
        return;
      }
    }
    this.text += written ? ']' : `${separator}]`;
  }

  private writeMembers(object: ObjectValue, before: string): void {
    let separator = `${before}{`;
    let written = false;
    for (const key of Object.keys(object)) {
      const name = PLAIN.test(key) ? `"${key}"` : JSON.stringify(key);
      if (this.write(object[key], `${separator}${name}:`)) {
        [separator, written] = [',', true];
      } else if (!this.fits) {
        return;
      }
    }
    this.text += written ? '}' : `${separator}}`;
  }
}

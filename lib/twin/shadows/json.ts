/** A number as it was written. The service keeps what it is sent, so `1.0` does not become `1` on the way. */
export class Numeral {
  constructor(public readonly text: string) {}
}

/** A value of JSON. Objects are maps, because in a JavaScript object `__proto__` would be no key like others. */
export type Json = null | boolean | string | Numeral | readonly Json[] | JsonObject;
export type JsonObject = Map<string, Json>;

/** Objects and arrays within each other, so that nothing overflows the stack. */
const MAX_DEPTH = 100;

/**
 * What a text says that JSON.parse has found to be right; the last of several members of one name counts.
 *
 * @returns undefined if it is nested too deep
 */
export function readJson(text: string): Json | undefined {
  try {
    return new Reader(text).value(0);
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  public value(depth: number): Json {
    if (depth > MAX_DEPTH) {
      throw new RangeError('too deep');
    }
    switch (this.next()) {
      case '"': return this.string();
      case '{': return this.object(depth);
      case '[': return this.array(depth);
      case 't': return this.word(4, true);
      case 'f': return this.word(5, false);
      case 'n': return this.word(4, null);
      default: return this.number();
    }
  }

  private object(depth: number): JsonObject {
    const members: JsonObject = new Map();
    while (this.isNext('}')) {
      this.next();
      const name = this.string();
      this.next();
      this.at += 1;
      members.set(name, this.value(depth + 1));
    }
    return members;
  }

  private array(depth: number): readonly Json[] {
    const items: Json[] = [];
    while (this.isNext(']')) {
      items.push(this.value(depth + 1));
    }
    return items;
  }

  /** Step over what opens a list, or separates its parts; false at its end, which is stepped over too. */
  private isNext(end: string): boolean {
    if (this.next() !== end) {
      this.at += 1;
      // An empty list ends where its first part would begin.
      if (this.next() !== end) {
        return true;
      }
    }
    this.at += 1;
    return false;
  }

  /** The next character that means something; it is not stepped over. */
  private next(): string {
    while (this.text.charCodeAt(this.at) <= 0x20) {
      this.at += 1;
    }
    return this.text[this.at]!;
  }

  private string(): string {
    const start = this.at;
    let end = start + 1;
    let escaped = false;
    for (let code = this.text.charCodeAt(end); code !== 0x22; code = this.text.charCodeAt(end)) {
      escaped ||= code === 0x5c;
      end += code === 0x5c ? 2 : 1;
    }
    this.at = end + 1;
    return escaped ? JSON.parse(this.text.slice(start, this.at)) as string : this.text.slice(start + 1, end);
  }

  private number(): Numeral {
    const start = this.at;
    while (IN_NUMBER.has(this.text.charCodeAt(this.at))) {
      this.at += 1;
    }
    return new Numeral(this.text.slice(start, this.at));
  }

  private word<T>(length: number, value: T): T {
    this.at += length;
    return value;
  }
}

const IN_NUMBER = new Set([...'0123456789+-.eE'].map((character) => character.charCodeAt(0)));

/** Strings that need no escapes, which are all but a few. */
const PLAIN = /^[\w .:/-]*$/;

export function writeJson(value: Json): string {
  if (typeof value === 'string') {
    return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
  }
  if (value instanceof Numeral) {
    return value.text;
  }
  if (isObject(value)) {
    let text = '';
    for (const [name, member] of value) {
      text += `${text === '' ? '{' : ','}${writeJson(name)}:${writeJson(member)}`;
    }
    return text === '' ? '{}' : `${text}}`;
  }
  return isArray(value) ? `[${value.map(writeJson).join(',')}]` : String(value);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map;
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether two values are the same, numbers by what they are worth. */
export function isEqual(a: Json, b: Json): boolean {
  if (a instanceof Numeral && b instanceof Numeral) {
    return a.text === b.text || worth(a) === worth(b);
  }
  if (isObject(a) && isObject(b)) {
    return a.size === b.size && [...a].every(([name, member]) => b.has(name) && isEqual(member, b.get(name)!));
  }
  if (isArray(a) && isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]!));
  }
  return a === b;
}

/** One text for all ways to write a number: its digits, and where they begin. */
function worth({ text }: Numeral): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const all = whole! + fraction;
  const digits = all.replace(/^0+/, '');
  // A regular expression for zeros at the end would look at all zeros within, from each of them on.
  let length = digits.length;
  while (digits[length - 1] === '0') {
    length -= 1;
  }
  const significant = digits.slice(0, length);
  return significant === '' ? '0' : `${sign}${significant}e${Number(exponent) + whole!.length - (all.length - digits.length)}`;
}

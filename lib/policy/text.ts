/**
 * A string of a template: whole, or with parts that could not be resolved offline.
 *
 * An unresolved part is kept with the path of what it came from, never guessed; whatever
 * depends on it is decided as "cannot tell".
 */
export type Text = string | PartialText;

/** A string of which only some parts are known. Adjacent strings are merged; at least one part is unknown. */
export interface PartialText {
  readonly parts: readonly (string | UnknownPart)[];
}

/** A part whose value is not known offline, for example `{ unknown: 'MyStack/Parameters/Stage' }`. */
export interface UnknownPart {
  readonly unknown: string;
}

export function isUnknownPart(value: unknown): value is UnknownPart {
  return typeof value === 'object' && value !== null && typeof (value as UnknownPart).unknown === 'string';
}

export function isPartialText(value: unknown): value is PartialText {
  const parts = typeof value === 'object' && value !== null ? (value as PartialText).parts : undefined;
  return Array.isArray(parts) && parts.every((part) => typeof part === 'string' || isUnknownPart(part));
}

export function isText(value: unknown): value is Text {
  return typeof value === 'string' || isPartialText(value);
}

/** The parts of a text, a plain string being its own only part. */
export function partsOf(text: Text): readonly (string | UnknownPart)[] {
  return typeof text === 'string' ? [text] : text.parts;
}

/** Join parts into a text: a plain string as soon as every part is known. */
export function joinText(parts: readonly (Text | UnknownPart)[]): Text {
  const merged: (string | UnknownPart)[] = [];
  for (const part of parts.flatMap((p) => (isUnknownPart(p) ? [p] : partsOf(p)))) {
    const last = merged.length - 1;
    if (typeof part === 'string' && typeof merged[last] === 'string') {
      merged[last] += part;
    } else {
      merged.push(part);
    }
  }
  const known = merged.filter((part) => part !== '');
  if (known.length === 0) {
    return '';
  }
  return known.length === 1 && typeof known[0] === 'string' ? known[0] : { parts: known };
}

/** The text for a person to read: unknown parts as `<unknown: path>`. */
export function showText(text: Text): string {
  return partsOf(text).map((part) => (typeof part === 'string' ? part : `<unknown: ${part.unknown}>`)).join('');
}

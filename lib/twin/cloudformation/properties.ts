import { isList, isValueObject } from '../../deployment';
import type { Value, ValueObject } from '../../deployment';

/** Properties as CloudFormation sends them: every leaf is text. */
export interface TextProperties {
  readonly [name: string]: TextValue;
}

export type TextValue = string | readonly TextValue[] | TextProperties;

/** The properties of a resource as a handler is told them; nothing while a part of them is unknown. */
export function textProperties(properties: ValueObject): TextProperties | undefined {
  return toText(properties) as TextProperties | undefined;
}

function toText(value: Value): TextValue | undefined {
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  if (isList(value)) {
    const items = value.map(toText);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (isValueObject(value)) {
    // CloudFormation leaves out what is null.
    const entries = Object.entries(value).filter(([, entry]) => entry !== null).map(([key, entry]) => [key, toText(entry)] as const);
    return entries.every(([, entry]) => entry !== undefined) ? Object.fromEntries(entries) as TextProperties : undefined;
  }
  return undefined;
}

import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

/** Names of things, thing types, thing groups and billing groups. */
export const REGISTRY_NAME: TextRule = {
  pattern: /^[a-zA-Z0-9:_-]+$/,
  characters: 'one or more of a-z, A-Z, 0-9, ":", "_" and "-"',
  maxLength: 128,
};

/** Names of thing attributes, in `attributes` and wherever one is referred to. */
export const ATTRIBUTE_NAME: TextRule = {
  pattern: /^[a-zA-Z0-9_.,@/:#-]+$/,
  characters: 'one or more of a-z, A-Z, 0-9, "_", ".", ",", "@", "/", ":", "#" and "-"',
  maxLength: 128,
};

/** Values of thing attributes. https://docs.aws.amazon.com/iot/latest/apireference/API_AttributePayload.html */
const ATTRIBUTE_VALUE: TextRule = {
  pattern: /^[a-zA-Z0-9_.,@/:#=[\]-]*$/,
  characters: 'a-z, A-Z, 0-9, "_", ".", ",", "@", "/", ":", "#", "=", "[", "]" and "-"',
  maxLength: 800,
};

/** AWS writes `[\p{Graph}\x20]*`. https://docs.aws.amazon.com/iot/latest/apireference/API_ThingTypeProperties.html */
export const DESCRIPTION: TextRule = {
  pattern: /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u,
  characters: 'one line without tabs and other control characters',
  maxLength: 2028,
};

/** Attributes of a thing that has no thing type. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
export const MAX_ATTRIBUTES_WITHOUT_TYPE = 3;

/** Attributes of a thing group. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
export const MAX_GROUP_ATTRIBUTES = 50;

/** Searchable attributes of a thing type. https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html */
export const MAX_SEARCHABLE_ATTRIBUTES = 3;

/** Fails unless every attribute could be stored; `tooMany` completes the sentence when there are too many. */
export function requireAttributes(scope: IConstruct, attributes: Record<string, string>, max: number, tooMany: string): void {
  if (Token.isUnresolved(attributes)) {
    return;
  }
  const entries = Object.entries(attributes);
  if (entries.length > max) {
    throw invalid(scope, `'attributes' must have at most ${max} entries, got ${entries.length}: ${tooMany}`);
  }
  for (const [name, value] of entries) {
    requireText(scope, 'attributes', name, ATTRIBUTE_NAME);
    requireText(scope, `attributes.${name}`, value, ATTRIBUTE_VALUE);
  }
}

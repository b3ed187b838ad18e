import type { Call } from './intrinsics';
import { toJsonText } from './json-text';
import { asText, isJsonObject, isList, own } from './values';
import type { Json, Value } from './values';
import { isPartialText, isUnknownPart, joinText, partsOf } from '../policy/text';
import type { Text } from '../policy/text';

type IntrinsicFunction = (call: Call, argument: Json) => Value | undefined;

/**
 * The intrinsic functions that can be resolved offline; `Fn::GetAZs`, `Fn::Cidr` and macros cannot.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export const FUNCTIONS: Readonly<Record<string, IntrinsicFunction>> = {
  'Ref': (call, name) => (typeof name === 'string' ? call.scope.ref(name, call.at) : call.malformed()),

  'Fn::GetAtt': (call, argument) => {
    const [logicalId, name] = typeof argument === 'string' ? splitOnce(argument) : isList(argument) ? argument : [];
    const attribute = call.evaluate(name, 1);
    return typeof logicalId === 'string' && typeof attribute === 'string'
      ? call.scope.attribute(logicalId, attribute, call.at)
      : call.malformed();
  },

  'Fn::Join': (call, argument) => {
    const [delimiter, items] = isList(argument) ? argument : [];
    const list = call.evaluate(items, 1);
    if (isUnknownPart(list) || isPartialText(list)) {
      return call.dependentText();
    }
    const texts = isList(list) ? list.map(asText) : [undefined];
    return typeof delimiter === 'string' && texts.every((text) => text !== undefined)
      ? call.text(texts.flatMap((text, index) => (index === 0 ? [text] : [delimiter, text])))
      : call.malformed();
  },

  'Fn::Sub': (call, argument) => {
    const [template, given] = isList(argument) ? argument : [argument, {}];
    if (typeof template !== 'string' || !isJsonObject(given)) {
      return call.malformed();
    }
    const variables = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, call.evaluate(value, name) ?? null]));
    const texts = template.split(/\$\{([^${}]*)\}/).map((piece, index) => {
      if (index % 2 === 0) {
        return piece;
      }
      return piece.startsWith('!') ? `\${${piece.slice(1)}}` : asText(own(variables, piece) ?? variable(call, piece.trim()));
    });
    return texts.every((text) => text !== undefined) ? call.text(texts) : call.malformed();
  },

  'Fn::Select': (call, argument) => {
    const [position, items] = isList(argument) ? argument : [];
    const index = asText(call.evaluate(position, 0));
    const list = call.evaluate(items, 1);
    if (isPartialText(index) || isUnknownPart(list)) {
      return call.dependent();
    }
    return (isList(list) && /^\d{1,9}$/.test(index ?? '') ? list[Number(index)] : undefined) ?? call.malformed();
  },

  'Fn::Split': (call, argument) => {
    const [delimiter, source] = isList(argument) ? argument : [];
    const text = asText(call.evaluate(source, 1));
    if (typeof delimiter !== 'string' || delimiter === '' || text === undefined) {
      return call.malformed();
    }
    return splitText(text, delimiter) ?? call.dependent();
  },

  'Fn::If': (call, argument) => {
    const [name, yes, no] = isList(argument) ? argument : [];
    if (typeof name !== 'string' || yes === undefined || no === undefined) {
      return call.malformed();
    }
    const truth = call.scope.condition(name, call.at);
    return truth === 'unknown' ? call.dependent() : truth ? call.evaluate(yes, 1) : call.evaluate(no, 2);
  },

  'Fn::FindInMap': (call, argument) => {
    const [options, ...keys] = isList(argument) ? [argument[3], ...argument.slice(0, 3)] : [];
    const [map, first, second] = keys.map((key, index) => asText(call.evaluate(key, index)));
    if (map === undefined || first === undefined || second === undefined) {
      return call.malformed();
    }
    if (typeof map !== 'string' || typeof first !== 'string' || typeof second !== 'string') {
      return call.dependent();
    }
    const level = own(call.scope.mapping(map) ?? {}, first);
    const found = isJsonObject(level) ? own(level, second) : undefined;
    const fallback = isJsonObject(options) ? own(options, 'DefaultValue') : undefined;
    return call.evaluate(found ?? fallback) ?? call.unknown(`the mapping '${map}' has no value for '${first}' and '${second}'`);
  },

  'Fn::ImportValue': (call, argument) => {
    const name = asText(call.evaluate(argument));
    return name === undefined ? call.malformed() : call.scope.imported(name, call.at);
  },

  'Fn::Base64': (call, argument) => {
    const text = asText(call.evaluate(argument));
    if (isPartialText(text)) {
      return call.dependentText();
    }
    return text === undefined ? call.malformed() : call.text([Buffer.from(text).toString('base64')]);
  },

  'Fn::ToJsonString': (call, argument) => {
    const value = call.evaluate(argument);
    const text = value === undefined ? undefined : toJsonText(value);
    return text === undefined ? call.malformed() : call.text([text]);
  },

  'Fn::Length': (call, argument) => {
    const list = call.evaluate(argument);
    return isList(list) ? list.length : isUnknownPart(list) ? call.dependent() : call.malformed();
  },
};

/** What `${name}` gives in `Fn::Sub`: a reference, or an attribute. */
function variable(call: Call, name: string): Value | undefined {
  const [logicalId, attribute] = splitOnce(name);
  return attribute === undefined ? call.scope.ref(logicalId, call.at) : call.scope.attribute(logicalId, attribute, call.at);
}

function splitOnce(name: string): [string, string?] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** Regions, account IDs and partitions have no other characters than these, so that no other delimiter hides in them. */
const PSEUDO_PARAMETER = /(^|\/)AWS::(Region|AccountId|Partition)$/;
const SAFE_DELIMITER = /^[^a-z0-9-]$/;

/** Split a text, unless an unknown part may contain the delimiter. ARNs without a known region are common, and can be split. */
function splitText(text: Text, delimiter: string): Text[] | undefined {
  const pieces: Text[] = [''];
  for (const part of partsOf(text)) {
    const last = pieces.pop() ?? '';
    if (!isUnknownPart(part)) {
      const [first = '', ...others] = part.split(delimiter);
      pieces.push(joinText([last, first]), ...others);
    } else if (PSEUDO_PARAMETER.test(part.unknown) && SAFE_DELIMITER.test(delimiter)) {
      pieces.push(joinText([last, part]));
    } else {
      return undefined;
    }
  }
  return pieces;
}

import type { StackSource } from './read-assembly';
import { asText, isList, own } from './values';
import type { JsonObject, Value } from './values';
import type { Work } from './work';
import { joinText } from '../policy/text';

/** Values that a caller gives for parameters, by `Name` or `StackName:Name`. */
export type GivenParameters = Readonly<Record<string, string>>;

/** What is given for a parameter of a stack that is not nested: by the caller, else by the cloud assembly. */
export function givenValue(name: string, stack: StackSource, given: GivenParameters): string | undefined {
  return own(given, `${stack.name}:${name}`) ?? own(given, name) ?? own(stack.parameters, name);
}

/** The parameters that deployment would ask for, as `StackName:Name`. */
export function missingParameters(stacks: readonly StackSource[], given: GivenParameters): string[] {
  return stacks.flatMap((stack) => [...stack.template.parameters]
    .filter(([name, { Default: fallback }]) => fallback === undefined && givenValue(name, stack, given) === undefined)
    .map(([name]) => `${stack.name}:${name}`));
}

/** Given names that no stack declares: most likely mistyped. */
export function unknownParameters(stacks: readonly StackSource[], given: GivenParameters): string[] {
  const declared = new Set(stacks.flatMap((stack) => [...stack.template.parameters.keys()].flatMap((name) => [name, `${stack.name}:${name}`])));
  return Object.keys(given).filter((name) => !declared.has(name));
}

/**
 * What `Ref` gives for a parameter.
 *
 * The default of a parameter that reads from SSM is a name: AWS looks the value up, so that it is unknown here. A
 * value that is given is the value itself.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
 */
export function parameterValue(declaration: JsonObject, given: Value | undefined, work: Work, path: string): Value {
  const type = typeof declaration.Type === 'string' ? declaration.Type : 'String';
  const isFromSsm = type.startsWith('AWS::SSM::Parameter::Value<');
  const isListType = type.includes('List');
  const value = given ?? (isFromSsm ? undefined : (declaration.Default));
  if (isList(value)) {
    const texts = value.map(asText);
    const known = texts.filter((text) => text !== undefined);
    return isListType ? known : work.text(known.flatMap((text, index) => (index === 0 ? [text] : [',', text])), path, path);
  }
  const text = asText(value);
  if (text === undefined) {
    const reason = isFromSsm ? 'AWS reads the parameter from SSM at deployment' : 'the parameter has no value';
    const unknown = work.unknown(path, `${reason}; pass one with the parameters`);
    return isListType ? unknown : joinText([unknown]);
  }
  if (!isListType) {
    return text;
  }
  return typeof text === 'string' ? text.split(',').map((item) => item.trim()) : work.unknown(path, 'the list is only partly known');
}

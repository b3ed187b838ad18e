import { ProvisioningError } from './errors';
import { isObject } from './template';
import type { Json, JsonObject } from './template';

/** What a template is evaluated with. */
export interface Scope {
  readonly parameters: ReadonlyMap<string, string>;
  readonly mappings: JsonObject;
}

/** Characters of a value: the longest of AWS IoT, the PEM of a certificate. Joining what was split could grow without end. */
const MAX_LENGTH = 65_536;

/** `${Name}`, and `${!Name}` for a `${Name}` that stays. */
const VARIABLE = /\$\{(!?)([^{}]*)\}/g;

type Intrinsic = (argument: Json, scope: Scope) => Json;

/**
 * The functions of fleet provisioning templates.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/provision-template.html#fleet-provision-template
 */
const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  'Ref': (name, scope) => {
    const value = scope.parameters.get(text(name, 'Ref'));
    // "If no default value is specified, the parameter is not replaced with a value."
    // https://docs.aws.amazon.com/iot/latest/developerguide/single-thing-provisioning.html
    return value ?? { Ref: name };
  },
  'Fn::Join': (argument, scope) => {
    const [delimiter, values] = pair(argument, 'Fn::Join');
    const between = text(evaluate(delimiter, scope), 'Fn::Join');
    return bounded(list(evaluate(values, scope), 'Fn::Join').map((value) => text(value, 'Fn::Join')), between);
  },
  'Fn::Select': (argument, scope) => {
    const [index, values] = pair(argument, 'Fn::Select');
    const at = Number(evaluate(index, scope));
    const chosen = list(evaluate(values, scope), 'Fn::Select')[at];
    if (chosen === undefined || chosen === null) {
      throw invalid(`Fn::Select: there is no value at ${Number.isInteger(at) ? at : 'that index'}`);
    }
    return chosen;
  },
  'Fn::Split': (argument, scope) => {
    const [delimiter, value] = pair(argument, 'Fn::Split');
    const at = text(evaluate(delimiter, scope), 'Fn::Split');
    if (at === '') {
      throw invalid('Fn::Split: the delimiter is empty');
    }
    return text(evaluate(value, scope), 'Fn::Split').split(at);
  },
  'Fn::FindInMap': (argument, scope) => {
    const keys = list(argument, 'Fn::FindInMap').map((key) => text(evaluate(key, scope), 'Fn::FindInMap'));
    const found = keys.reduce<Json | undefined>((map, key) => (isObject(map) && Object.hasOwn(map, key) ? map[key] : undefined), scope.mappings);
    if (keys.length !== 3 || found === undefined) {
      throw invalid(`Fn::FindInMap: the mappings have no ${keys.join(', ')}`);
    }
    return found;
  },
  'Fn::Sub': (argument, scope) => {
    const [pattern, own] = Array.isArray(argument) ? pair(argument, 'Fn::Sub') : [argument, {}];
    const values = Object.entries(isObject(own) ? own : {}).map(([name, value]) => [name, text(evaluate(value, scope), 'Fn::Sub')] as const);
    return substitute(text(pattern, 'Fn::Sub'), new Map([...scope.parameters, ...values]));
  },
};

/** Replace every function in a value by its result. A Ref to a parameter without a value stays. */
export function evaluate(value: Json, scope: Scope): Json {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((part) => evaluate(part, scope));
  }
  if (!isObject(value)) {
    return value;
  }
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length === 1 && Object.hasOwn(INTRINSICS, name!)) {
    return INTRINSICS[name!]!(argument!, scope);
  }
  const unknown = entries.find(([key]) => key.startsWith('Fn::'))?.[0];
  if (unknown !== undefined) {
    throw invalid(`${unknown} is no function of provisioning templates, or does not stand alone; there are ${Object.keys(INTRINSICS).join(', ')}`);
  }
  return Object.fromEntries(entries.map(([key, part]) => [key, evaluate(part, scope)]));
}

/** A value that must be a string. */
export function text(value: Json | undefined, where: string): string {
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  if (isObject(value) && typeof value.Ref === 'string') {
    throw invalid(`Cannot resolve reference value: ${value.Ref}`);
  }
  throw invalid(`${where} must be a string`);
}

export function list(value: Json | undefined, where: string): readonly Json[] {
  if (!Array.isArray(value)) {
    throw invalid(`${where} must have a list`);
  }
  return value as readonly Json[];
}

function pair(argument: Json, name: string): readonly [Json, Json] {
  const [first, second, ...others] = list(argument, name);
  if (first === undefined || second === undefined || others.length > 0) {
    throw invalid(`${name} takes two arguments`);
  }
  return [first, second];
}

function substitute(pattern: string, values: ReadonlyMap<string, string>): string {
  const parts: string[] = [];
  let end = 0;
  for (const { 0: whole, 1: escape, 2: name, index } of pattern.matchAll(VARIABLE)) {
    // A variable without a value stays, as a Ref does: it may be one of a policy.
    parts.push(pattern.slice(end, index), escape === '!' ? `\${${name}}` : values.get(name!) ?? whole);
    end = index + whole.length;
  }
  return bounded([...parts, pattern.slice(end)], '');
}

function bounded(parts: readonly string[], between: string): string {
  const length = parts.reduce((sum, part) => sum + part.length + between.length, 0);
  if (length > MAX_LENGTH) {
    throw invalid(`a value is longer than ${MAX_LENGTH} characters`);
  }
  return parts.join(between);
}

function invalid(reason: string): ProvisioningError {
  return new ProvisioningError('InvalidParameters', reason);
}

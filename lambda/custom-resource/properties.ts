import { RequestError } from './errors';

/** The properties of a custom resource: CloudFormation makes text of every number and boolean in them. */
export interface Properties {
  readonly ServiceToken: string;
  readonly [name: string]: unknown;
}

export function text(properties: Properties, name: string): string {
  const value = properties[name];
  if (typeof value !== 'string' || value === '') {
    throw new RequestError(`'${name}' must be text that is not empty`);
  }
  return value;
}

export function texts(properties: Properties, name: string): readonly string[] {
  const value = properties[name];
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string' && item !== '')) {
    throw new RequestError(`'${name}' must be a list of texts that are not empty`);
  }
  return [...new Set(value)];
}

/** A list of objects, whose members nobody has checked. */
export function objects(properties: Properties, name: string): readonly Readonly<Record<string, unknown>>[] {
  const value = properties[name];
  if (!Array.isArray(value) || !value.every(isObject)) {
    throw new RequestError(`'${name}' must be a list of objects`);
  }
  return value;
}

export function object(properties: Properties, name: string): Readonly<Record<string, unknown>> {
  const value = properties[name];
  if (!isObject(value)) {
    throw new RequestError(`'${name}' must be an object`);
  }
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function flag(properties: Properties, name: string): boolean {
  return properties[name] === 'true' || properties[name] === true;
}

export function choice<T extends string>(properties: Properties, name: string, choices: readonly T[]): T {
  const value = choices.find((each) => each === properties[name]);
  if (value === undefined) {
    throw new RequestError(`'${name}' must be one of ${choices.join(', ')}`);
  }
  return value;
}

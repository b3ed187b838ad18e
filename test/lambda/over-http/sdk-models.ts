import * as cognitoIdentity from '@aws-sdk/client-cognito-identity';
import * as cognitoIdp from '@aws-sdk/client-cognito-identity-provider';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as iot from '@aws-sdk/client-iot';
import * as kms from '@aws-sdk/client-kms';
import * as s3 from '@aws-sdk/client-s3';
import * as secretsManager from '@aws-sdk/client-secrets-manager';
import * as ssm from '@aws-sdk/client-ssm';

/** The packages with the models of services. That of AWS Private CA is from before there were any. */
const PACKAGES: { readonly [service: string]: object } = { iot, ssm, kms, dynamodb, s3, secretsmanager: secretsManager, 'cognito-identity': cognitoIdentity, 'cognito-idp': cognitoIdp };
const WITHOUT_MODELS: readonly string[] = ['acm-pca'];

/** A schema of the SDK. @see https://github.com/smithy-lang/smithy-typescript/tree/main/packages/types/src/schema */
type Schema = number | string | readonly unknown[] | (() => Schema);

/** The first item of a schema that is a list. */
const SIMPLE = 0;
const LIST = 1;
const MAP = 2;
const STRUCTURES: readonly unknown[] = [3, 4, -3];
const OPERATION = 9;

/** Schemas that are numbers, and how many is added for lists and maps of them. */
const LIST_OF = 64;
const MAP_OF = 128;
const CHECKS: { readonly [schema: number]: readonly [string, (value: unknown) => boolean] } = {
  0: ['text', (value) => typeof value === 'string'],
  1: ['a number', (value) => typeof value === 'number' && Number.isFinite(value)],
  2: ['a boolean', (value) => typeof value === 'boolean'],
  4: ['a time', (value) => value instanceof Date],
  5: ['a time', (value) => value instanceof Date],
  6: ['a time', (value) => value instanceof Date],
  7: ['a time', (value) => value instanceof Date],
  15: ['any JSON', () => true],
  17: ['a large number', (value) => typeof value === 'bigint' || typeof value === 'number'],
  19: ['a decimal number', (value) => value !== undefined],
  21: ['bytes', (value) => value instanceof Uint8Array],
  42: ['a stream of bytes', (value) => value !== undefined],
};

/** What is wrong with a request, by the model of the operation that comes with the SDK: members unknown or missing, and wrong types. */
export function objectionsTo(service: string, operation: string, input: unknown): readonly string[] {
  if (WITHOUT_MODELS.includes(service)) {
    return [];
  }
  const model = resolve((PACKAGES[service] as Readonly<Record<string, Schema>>)[`${operation}$`]);
  if (!Array.isArray(model) || model[0] !== OPERATION) {
    return [`the SDK has no model of ${service} ${operation}`];
  }
  const objections: string[] = [];
  check(model[4] as Schema, input, String(model[2]), objections);
  return objections;
}

function check(given: Schema, value: unknown, path: string, objections: string[]): void {
  const schema = resolve(given);
  if (typeof schema === 'number') {
    checkNumbered(schema, value, path, objections);
  } else if (schema === 'unit') {
    checkStructure([], [], 0, value, path, objections);
  } else if (Array.isArray(schema)) {
    checkNamed(schema, value, path, objections);
  } else {
    objections.push(`${path} has a model that is not known: ${String(schema)}`);
  }
}

function checkNamed(schema: readonly unknown[], value: unknown, path: string, objections: string[]): void {
  const [kind, , , , first, second, required] = schema;
  if (STRUCTURES.includes(kind)) {
    checkStructure(first as readonly string[], second as readonly Schema[], Number(required ?? 0), value, path, objections);
  } else if (kind === LIST) {
    checkItems(first as Schema, value, path, objections);
  } else if (kind === MAP) {
    checkEntries(second as Schema, value, path, objections);
  } else if (kind === SIMPLE) {
    check(first as Schema, value, path, objections);
  } else {
    objections.push(`${path} has a model that is not known: ${String(kind)}`);
  }
}

/** Those of the members that are required come first. */
function checkStructure(names: readonly string[], schemas: readonly Schema[], required: number, value: unknown, path: string, objections: string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    objections.push(`${path} must be an object`);
    return;
  }
  const given = Object.entries(value).filter(([, member]) => member !== undefined);
  names.slice(0, required).filter((name) => !given.some(([other]) => other === name)).forEach((name) => objections.push(`${path}.${name} is missing`));
  for (const [name, member] of given) {
    const index = names.indexOf(name);
    if (index < 0) {
      objections.push(`${path}.${name} is unknown`);
    } else {
      check(schemas[index]!, member, `${path}.${name}`, objections);
    }
  }
}

function checkItems(schema: Schema, value: unknown, path: string, objections: string[]): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => check(schema, item, `${path}[${index}]`, objections));
  } else {
    objections.push(`${path} must be a list`);
  }
}

function checkEntries(schema: Schema, value: unknown, path: string, objections: string[]): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    Object.entries(value).forEach(([key, entry]) => check(schema, entry, `${path}.${key}`, objections));
  } else {
    objections.push(`${path} must be a map`);
  }
}

function checkNumbered(schema: number, value: unknown, path: string, objections: string[]): void {
  if (schema >= MAP_OF) {
    checkEntries(schema - MAP_OF, value, path, objections);
  } else if (schema >= LIST_OF) {
    checkItems(schema - LIST_OF, value, path, objections);
  } else {
    const [what, isGood] = CHECKS[schema] ?? ['something that is not known', () => false];
    if (!isGood(value)) {
      objections.push(`${path} must be ${what}`);
    }
  }
}

/** The schema itself: without the function that puts off reading it, and without the traits of a member. */
function resolve(schema: Schema | undefined): unknown {
  if (typeof schema === 'function') {
    return resolve(schema());
  }
  return Array.isArray(schema) && typeof schema[1] !== 'string' ? resolve(schema[0] as Schema) : schema;
}

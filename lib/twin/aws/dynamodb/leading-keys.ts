import { UNKNOWN_VALUE } from '../../../policy';
import type { ContextValue } from '../../../policy';
import type { Input } from '../json-service';
import type { TableDefinition } from './tables';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html: the longest expression. */
const MAX_EXPRESSION = 4096;

interface KeySchema {
  readonly KeySchema?: readonly { readonly AttributeName?: string; readonly KeyType?: string }[];
}

/**
 * Where an operation says which partition keys it is about. What else is in a request, which the operation does not read,
 * says nothing.
 */
export type KeySource = 'Key' | 'Item' | 'RequestItems' | 'query';

/**
 * The values of the partition key that a request is about, for `dynamodb:LeadingKeys`; unknown where an expression does not
 * say it plainly.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function leadingKeysOf(input: Input, source: KeySource, tables: readonly TableDefinition[]): ContextValue {
  const { TableName: tableName, RequestItems: batch, KeyConditionExpression: expression, KeyConditions: conditions } = input;
  switch (source) {
    case 'RequestItems':
      return all(Object.entries(Object(batch) as object).flatMap(([name, requests]) => itemsIn(requests).map((item) => valueIn(item, partitionKey(tables, name)))));
    case 'query': {
      const key = partitionKey(tables, tableName, input.IndexName);
      return all([typeof expression === 'string' ? inExpression(input, expression, key) : inConditions(conditions, key)]);
    }
    default:
      return all([valueIn(input[source], partitionKey(tables, tableName))]);
  }
}

function all(values: readonly (string | undefined)[]): ContextValue {
  return values.every((value) => value !== undefined) ? values : UNKNOWN_VALUE;
}

/** The attribute that is the partition key of a table, or of one of its indexes. */
function partitionKey(tables: readonly TableDefinition[], table: unknown, index?: unknown): string | undefined {
  const definition = tables.find(({ TableName: name }) => name === table || String(table).endsWith(`:table/${name}`));
  const of: unknown = index === undefined ? definition : ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes'].flatMap((kind) => definition?.[kind] ?? []).find((one) => (Object(one) as { readonly IndexName?: unknown }).IndexName === index);
  return (of as KeySchema | undefined)?.KeySchema?.find(({ KeyType: type }) => type === 'HASH')?.AttributeName;
}

/** Keys to get, or items to put and keys to delete. */
function itemsIn(requests: unknown): readonly unknown[] {
  const { Keys: keys } = Object(requests) as { readonly Keys?: unknown };
  return Array.isArray(keys) ? keys : (Array.isArray(requests) ? requests : [undefined]).map((request) => {
    const { PutRequest: put, DeleteRequest: remove } = Object(request) as { readonly PutRequest?: { readonly Item?: unknown }; readonly DeleteRequest?: { readonly Key?: unknown } };
    return put?.Item ?? remove?.Key;
  });
}

/** The text of an attribute: of a string, a number or bytes. */
function valueIn(item: unknown, attribute: string | undefined): string | undefined {
  return attribute === undefined ? undefined : textOf((Object(item) as Record<string, unknown>)[attribute]);
}

function textOf(value: unknown): string | undefined {
  const { S: string, N: number, B: bytes } = Object(value) as { readonly S?: unknown; readonly N?: unknown; readonly B?: unknown };
  return [string, number, bytes].find((one): one is string => typeof one === 'string');
}

function inConditions(conditions: unknown, key: string | undefined): string | undefined {
  const { ComparisonOperator: operator, AttributeValueList: values } = Object((Object(conditions) as Record<string, unknown>)[key ?? '']) as { readonly ComparisonOperator?: unknown; readonly AttributeValueList?: readonly unknown[] };
  return operator === 'EQ' ? textOf(values?.[0]) : undefined;
}

/** `key = :value`, or with `#name` for the key. */
function inExpression(input: Input, expression: string, key: string | undefined): string | undefined {
  const names = Object(input.ExpressionAttributeNames ?? {}) as Record<string, unknown>;
  const values = Object(input.ExpressionAttributeValues ?? {}) as Record<string, unknown>;
  const equalities = expression.length > MAX_EXPRESSION ? [] : [...expression.matchAll(/(?<![\w.#:-])(#?[\w.-]+)\s*=\s*(:\w+)/g)];
  const found = equalities.filter(([, name]) => name === key || names[name!] === key);
  return found.length === 1 ? textOf(values[found[0]![2]!]) : undefined;
}

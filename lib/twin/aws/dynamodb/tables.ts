import { asText, isList, isValueObject, propertyOf } from '../../../deployment';
import type { Value, ValueObject } from '../../../deployment';
import { declared } from '../surroundings';
import type { Surroundings } from '../surroundings';

/** What `CreateTable` takes. */
export interface TableDefinition {
  readonly TableName: string;
  readonly [name: string]: unknown;
}

/** What of a declared table counts here; CloudFormation and the API name it alike. */
const COPIED = ['AttributeDefinitions', 'KeySchema'] as const;

const ON_DEMAND = 'PAY_PER_REQUEST';

/** The tables that the deployment declares, as `CreateTable` wants them. Capacity is of no account. */
export function declaredTables(around: Surroundings): readonly TableDefinition[] {
  return declared(around, 'AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable').map(({ id, resource: { properties } }) => ({
    TableName: id,
    BillingMode: ON_DEMAND,
    ...Object.fromEntries(COPIED.map((name) => [name, plain(propertyOf(properties, name))])),
    ...indexes(properties, 'GlobalSecondaryIndexes'),
    ...indexes(properties, 'LocalSecondaryIndexes'),
  }));
}

function indexes(properties: ValueObject, name: string): object {
  const list = propertyOf(properties, name);
  return !isList(list) || list.length === 0 ? {} : { [name]: list.map((index) => (
    Object.fromEntries(['IndexName', 'KeySchema', 'Projection'].map((key) => [key, plain(propertyOf(index, key))]))
  )) };
}

/** JSON with all leaves as text; what is unknown is left out, and `CreateTable` says what is missing. */
function plain(value: Value | undefined): unknown {
  if (isList(value)) {
    return value.map(plain);
  }
  return isValueObject(value) ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)])) : asText(value);
}

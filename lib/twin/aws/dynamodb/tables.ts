import { asText, isList, isValueObject, propertyOf } from '../../../deployment';
import type { Deployment, Value, ValueObject } from '../../../deployment';
import { declared } from '../surroundings';
import type { Surroundings } from '../surroundings';

/** What `CreateTable` takes. */
export interface TableDefinition {
  readonly TableName: string;
  readonly [name: string]: unknown;
}

/** What of a declared table counts here; CloudFormation and the API name it alike. */
const COPIED = ['AttributeDefinitions', 'KeySchema'] as const;

const TYPES = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'] as const;

const ON_DEMAND = 'PAY_PER_REQUEST';

/** The tables that the deployment declares, as `CreateTable` wants them. Capacity is of no account. */
export function declaredTables(around: Pick<Surroundings, 'deployment'>): readonly TableDefinition[] {
  return declared(around, ...TYPES).map(({ id, resource: { properties } }) => ({
    TableName: id,
    BillingMode: ON_DEMAND,
    ...Object.fromEntries(COPIED.map((name) => [name, plain(propertyOf(properties, name))])),
    ...indexes(properties, 'GlobalSecondaryIndexes'),
    ...indexes(properties, 'LocalSecondaryIndexes'),
  }));
}

/**
 * Tables of a deployment that were others before, under the same name: a table that gets another key is made anew, and
 * begins empty. A line for each.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
 */
export function replacedTables(before: Deployment, now: Deployment): readonly string[] {
  const keys = new Map(declaredTables({ deployment: () => before }).map((table) => [table.TableName, keyOfTable(table)]));
  return declaredTables({ deployment: () => now }).flatMap((table) => {
    const [old, key] = [keys.get(table.TableName), keyOfTable(table)];
    return old === undefined || key === undefined || old === key ? []
      : [`DynamoDB table '${table.TableName}': its key is another, which makes it another table: what it held is gone`];
  });
}

/** The attributes of a table's key and their types, as text; undefined where some are not known. */
export function keyOfTable({ KeySchema: schema, AttributeDefinitions: attributes }: TableDefinition): string | undefined {
  const types = new Map((attributes as readonly Named[] | undefined)?.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]));
  const key = (schema as readonly Named[] | undefined)?.map(({ AttributeName, KeyType }) => [KeyType, AttributeName, types.get(AttributeName)]);
  return key?.flat().every((part) => part !== undefined) === true ? JSON.stringify(key.sort()) : undefined;
}

interface Named {
  readonly AttributeName?: string;
  readonly AttributeType?: string;
  readonly KeyType?: string;
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

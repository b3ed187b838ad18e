import type { KnownKeys } from '../../iam/need';
import { optionalText } from '../input';
import type { Input } from '../json-service';
import { each } from '../permissions';
import type { Permission, Permissions } from '../permissions';
import type { Surroundings } from '../surroundings';
import { leadingKeysOf } from './leading-keys';
import type { KeySource } from './leading-keys';
import { declaredTables } from './tables';

/**
 * What the operations of DynamoDB take: the action of their name on each table, or on the index that is asked.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 */
export function dynamodbPermissions(around: Surroundings): Permissions {
  const { partition, region, accountId } = around.scope;
  const arnOf = (table: string): string => (table.startsWith('arn:') ? table : `arn:${partition}:dynamodb:${region}:${accountId}:table/${table}`);
  const inTables = (input: Input): readonly string[] => Object.keys(Object(input.RequestItems) as object).map(arnOf);
  const keys = (source?: KeySource) => (input: Input): KnownKeys => ({
    // What is about all of a table has none.
    'dynamodb:LeadingKeys': source && leadingKeysOf(input, source, declaredTables(around)),
    'dynamodb:ReturnConsumedCapacity': optionalText(input, 'ReturnConsumedCapacity') ?? 'NONE',
    'dynamodb:ReturnValues': optionalText(input, 'ReturnValues') ?? 'NONE',
    'dynamodb:Select': optionalText(input, 'Select'),
    'dynamodb:EnclosingOperation': undefined,
  });
  const onTable = (source?: KeySource): Permission => ({ on: (input) => [arnOf(optionalText(input, 'TableName') ?? '')], keys: keys(source) });
  const onIndex = (source?: KeySource): Permission => ({
    on: (input) => {
      const [table, index] = [arnOf(optionalText(input, 'TableName') ?? ''), optionalText(input, 'IndexName')];
      return [index === undefined ? table : `${table}/index/${index}`];
    },
    keys: keys(source),
  });
  return {
    ...each(['GetItem', 'UpdateItem', 'DeleteItem'], onTable('Key')),
    PutItem: onTable('Item'),
    ...each(['DescribeTable', 'DescribeTimeToLive'], onTable()),
    ...each(['BatchGetItem', 'BatchWriteItem'], { on: inTables, keys: keys('RequestItems') }),
    Query: onIndex('query'),
    Scan: onIndex(),
    ListTables: {},
  };
}

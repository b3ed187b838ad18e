import { CreateTableCommand, DeleteItemCommand, DescribeTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { EndpointOf } from './endpoint-of';

const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'serials',
    KeySchema: [{ AttributeName: 'serial', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'serial', AttributeType: 'S' }, { AttributeName: 'site', AttributeType: 'S' }],
    GlobalSecondaryIndexes: [{ IndexName: 'by-site', KeySchema: [{ AttributeName: 'site', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } }],
    BillingMode: 'PAY_PER_REQUEST',
  },
};
const endpoint = new EndpointOf({ Table: TABLE });
let client: DynamoDBClient;
const TableName = 'serials';

async function start(): Promise<void> {
  await endpoint.start();
  client = new DynamoDBClient(endpoint.config);
}

function get(serial: string) {
  return client.send(new GetItemCommand({ TableName, Key: { serial: { S: serial } } })).then(({ Item }) => Item);
}

beforeAll(start);
afterAll(() => endpoint.stop());

test('items are put under a condition, found by an index, and outlast the twin', async () => {
  const put = () => client.send(new PutItemCommand({ TableName, Item: { serial: { S: 'a' }, site: { S: 'north' } }, ConditionExpression: 'attribute_not_exists(serial)' }));
  await put();
  await expect(put()).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  await client.send(new UpdateItemCommand({ TableName, Key: { serial: { S: 'a' } }, UpdateExpression: 'ADD uses :one', ExpressionAttributeValues: { ':one': { N: '1' } } }));
  await client.send(new PutItemCommand({ TableName, Item: { serial: { S: 'b' } } }));
  await client.send(new DeleteItemCommand({ TableName, Key: { serial: { S: 'b' } } }));

  for (let round = 0; round < 2; round++) {
    await start();
    await expect(get('a')).resolves.toEqual({ serial: { S: 'a' }, site: { S: 'north' }, uses: { N: '1' } });
    await expect(get('b')).resolves.toBeUndefined();
  }
  const { Items } = await client.send(new QueryCommand({ TableName, IndexName: 'by-site', KeyConditionExpression: 'site = :site', ExpressionAttributeValues: { ':site': { S: 'north' } } }));
  expect(Items).toHaveLength(1);
});

test('writes at once count one by one', async () => {
  const key = { serial: { S: 'count' } };
  await Promise.all(Array.from({ length: 20 }, () => client.send(new UpdateItemCommand({ TableName, Key: key, UpdateExpression: 'ADD uses :one', ExpressionAttributeValues: { ':one': { N: '1' } } }))));
  await expect(get('count')).resolves.toMatchObject({ uses: { N: '20' } });
});

test('tables follow the template', async () => {
  endpoint.deploy({ Table: TABLE, Other: { ...TABLE, Properties: { ...TABLE.Properties, TableName: 'other' } } });
  await expect(client.send(new DescribeTableCommand({ TableName: 'other' }))).resolves.toMatchObject({ Table: { TableStatus: 'ACTIVE' } });
  await expect(get('a')).resolves.toBeDefined();
  endpoint.deploy({ Table: TABLE });
  await expect(client.send(new DescribeTableCommand({ TableName: 'other' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('a table that AWS would not make is not in the way of others', async () => {
  endpoint.deploy({ Table: TABLE, Bad: { ...TABLE, Properties: { ...TABLE.Properties, TableName: 'bad', AttributeDefinitions: [] } } });
  await expect(client.send(new GetItemCommand({ TableName: 'bad', Key: { serial: { S: 'a' } } }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException', message: expect.stringMatching(/^the table is not there, as AWS would not make it: /) as string,
  });
  await expect(get('a')).resolves.toBeDefined();
  endpoint.deploy({ Table: TABLE });
  await expect(get('a')).resolves.toBeDefined();
});

describe('a table whose definition changes', () => {
  const KEY = [{ AttributeName: 'serial', KeyType: 'HASH' }];
  const SERIAL = { AttributeName: 'serial', AttributeType: 'S' };
  const plain = { TableName, KeySchema: KEY, AttributeDefinitions: [SERIAL], BillingMode: 'PAY_PER_REQUEST' };
  const define = (properties: object) => endpoint.deploy({ Table: { ...TABLE, Properties: properties } });

  beforeEach(async () => {
    endpoint.deploy({ Table: TABLE });
    await client.send(new PutItemCommand({ TableName, Item: { serial: { S: 'stays' }, site: { S: 'south' } } }));
  });

  test('keeps its items as long as its key stays, and in memory and on disk alike', async () => {
    define(plain);
    await expect(client.send(new DescribeTableCommand({ TableName }))).resolves.toMatchObject({ Table: { AttributeDefinitions: [SERIAL] } });
    await expect(get('stays')).resolves.toBeDefined();
    endpoint.deploy({ Table: TABLE });
    const { Items } = await client.send(new QueryCommand({ TableName, IndexName: 'by-site', KeyConditionExpression: 'site = :site', ExpressionAttributeValues: { ':site': { S: 'south' } } }));
    expect(Items).toHaveLength(1);
    await start();
    await expect(get('stays')).resolves.toBeDefined();
  });

  test('has its items again once AWS would make it again', async () => {
    for (const AttributeDefinitions of [[], [{ ...SERIAL, AttributeType: 'X' }]]) {
      define({ ...plain, AttributeDefinitions });
      await expect(get('stays')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    }
    define(plain);
    await expect(get('stays')).resolves.toBeDefined();
  });

  test.each<[string, object]>([
    ['another key', { ...plain, KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] }],
    ['a sort key besides', { ...plain, KeySchema: [...KEY, { AttributeName: 'site', KeyType: 'RANGE' }], AttributeDefinitions: TABLE.Properties.AttributeDefinitions }],
    ['a key of another type', { ...plain, AttributeDefinitions: [{ ...SERIAL, AttributeType: 'N' }] }],
  ])('is another table with %s, and empty', async (_, properties) => {
    define(properties);
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    expect(Table?.ItemCount).toBe(0);
    endpoint.deploy({ Table: TABLE });
    await expect(get('stays')).resolves.toBeUndefined();
    await start();
    await expect(get('stays')).resolves.toBeUndefined();
  });
});

test('fails for a table that is not declared, for bad input and for what is not served', async () => {
  await expect(client.send(new GetItemCommand({ TableName: 'none', Key: { serial: { S: 'a' } } }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(client.send(new GetItemCommand({ TableName, Key: { other: { S: 'a' } } }))).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(client.send(new CreateTableCommand({ TableName: 'x', KeySchema: [], AttributeDefinitions: [] }))).rejects.toMatchObject({ name: 'UnknownOperationException' });
  expect(endpoint.faults).toEqual([]);
});

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { createHandler } from '../../lambda/check-allow-list';
import { createCall } from '../../lambda/custom-resource';
import { AllowList, type Entry } from '../../lambda/registration/allow-list';
import { issue } from '../certificates/pki';
import { FakeCertificates } from './fake-certificates';
import { FakeSystem } from './stack';

const TableName = 'devices';
const NOW = new Date('2026-01-01T00:00:00Z');
const call = createCall(new FakeSystem(), Infinity);

let server: ReturnType<typeof dynalite>;
let client: DynamoDBClient;
let list: AllowList;
beforeAll(async () => {
  server = dynalite({ createTableMs: 0 }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new DynamoDBClient({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, region: 'eu-central-1', credentials: { accessKeyId: 'id', secretAccessKey: 'none' } });
  await client.send(new CreateTableCommand({ TableName, KeySchema: [{ AttributeName: 'serialNumber', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'serialNumber', AttributeType: 'S' }], BillingMode: 'PAY_PER_REQUEST' }));
  list = new AllowList(client, TableName, ['of-the-app']);
});
afterAll(async () => {
  client.destroy();
  server.close();
  await once(server, 'close');
});

const put = (serialNumber: string, item: Record<string, AttributeValue> = {}) => client.send(new PutItemCommand({ TableName, Item: { serialNumber: { S: serialNumber }, ...item } }));
const bind = (entry: Entry, publicKey: string, certificateId: string, retiresEarlier = false) => list.bind(call, entry, { publicKey, certificateId, retiresEarlier }, NOW);
const found = async (serialNumber: string): Promise<Entry> => (await list.find(call, serialNumber))!;

test('an entry is what operators and handlers have written', async () => {
  await put('1', { parameters: { M: { Site: { S: 'hall-1' }, Size: { N: '1' } } }, claimCertificateId: { S: 'claim' }, blocked: { BOOL: false } });
  expect(await found('1')).toEqual({ serialNumber: '1', blocked: false, parameters: { Site: 'hall-1' }, claimCertificateId: 'claim', retiring: [] });
  expect(await list.find(call, '2')).toBeUndefined();
  expect(await list.find(call, 'of-the-app')).toEqual({ serialNumber: 'of-the-app', blocked: false, parameters: {}, retiring: [] });
});

test.each<[AttributeValue]>([[{ BOOL: true }], [{ S: 'false' }], [{ N: '0' }], [{ NULL: true }]])('an entry that is blocked with %j is blocked', async (blocked) => {
  await put('1', { blocked });
  expect(await found('1')).toMatchObject({ blocked: true });
  expect(await bind(await found('1'), 'k', 'c')).toBe(false);
});

test('an entry is bound once, to what was read', async () => {
  await put('1');
  const entry = await found('1');
  expect(await bind(entry, 'k1', 'c1')).toBe(true);
  expect(await bind(entry, 'k2', 'c2')).toBe(false);
  expect(await bind({ ...await found('1'), certificateId: 'other' }, 'k1', 'c2')).toBe(false);
  expect(await found('1')).toMatchObject({ publicKey: 'k1', certificateId: 'c1', retiring: [] });
});

test('a certificate from before is to be retired, until it is forgotten', async () => {
  await put('1');
  await bind(await found('1'), 'k', 'c1');
  await bind(await found('1'), 'k', 'c2', true);
  await bind(await found('1'), 'k', 'c3', true);
  expect(await found('1')).toMatchObject({ certificateId: 'c3', retiring: ['c1', 'c2'] });
  await list.forget(call, '1', ['c1', 'c2']);
  expect(await found('1')).toMatchObject({ certificateId: 'c3', retiring: [] });
});

test('an entry that is removed cannot be bound, unless the app has it', async () => {
  expect(await bind({ serialNumber: 'gone', blocked: false, parameters: {}, retiring: [] }, 'k', 'c')).toBe(false);
  expect(await list.find(call, 'gone')).toBeUndefined();
  expect(await bind(await found('of-the-app'), 'k', 'c')).toBe(true);
  expect(await bind({ ...await found('of-the-app'), publicKey: undefined }, 'k2', 'c2')).toBe(false);
});

test('many devices with one serial number at once are one device', async () => {
  await put('1');
  const entry = await found('1');
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => bind(entry, `k${index}`, `c${index}`)));
  expect(answers.filter((isBound) => isBound)).toHaveLength(1);
});

test('the commands in the documentation list and release a device', async () => {
  const iot = new FakeCertificates();
  const hook = createHandler({ iot: iot.client, dynamoDb: client }, {
    templates: [{ templateName: 'sensors', thingName: '{SerialNumber}', parameters: { SerialNumber: null, Site: null }, keysInAws: false }],
    serialNumberParameter: 'SerialNumber', uncheckedParameters: [], claimCertificateIds: [],
  }, { name: TableName, serialNumbers: [] }, new FakeSystem());
  const ask = async (certificateId: string, certificatePem: string) => {
    iot.add(certificateId);
    return (await hook({ certificateId, certificatePem, templateArn: 'provisioningtemplate/sensors', parameters: { SerialNumber: '1234' } })).allowProvisioning;
  };
  const [first, second] = [await issue('a'), await issue('b')];

  await client.send(new PutItemCommand({ TableName, Item: JSON.parse('{"serialNumber":{"S":"1234"},"parameters":{"M":{"Site":{"S":"hall-1"}}}}') as Record<string, AttributeValue> }));
  expect(await ask('c1', first.pem)).toBe(true);
  expect(await ask('c2', second.pem)).toBe(false);
  await client.send(new UpdateItemCommand({ TableName, Key: { serialNumber: { S: '1234' } }, UpdateExpression: 'REMOVE publicKey' }));
  expect(await ask('c2', second.pem)).toBe(true);
  expect([...iot.certificates.keys()]).toEqual(['c2']);
  expect((await client.send(new GetItemCommand({ TableName, Key: { serialNumber: { S: '1234' } } }))).Item).toMatchObject({ certificateId: { S: 'c2' } });
});

import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { get as getHttp } from 'node:http';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { RuleDelivery } from '../../../lib/twin';
import { roleIdOf } from '../../../lib/twin/iam';
import { Inbox, within } from '../support/inbox';
import { MqttJs } from '../support/mqttjs';
import { ANYTHING, TestTwin } from '../support/test-twin';
import { ROLE as NAME, roleWith, rule } from './rule-runner';

const ROLE = NAME.replace('111122223333', '123456789012');
const WHO = "SELECT clientid() AS client, principal() AS principal, sourceip() AS ip, traceid() AS trace, accountid() AS account FROM 'who/+'";

let twin: TestTwin;
let device: MqttJs;
const delivered = new Inbox<RuleDelivery>();

const role = (RoleName: string, Action: string | readonly string[], Resource = '*'): object => roleWith(RoleName, [{ Effect: 'Allow', Action, Resource }]);
const table = (TableName: string, ...keys: readonly string[]): object => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName,
    AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: AttributeName === 'time' ? 'N' : 'S' })),
    KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
  },
});
const sink = { Kinesis: { StreamName: 's', RoleArn: ROLE } };

beforeAll(async () => {
  twin = await TestTwin.start({ sensor: { may: ANYTHING } }, {}, {
    Role: role('acts', '*'),
    Backend: role('backend', 'iot:Publish'),
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'raw' } },
    Table: table('readings', 'thing', 'time'),
    Columns: table('columns', 'thing'),
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'login', SecretString: '{"password":"open sesame"}' } },
    ...rule('toS3', "SELECT * FROM 's3/+'", [{ S3: { BucketName: 'raw', Key: 'in/${topic(2)}/ü & %.json', RoleArn: ROLE } }]),
    ...rule('chosen', "SELECT * FROM 'chosen/+'", [{ S3: { BucketName: '${topic(2)}', Key: 'k', RoleArn: ROLE } }], { ErrorAction: sink }),
    ...rule('toTable', "SELECT * FROM 'table/+'", [{ DynamoDB: { TableName: 'readings', HashKeyField: 'thing', HashKeyValue: '${topic(2)}', RangeKeyField: 'time', RangeKeyType: 'NUMBER', RangeKeyValue: '${time}', PayloadField: 'reading', RoleArn: ROLE } }]),
    ...rule('toColumns', "SELECT * FROM 'columns/+'", [{ DynamoDBv2: { PutItem: { TableName: 'columns' }, RoleArn: ROLE } }]),
    ...rule('who', WHO, [sink]),
    ...rule('asks', `SELECT get_dynamodb('columns', 'thing', 'pump', '${ROLE}').celsius AS celsius, get_registry_data('DescribeThing', 'sensor', '${ROLE}').thingName AS thing, machinelearning_predict('m', '${ROLE}', *) AS guess FROM 'asks'`, [sink]),
    ...rule('secret', `SELECT get_secret('login', 'SecretString', 'password', '${ROLE}') = 'open sesame' AS known FROM 'secret'`, [sink]),
  });
  twin.twin.deliveries.listen((delivery) => delivered.push(delivery));
  device = await MqttJs.connect(await twin.kit('sensor'));
});

afterAll(() => twin.stop());

const next = (name: string): Promise<RuleDelivery> => delivered.next(`a delivery of ${name}`, ({ rule: one }) => one === name);

function config(): { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } } {
  const { endpointUrl: endpoint, region, ...credentials } = twin.twin.aws;
  return { endpoint, region, credentials };
}

describe('the stand-ins', () => {
  test('an object that a rule puts is read with the AWS SDK', async () => {
    await device.publish('s3/pump', '{"celsius":4}');
    expect(await next('toS3')).toMatchObject({ outcome: 'sent', performed: true, notes: [], fields: { BucketName: 'raw', Key: 'in/pump/ü & %.json' } });
    const s3 = new S3Client({ ...config(), forcePathStyle: true });
    expect(await (await s3.send(new GetObjectCommand({ Bucket: 'raw', Key: 'in/pump/ü & %.json' }))).Body!.transformToString()).toBe('{"celsius":4}');
  });

  test('bytes that are no JSON get there as they are', async () => {
    await device.publish('s3/bytes', Buffer.from([0, 255, 1]));
    expect(await next('toS3')).toMatchObject({ payload: 'AP8B', encoding: 'base64' });
    const s3 = new S3Client({ ...config(), forcePathStyle: true });
    expect([...await (await s3.send(new GetObjectCommand({ Bucket: 'raw', Key: 'in/bytes/ü & %.json' }))).Body!.transformToByteArray()]).toEqual([0, 255, 1]);
  });

  test('a bucket that is not there fails in the words of AWS, and the error action is told', async () => {
    await device.publish('chosen/nowhere', '{}');
    const reason = 'Failed to put S3 object. The error received was The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket)';
    expect(await next('chosen')).toMatchObject({ outcome: 'failed', reason });
    expect(JSON.parse((await next('chosen')).payload)).toMatchObject({ failures: [{ failedAction: 'S3Action', failedResource: 'nowhere', errorMessage: `${reason}. Message arrived on: chosen/nowhere, Action: s3` }] });
    await device.publish('chosen/raw', '{}');
    expect(await next('chosen')).toMatchObject({ outcome: 'sent', performed: true });
  });

  test('an item that a rule puts is read with the AWS SDK', async () => {
    const dynamodb = new DynamoDBClient(config());
    await device.publish('table/pump', '{"time":7,"list":[1,"a",true,null,{"deep":1.5}]}');
    expect(await next('toTable')).toMatchObject({ outcome: 'sent', performed: true, notes: [] });
    const Key = { thing: { S: 'pump' }, time: { N: '7' } };
    expect((await dynamodb.send(new GetItemCommand({ TableName: 'readings', Key }))).Item).toEqual({
      ...Key, reading: { M: { time: { N: '7' }, list: { L: [{ N: '1' }, { S: 'a' }, { BOOL: true }, { NULL: true }, { M: { deep: { N: '1.5' } } }] } } },
    });
    await device.publish('columns/pump', '{"thing":"pump","celsius":40}');
    expect(await next('toColumns')).toMatchObject({ outcome: 'sent', performed: true });
    expect((await dynamodb.send(new GetItemCommand({ TableName: 'columns', Key: { thing: { S: 'pump' } } }))).Item).toEqual({ thing: { S: 'pump' }, celsius: { N: '40' } });
  });

  test('an item without its key fails in the words of AWS', async () => {
    await device.publish('columns/pump', '{"celsius":40}');
    expect((await next('toColumns')).reason).toMatch(/^Failed to put DynamoDB item\. The error received was .*key.* \(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException\)$/);
  });

  test('functions of SQL ask them, and what there is nothing for is Undefined and said', async () => {
    const journal = twin.journal();
    await device.publish('columns/pump', '{"thing":"pump","celsius":41}');
    await next('toColumns');
    await device.publish('asks', '{}');
    expect(JSON.parse((await next('asks')).payload)).toEqual({ celsius: 41, thing: 'sensor' });
    await journal.next('the reason', ({ event, reason }) => event === 'log' && reason === 'rule asks: machinelearning_predict() has nothing to ask here');
  });

  test('what a statement makes of a secret is not shown', async () => {
    await device.publish('secret', '{}');
    expect((await next('secret')).payload).toBe('(not shown, as the statement reads a secret)');
  });
});

describe('who sent a message', () => {
  test('a device is its certificate', async () => {
    await device.publish('who/mqtt', '{}');
    const certificate = await certificateId();
    expect(JSON.parse((await next('who')).payload)).toEqual({ client: 'sensor', principal: certificate, ip: expect.stringContaining('127.0.0.1') as string, trace: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, account: '123456789012' });
  });

  test('over HTTPS there is no client id and no trace', async () => {
    const kit = await twin.kit('sensor');
    await within('the answer', new Promise<void>((resolve, reject) => {
      request({ host: 'localhost', port: kit.httpsPort, ca: kit.rootCaPem, key: kit.privateKeyPem, cert: kit.certificatePem, method: 'POST', path: '/topics/who%2Fhttps', agent: false }, (response) => response.resume().on('end', resolve)).on('error', reject).end('{}');
    }));
    expect(JSON.parse((await next('who')).payload)).toEqual({ client: 'n/a', principal: expect.stringMatching(/^[0-9a-f]{64}$/) as string, ip: expect.stringContaining('127.0.0.1') as string, account: '123456789012' });
  });

  test('a role is its id and the name of the session', async () => {
    const credentials = twin.twin.assumeRole('backend', { sessionName: 'nightly' });
    await new IoTDataPlaneClient({ ...config(), credentials }).send(new PublishCommand({ topic: 'who/role', payload: Buffer.from('{}') }));
    expect(JSON.parse((await next('who')).payload)).toMatchObject({ client: 'n/a', principal: `${roleIdOf(ROLE.replace('acts', 'backend'))}:nightly` });
  });

  test('a last will is of its client', async () => {
    const other = await MqttJs.connect(await twin.kit('sensor'), { clientId: 'leaving', will: { topic: 'who/will', payload: Buffer.from('{}'), qos: 0, retain: false } });
    other.client.stream.destroy();
    expect(JSON.parse((await next('who')).payload)).toMatchObject({ client: 'leaving', principal: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  test('the twin itself is nobody', async () => {
    twin.twin.publish('who/twin', '{}');
    expect(JSON.parse((await next('who')).payload)).toEqual({ client: 'n/a', account: '123456789012' });
  });
});

describe('the console', () => {
  test('has what rules delivered, and passes on what they deliver', async () => {
    const answer = await within('the deliveries', new Promise<string>((resolve, reject) => {
      getHttp(`${twin.twin.endpoints.console}/deliveries.json`, { agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        }).on('end', () => resolve(text));
      }).on('error', reject);
    }));
    expect((JSON.parse(answer) as RuleDelivery[]).map(({ rule: name }) => name)).toEqual(twin.twin.deliveries.all().map(({ rule: name }) => name));
    const lines = new Inbox<string>();
    const watching = getHttp(`${twin.twin.endpoints.console}/events`, { agent: false }, (response) => void createInterface(response).on('line', (line) => lines.push(line)).on('error', () => undefined));
    watching.on('error', () => undefined);
    await lines.next('one from before', (line) => line.includes('"rule":"toS3"'));
    await device.publish('who/watched', `{}`);
    await next('who');
    await lines.next('the delivery', (line) => line.startsWith('data: ') && line.includes('"topic":"who/watched"') && line.includes('"rule":"who"'));
    watching.destroy();
  });
});

/** What the console knows of the certificate of the device. */
async function certificateId(): Promise<string> {
  const journal = twin.journal();
  const other = await MqttJs.connect(await twin.kit('sensor'), { clientId: 'other' });
  const { certificateId: id = '' } = await journal.next('the connection', ({ event, clientId }) => event === 'connected' && clientId === 'other');
  await other.end();
  return id;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, DeleteItemCommand, GetItemCommand, ListTablesCommand, PutItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, DescribeKeyCommand, EncryptCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient, TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { AddTagsToResourceCommand, GetParametersByPathCommand, GetParametersCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AwsClient } from 'aws4fetch';
import { AccessKeys, needsOf, standIns } from '../../../lib/twin/aws';
import type { Service, ServiceRequest, Session } from '../../../lib/twin/aws';
import { systemClock } from '../../../lib/twin/clock';
import { readDeployment } from '../../../lib/deployment';
import { StateFolder } from '../../../lib/twin/pki/state-folder';
import { NO_STORAGE } from '../../../lib/twin/storage';
import { EndpointOf } from './endpoint-of';

const ACCOUNT = '123456789012';
const arn = (service: string, resource: string): string => `arn:aws:${service}:eu-west-1:${ACCOUNT}:${resource}`;
const roleArn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const session = (name: string, more: object = {}): Session => ({ kind: 'role', roleArn: roleArn(name), sessionName: 's', ...more });
const document = (...Statement: object[]): object => ({ Version: '2012-10-17', Statement });
const allow = (Action: string | readonly string[], Resource: unknown, Condition?: object): object => ({ Effect: 'Allow', Action, Resource, ...Condition && { Condition } });

function role(RoleName: string, statements: readonly object[], more: object = {}): object {
  return { Type: 'AWS::IAM::Role', Properties: { RoleName, Policies: statements.length === 0 ? [] : [{ PolicyName: 'p', PolicyDocument: document(...statements) }], ...more } };
}

function permission(FunctionName: string, more: object = {}): object {
  return { Type: 'AWS::Lambda::Permission', Properties: { FunctionName, Action: 'lambda:InvokeFunction', Principal: '*', ...more } };
}

const table = arn('dynamodb', 'table/records');
const key = { 'Fn::GetAtt': 'Key.Arn' };
const key2 = { 'Fn::GetAtt': 'OwnKey.Arn' };
const RESOURCES = {
  Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'files' } },
  BucketPolicy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: document(
    { ...allow('s3:GetObject', 'arn:aws:s3:::files/shared/*'), Principal: { AWS: roleArn('named') } },
    { ...allow('s3:GetObject', 'arn:aws:s3:::files/*'), Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } },
    { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::files/secret/*', Principal: '*' },
    { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::files/*', Principal: { AWS: '*' }, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
  ) } },
  Table: { Type: 'AWS::DynamoDB::Table', Properties: {
    TableName: 'records',
    KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'owner', AttributeType: 'S' }, { AttributeName: 'site', AttributeType: 'S' }],
    GlobalSecondaryIndexes: [{ IndexName: 'BySite', KeySchema: [{ AttributeName: 'site', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } }],
  } },
  Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: document({ ...allow('kms:*', '*'), Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }) } },
  OwnKey: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: document({ ...allow('kms:*', '*'), Principal: { AWS: roleArn('named') } }) } },
  BareKey: { Type: 'AWS::KMS::Key', Properties: {} },
  Alias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/main', TargetKeyId: key } },
  Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'login', SecretString: 'x' } },
  Parameter: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/app/a', Value: '1', Type: 'String' } },
  Open: permission('open'),
  OfBucket: permission('of-bucket', { SourceArn: 'arn:aws:s3:::files', SourceAccount: ACCOUNT }),
  OfOrganization: permission('of-organization', { PrincipalOrgID: 'o-1' }),
  Nothing: role('nothing', []),
  Named: role('named', []),
  Files: role('files', [allow(['s3:GetObject', 's3:PutObject'], ['arn:aws:s3:::files/own/*', 'arn:aws:s3:::files/secret/*']), allow('s3:ListBucket', 'arn:aws:s3:::files', { StringLike: { 's3:prefix': 'own/*' } })]),
  Rows: role('rows', [
    allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], table, { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['${cognito-identity.amazonaws.com:sub}'] } }),
    allow('dynamodb:Query', `${table}/index/BySite`),
  ]),
  Crypto: role('crypto', [allow(['kms:Encrypt', 'kms:Decrypt', 'kms:DescribeKey'], [key, key2, { 'Fn::GetAtt': 'BareKey.Arn' }]), allow('kms:Sign', key, { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' } })]),
  Reader: role('reader', [
    allow('secretsmanager:GetSecretValue', { Ref: 'Secret' }, { StringEquals: { 'secretsmanager:VersionStage': 'AWSCURRENT' } }),
    allow('secretsmanager:TagResource', { Ref: 'Secret' }, { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['site'] }, 'Null': { 'aws:RequestTag/site': 'false' } }),
    allow(['ssm:GetParameters', 'ssm:GetParametersByPath', 'ssm:PutParameter'], arn('ssm', 'parameter/app*')),
  ]),
  Managed: role('managed', [], { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonSSMFullAccess'] }),
  Organized: role('organized', [allow('ssm:GetParameters', '*', { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } })]),
  Caller: role('caller', [allow(['sts:AssumeRole', 'lambda:InvokeFunction'], ['*'])]),
  Trusting: role('trusting', [], { AssumeRolePolicyDocument: document({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Condition: { StringEquals: { 'sts:ExternalId': 'x' } } }) }),
  Choosy: role('choosy', [], { AssumeRolePolicyDocument: document({ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Principal: { AWS: roleArn('named') } }) }),
  Service: role('service', [], { AssumeRolePolicyDocument: document({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }) }),
};

const endpoint = new EndpointOf(RESOURCES, { invoke: (name) => Promise.resolve({ name }) });
beforeAll(() => endpoint.start());
afterEach(() => void endpoint.lines.splice(0));
afterAll(() => endpoint.stop());

const refused = (action: string, resource: string): object => ({ name: 'AccessDeniedException', message: expect.stringContaining(`is not authorized to perform: ${action} on resource: ${resource}`) as string });

describe('every operation that is served', () => {
  const folder = mkdtempSync(join(tmpdir(), 'permissions-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const around = {
    deployment: () => readDeployment(join(endpoint.folder, 'App.json'), { accountId: ACCOUNT, region: 'eu-west-1', partition: 'aws' }),
    scope: { accountId: ACCOUNT, region: 'eu-west-1', partition: 'aws' }, folder: StateFolder.create(folder), storage: NO_STORAGE, clock: systemClock, keys: new AccessKeys(Date.now),
  } as const;
  const services = (): readonly Service[] => [...standIns(around, { invoke: () => Promise.reject(new Error()) }, () => undefined), ...endpoint.apps.services];
  const asked = (service: Service, operation: string): ServiceRequest => ({
    method: 'POST', url: '/', path: '/', query: new URLSearchParams(), headers: { 'x-amz-target': `${service.name === 'dynamodb' ? 'DynamoDB_20120810' : 'X'}.${operation}` }, body: Buffer.from(service.name === 'sts' ? `Action=${operation}` : '{}'),
  });
  const outcome = (service: Service, operation: string): unknown => {
    try {
      return service.needs(asked(service, operation));
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each(['acm-pca', 'cognito-identity', 'cognito-idp', 'dynamodb', 'kms', 'secretsmanager', 'ssm', 'sts'])('of %s has its permissions', (name) => {
    const service = services().find((one) => one.name === name)!;
    const operations = /it serves (.+)$/.exec(outcome(service, 'Nope') as string)![1]!.split(', ');
    expect(operations.length).toBeGreaterThan(1);
    expect(operations.filter((operation) => outcome(service, operation) === undefined)).toEqual([]);
  });

  test('of S3 and Lambda is one of those that a policy names', () => {
    const [s3, lambda] = ['s3', 'lambda'].map((name) => services().find((one) => one.name === name)!);
    const needs = (method: string, path: string, query = ''): unknown => s3!.needs({ ...asked(s3!, ''), method, path, query: new URLSearchParams(query) })?.map(({ action, resource }) => `${action} ${resource}`);
    expect([needs('GET', '/files/a/b'), needs('HEAD', '/files/a'), needs('PUT', '/files/a%20b'), needs('DELETE', '/files/a'), needs('GET', '/files', 'list-type=2')]).toEqual([
      ['s3:GetObject arn:aws:s3:::files/a/b'], ['s3:GetObject arn:aws:s3:::files/a'], ['s3:PutObject arn:aws:s3:::files/a b'], ['s3:DeleteObject arn:aws:s3:::files/a'], ['s3:ListBucket arn:aws:s3:::files'],
    ]);
    const invokes = (name: string, query = ''): unknown => lambda!.needs({ ...asked(lambda!, ''), path: `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`, query: new URLSearchParams(query) })?.[0]?.resource;
    expect([invokes('f'), invokes('f:live'), invokes('f', 'Qualifier=3'), invokes(`${ACCOUNT}:function:f`), invokes(arn('lambda', 'function:f'))]).toEqual(
      ['f', 'f:live', 'f:3', 'f', 'f'].map((name) => arn('lambda', `function:${name}`)),
    );
  });
});

test('the keys of a request are read once, however many resources it is about', () => {
  const keys = jest.fn(() => ({ a: 'b' }));
  const permission = { on: () => ['one', 'two'], keys, keysOf: (resource: string) => ({ of: resource }) };
  expect(needsOf('x', { Do: permission }, 'Do', {})!.map(({ values }) => values)).toEqual([{ a: 'b', of: 'one' }, { a: 'b', of: 'two' }]);
  expect(keys).toHaveBeenCalledTimes(1);
});

describe('S3', () => {
  const s3 = (name: string): S3Client => new S3Client({ ...endpoint.as(session(name)), forcePathStyle: true });
  const read = (name: string, Key: string): Promise<unknown> => s3(name).send(new GetObjectCommand({ Bucket: 'files', Key }));

  test('lets a role put and get its objects, list them, and nothing else', async () => {
    await s3('files').send(new PutObjectCommand({ Bucket: 'files', Key: 'own/a', Body: 'x' }));
    await read('files', 'own/a');
    await s3('files').send(new ListObjectsV2Command({ Bucket: 'files', Prefix: 'own/a' }));
    await expect(s3('files').send(new ListObjectsV2Command({ Bucket: 'files', Prefix: '' }))).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(read('files', 'other')).rejects.toMatchObject({
      name: 'AccessDenied', message: `User: arn:aws:sts::${ACCOUNT}:assumed-role/files/s is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::files/other because no identity-based policy allows the s3:GetObject action`,
    });
    expect(endpoint.lines.at(-1)).toContain('s3:GetObject on resource: arn:aws:s3:::files/other');
  });

  test('heeds the policy of the bucket, which allows whom it names, and denies', async () => {
    await expect(read('named', 'shared/a')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(read('nothing', 'shared/a')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(read('files', 'secret/a')).rejects.toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('with an explicit deny in a resource-based policy') as string });
  });
});

describe('DynamoDB', () => {
  const identity = { identityId: 'eu-west-1:me', identityPoolId: 'eu-west-1:pool', authenticated: true, amr: ['authenticated'] };
  const client = (): DynamoDBClient => new DynamoDBClient(endpoint.as(session('rows', { identity })));
  const mine = { owner: { S: 'eu-west-1:me' }, site: { S: 'n' } };

  test('lets an identity of Cognito have its own rows, by the partition key', async () => {
    await client().send(new PutItemCommand({ TableName: 'records', Item: mine }));
    await client().send(new GetItemCommand({ TableName: 'records', Key: { owner: mine.owner } }));
    await client().send(new QueryCommand({ TableName: 'records', KeyConditionExpression: '#o = :o', ExpressionAttributeNames: { '#o': 'owner' }, ExpressionAttributeValues: { ':o': mine.owner } }));
    await client().send(new QueryCommand({ TableName: 'records', IndexName: 'BySite', KeyConditionExpression: 'site = :s', ExpressionAttributeValues: { ':s': mine.site } }));
  });

  test.each([
    ['rows of others', 'dynamodb:GetItem', () => client().send(new GetItemCommand({ TableName: 'records', Key: { owner: { S: 'eu-west-1:you' } } }))],
    ['what it finds by another key', 'dynamodb:Query', () => client().send(new QueryCommand({ TableName: 'records', KeyConditionExpression: 'owner = :o', ExpressionAttributeValues: { ':o': { S: 'eu-west-1:you' } } }))],
    ['everything', 'dynamodb:Scan', () => client().send(new ScanCommand({ TableName: 'records' }))],
    ['to delete', 'dynamodb:DeleteItem', () => client().send(new DeleteItemCommand({ TableName: 'records', Key: { owner: mine.owner } }))],
  ])('does not let it have %s', async (_, action, send) => {
    await expect(send()).rejects.toMatchObject(refused(action, table));
  });

  test.each([
    ['GetItem', { Key: { owner: { S: 'eu-west-1:you' } }, RequestItems: {} }],
    ['PutItem', { Item: { owner: { S: 'eu-west-1:you' } }, Key: { owner: mine.owner } }],
    ['Query', { KeyConditionExpression: 'owner = :o', ExpressionAttributeValues: { ':o': { S: 'eu-west-1:you' } }, Key: { owner: mine.owner } }],
    ['Query', { KeyConditions: { owner: { ComparisonOperator: 'EQ', AttributeValueList: [{ S: 'eu-west-1:you' }] } }, Item: { owner: mine.owner } }],
  ])('reads the key of a %s where the operation does', async (operation, input) => {
    const { endpoint: url, credentials, region } = endpoint.as(session('rows', { identity }));
    const response = await new AwsClient({ ...credentials, region, service: 'dynamodb', retries: 0 }).fetch(url, {
      method: 'POST', headers: { 'x-amz-target': `DynamoDB_20120810.${operation}` }, body: JSON.stringify({ TableName: 'records', ...input }),
    });
    expect(await response.json()).toMatchObject({ __type: 'AccessDeniedException', message: expect.stringContaining(`dynamodb:${operation}`) as string });
  });

  test('lets no role list tables that may not', async () => {
    await expect(client().send(new ListTablesCommand({}))).rejects.toMatchObject(refused('dynamodb:ListTables', '*'));
  });
});

describe('KMS', () => {
  const kms = (name: string): KMSClient => new KMSClient(endpoint.as(session(name)));
  const keyArn = (id: string): string => arn('kms', `key/${endpoint.ref(id)}`);

  test('lets a role use a key that leaves it to the account, also by its alias', async () => {
    const { CiphertextBlob } = await kms('crypto').send(new EncryptCommand({ KeyId: 'alias/main', Plaintext: Buffer.from('x') }));
    await kms('crypto').send(new DecryptCommand({ CiphertextBlob }));
    await kms('crypto').send(new DescribeKeyCommand({ KeyId: endpoint.ref('BareKey') }));
    await expect(kms('nothing').send(new DecryptCommand({ CiphertextBlob }))).rejects.toMatchObject(refused('kms:Decrypt', keyArn('Key')));
    await expect(kms('crypto').send(new SignCommand({ KeyId: endpoint.ref('Key'), Message: Buffer.of(1), SigningAlgorithm: 'RSASSA_PSS_SHA_256' }))).rejects.toMatchObject(refused('kms:Sign', keyArn('Key')));
  });

  test('lets a role use a key that names it, and no other role', async () => {
    await kms('named').send(new DescribeKeyCommand({ KeyId: endpoint.ref('OwnKey') }));
    await expect(kms('crypto').send(new DescribeKeyCommand({ KeyId: endpoint.ref('OwnKey') }))).rejects.toMatchObject({
      name: 'AccessDeniedException', message: expect.stringContaining('because no resource-based policy allows the kms:DescribeKey action') as string,
    });
  });
});

test('the permission of a function lets a role invoke it on its conditions alone', async () => {
  const invoke = async (name: string): Promise<number> => {
    const { endpoint: url, credentials, region } = endpoint.as(session('nothing'));
    return (await new AwsClient({ ...credentials, region, service: 'lambda', retries: 0 }).fetch(`${url}/2015-03-31/functions/${name}/invocations`, { method: 'POST', body: '{}' })).status;
  };
  expect([await invoke('open'), await invoke('of-bucket'), await invoke('of-organization')]).toEqual([200, 403, 403]);
});

test('a secret and parameters are for roles that may read and tag them, by their conditions', async () => {
  const secrets = new SecretsManagerClient(endpoint.as(session('reader')));
  await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'login' }))).resolves.toMatchObject({ SecretString: 'x' });
  await secrets.send(new TagResourceCommand({ SecretId: 'login', Tags: [{ Key: 'site', Value: 'n' }] }));
  await expect(secrets.send(new TagResourceCommand({ SecretId: 'login', Tags: [{ Key: 'other', Value: 'n' }] }))).rejects.toMatchObject(refused('secretsmanager:TagResource', arn('secretsmanager', 'secret:login')));
  await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'login', VersionStage: 'AWSPREVIOUS' }))).rejects.toMatchObject(refused('secretsmanager:GetSecretValue', ''));
  await expect(secrets.send(new DescribeSecretCommand({ SecretId: 'nowhere' }))).rejects.toMatchObject(refused('secretsmanager:DescribeSecret', arn('secretsmanager', 'secret:nowhere')));
  const ssm = new SSMClient(endpoint.as(session('reader')));
  await ssm.send(new GetParametersByPathCommand({ Path: '/app' }));
  await ssm.send(new PutParameterCommand({ Name: '/app/b', Value: '1', Type: 'String' }));
  await expect(ssm.send(new GetParametersCommand({ Names: ['/app/a', '/other'] }))).rejects.toMatchObject(refused('ssm:GetParameters', arn('ssm', 'parameter/other')));
  await expect(ssm.send(new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: '/app/a', Tags: [] }))).rejects.toMatchObject(refused('ssm:AddTagsToResource', arn('ssm', 'parameter/app/a')));
});

test.each([
  ['a managed policy of AWS', 'managed', 'what arn:aws:iam::aws:policy/AmazonSSMFullAccess says is known to AWS alone'],
  ['a condition on the organization', 'organized', 'what p says is known to AWS alone, as it hangs on aws:principalorgid'],
])('%s is refused as it cannot be told, and why', async (_, name, why) => {
  await expect(new SSMClient(endpoint.as(session(name))).send(new GetParametersCommand({ Names: ['/app/a'] }))).rejects.toMatchObject({
    name: 'AccessDeniedException', message: `User: arn:aws:sts::${ACCOUNT}:assumed-role/${name}/s is not authorized to perform: ssm:GetParameters on resource: ${arn('ssm', 'parameter/app/a')}, as far as the twin can tell offline: ${why}. Say in a policy of the assembly what the role may do`,
  });
});

describe('STS', () => {
  const send = async (name: string, input: Record<string, string>): Promise<string> => {
    const { endpoint: url, credentials, region } = endpoint.as(session(name));
    const body = new URLSearchParams({ RoleSessionName: 'tester', ...input }).toString();
    return (await new AwsClient({ ...credentials, region, service: 'sts', retries: 0 }).fetch(url, { method: 'POST', body })).text();
  };
  const assume = (name: string, of: string, more: Record<string, string> = {}): Promise<string> => send(name, { Action: 'AssumeRole', RoleArn: roleArn(of), ...more });
  const TAGS = { 'Tags.member.1.Key': 'site', 'Tags.member.1.Value': 'north' };

  test.each<[string, string, string, Record<string, string>, string]>([
    ['that leaves it to the account', 'caller', 'trusting', { ExternalId: 'x' }, '<SecretAccessKey>'],
    ['that asks for another external id', 'caller', 'trusting', {}, '<Code>AccessDenied</Code>'],
    ['that leaves it to the account, which does not allow it', 'nothing', 'trusting', { ExternalId: 'x' }, '<Code>AccessDenied</Code>'],
    ['that names it, with tags', 'named', 'choosy', TAGS, '<SecretAccessKey>'],
    ['that names another', 'caller', 'choosy', {}, '<Code>AccessDenied</Code>'],
    ['that a service alone may have', 'caller', 'service', {}, '<Code>AccessDenied</Code>'],
    ['that is not there', 'caller', 'nowhere', {}, '<Code>AccessDenied</Code>'],
    ['for more than an hour', 'named', 'choosy', { DurationSeconds: '3601' }, '<Code>ValidationError</Code>'],
  ])('answers a role that assumes a role %s', async (_, name, of, more, expected) => {
    expect(await assume(name, of, more)).toContain(expected);
  });

  test('tells everybody who they are', async () => {
    expect(await send('nothing', { Action: 'GetCallerIdentity' })).toContain(`assumed-role/nothing/s</Arn>`);
  });
});

test('a role that may invokes a function, and another does not', async () => {
  const invoke = async (name: string): Promise<Response> => {
    const { endpoint: url, credentials, region } = endpoint.as(session(name));
    return new AwsClient({ ...credentials, region, service: 'lambda', retries: 0 }).fetch(`${url}/2015-03-31/functions/f/invocations`, { method: 'POST', body: '{}' });
  };
  expect(await (await invoke('caller')).json()).toEqual({ name: 'f' });
  const denied = await invoke('nothing');
  expect([denied.status, denied.headers.get('x-amzn-errortype')]).toEqual([403, 'AccessDeniedException']);
});

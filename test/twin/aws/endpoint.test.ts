import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { IoTClient, DescribeThingCommand } from '@aws-sdk/client-iot';
import { KMSClient, ListKeysCommand, DescribeKeyCommand, SignCommand } from '@aws-sdk/client-kms';
import { S3Client, GetObjectCommand } from '@aws-sdk/client-s3';
import { AwsClient } from 'aws4fetch';
import { AccessKeys, createAwsEndpoint, jsonService, ServiceError } from '../../../lib/twin/aws';
import type { Need } from '../../../lib/twin/iam';

const faults: string[] = [];
let now = 0;
const keys = new AccessKeys(() => now);
let server: Server;
let endpoint: string;

beforeAll(async () => {
  const kms = jsonService('kms', 'KMS', {
    DescribeKey: (input) => {
      if (input.KeyId === 'fault') {
        throw new TypeError('a mistake');
      }
      throw new ServiceError('NotFoundException', `no key ${String(input.KeyId)}`);
    },
    Sign: () => ({}),
  }, { DescribeKey: {} });
  const guard = { objectionTo: (_: unknown, call: string, needs: readonly Need[] | undefined) => (needs === undefined ? `nobody knows ${call}` : needs[0]!.action === 'kms:DescribeKey' ? 'not today' : undefined) };
  const open = jsonService('open', 'Open', { GetUser: () => ({}), AdminGetUser: () => ({}) }, {}, { unsigned: { target: 'Open', operations: new Set(['GetUser']) } });
  server = createAwsEndpoint({ services: [kms, open], openRoutes: [], keys, guard, onFault: (reason) => faults.push(reason) });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => server.close());

function config(credentials = keys.issue()) {
  return { endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 };
}

/** Sends raw HTTP and gives the status and body. */
function send(headers: Record<string, string>, body: string | Buffer = ''): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(endpoint, { method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => resolve({ status: response.statusCode!, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('a request reaches the service that its signature names, and gets its errors by name', async () => {
  await expect(new KMSClient(config()).send(new DescribeKeyCommand({ KeyId: 'x' }))).rejects.toMatchObject({ name: 'NotFoundException', message: 'no key x' });
});

test('an operation that is not served is named, with those that are', async () => {
  await expect(new KMSClient(config()).send(new ListKeysCommand())).rejects.toMatchObject({
    name: 'UnknownOperationException', message: 'the twin does not serve KMS ListKeys; of KMS it serves DescribeKey, Sign',
  });
});

test('a service that is not served is named', async () => {
  await expect(new IoTClient(config()).send(new DescribeThingCommand({ thingName: 'pump-1' }))).rejects.toMatchObject({
    name: 'UnknownOperationException', message: 'the twin does not serve iot (GET /things/pump-1); it serves kms, open',
  });
  await expect(new S3Client(config()).send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }))).rejects.toMatchObject({ name: 'UnknownOperationException' });
});

test('a mistake of the twin is told where it can be mended, and not to the client', async () => {
  await expect(new KMSClient(config()).send(new DescribeKeyCommand({ KeyId: 'fault' }))).rejects.toMatchObject({ name: 'InternalFailure' });
  expect(faults).toEqual(['kms: a mistake']);
});

describe('refuses', () => {
  test('an access key of a real account', async () => {
    const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };
    await expect(new KMSClient({ ...config(), credentials }).send(new ListKeysCommand())).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  test('credentials that have expired', async () => {
    const credentials = keys.issue(now + 1000);
    await expect(new KMSClient(config(credentials)).send(new ListKeysCommand())).rejects.toMatchObject({ name: 'UnknownOperationException' });
    now += 1000;
    await expect(new KMSClient(config(credentials)).send(new ListKeysCommand())).rejects.toMatchObject({ name: 'ExpiredTokenException' });
  });

  test('a signature with another secret key', async () => {
    const credentials = { ...keys.issue(), secretAccessKey: 'another' };
    await expect(new KMSClient(config(credentials)).send(new ListKeysCommand())).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });

  test('a role what IAM does not allow it, and what is not known to take which permission', async () => {
    const client = new KMSClient(config(keys.issue(Infinity, { kind: 'role', roleArn: 'arn:aws:iam::123456789012:role/users', sessionName: 's' })));
    await expect(client.send(new DescribeKeyCommand({ KeyId: 'x' }))).rejects.toMatchObject({ name: 'AccessDeniedException', message: 'not today' });
    await expect(client.send(new SignCommand({ KeyId: 'x', Message: Buffer.of(1), SigningAlgorithm: 'ECDSA_SHA_256' }))).rejects.toMatchObject({ name: 'AccessDeniedException', message: 'nobody knows kms (TrentService.Sign)' });
    await expect(client.send(new ListKeysCommand())).rejects.toMatchObject({ name: 'UnknownOperationException' });
  });

  test('a request without a signature', async () => {
    expect(await send({})).toMatchObject({ status: 403, body: expect.stringContaining('MissingAuthenticationToken') as string });
    expect(await send({ authorization: 'AWS4-HMAC-SHA256 Credential=../../x' })).toMatchObject({ status: 403 });
  });

  test.each(['constructor', 'toString', '__proto__'])('a signature for a service that is called %s as any other', async (service) => {
    expect(await send({ authorization: `AWS4-HMAC-SHA256 Credential=ASIA/20260101/eu-west-1/${service}/aws4_request` })).toMatchObject({
      status: 403, body: expect.stringContaining('IncompleteSignatureException') as string,
    });
  });

  test('an operation that needs a signature, behind the name of one that needs none', async () => {
    const targets = ['Open.GetUser', 'Open.GetUser.AdminGetUser', 'Open.GetUser.', 'Open.AdminGetUser', 'Open.GetUser, Open.AdminGetUser', 'Other.GetUser'];
    expect(await Promise.all(targets.map(async (target) => (await send({ 'x-amz-target': target })).status))).toEqual([200, 403, 403, 403, 403, 403]);
  });

  test('a page of another site', async () => {
    expect(await send({ host: 'evil.example:80' })).toEqual({ status: 403, body: 'this server is reached as localhost' });
  });

  test('a body that is too large', async () => {
    expect(await send({}, Buffer.alloc(17 * 1024 * 1024))).toMatchObject({ status: 413 });
  });

  test('a body that is not JSON', async () => {
    const client = new AwsClient({ ...keys.issue(), region: 'eu-west-1', service: 'kms', retries: 0 });
    const post = async (operation: string, body: string): Promise<string> => (
      (await client.fetch(endpoint, { method: 'POST', headers: { 'x-amz-target': `TrentService.${operation}` }, body })).text()
    );
    expect(await post('DescribeKey', '{')).toContain('SerializationException');
    expect(await post('__proto__', '{}')).toContain('UnknownOperationException');
  });
});

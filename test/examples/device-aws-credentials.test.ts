import { readFileSync } from 'node:fs';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { runDevice } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { makeRequest } from './support/openssl';
import { DeviceAwsCredentialsStack } from '../../examples/device-aws-credentials/stack';

const sensor = makeRequest('sensor-1');
let example: ExampleTwin;
let kit: string;
let s3: S3Client;

beforeAll(async () => {
  example = await ExampleTwin.start((app) => new DeviceAwsCredentialsStack(app, 'DeviceAwsCredentials', { csr: sensor.pem }));
  const [{ certificatePem }] = await example.certificatesOf('sensor-1') as [{ certificatePem: string }];
  kit = example.kit('sensor-1', { thingName: 'sensor-1', privateKeyPem: sensor.privateKeyPem, certificatePem }, readFileSync(example.twin.endpoints.rootCa, 'utf8'));
  s3 = new S3Client({ ...example.sdk, forcePathStyle: true });
});

afterAll(async () => {
  s3.destroy();
  await example.stop();
});

/** Runs the device with no credentials but those that it gets. */
function upload(...args: readonly string[]) {
  return runDevice('device-aws-credentials', ['--kit', kit, '--bucket', example.output('Bucket'), ...args], {
    env: { AWS_ENDPOINT_URL: example.twin.aws.endpointUrl, AWS_EC2_METADATA_DISABLED: 'true', NODE_NO_WARNINGS: '1' },
  });
}

test('a sensor puts a file under its own prefix, with credentials for its certificate', async () => {
  const Bucket = example.output('Bucket');
  expect(await upload()).toEqual({ code: 0, signal: null, stderr: '', stdout: `put s3://${Bucket}/sensor-1/reading.json\n` });
  const { Contents: objects = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  expect(objects.map(({ Key }) => Key)).toEqual(['sensor-1/reading.json']);
  const { Body: body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'sensor-1/reading.json' }));
  expect(JSON.parse(await body!.transformToString())).toEqual({ celsius: 21 });
});

test('a role alias that the policy does not name gives nothing, and the sensor says why in one line', async () => {
  const { code, stdout, stderr } = await upload('--role-alias', 'administrators');
  expect(stderr).toMatch(/^device: the credential provider at localhost:\d+ refuses credentials through administrators: 404 Role alias does not exist\n$/);
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

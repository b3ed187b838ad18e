import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as iot from '@aws-sdk/client-iot';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { IoTJobsDataPlaneClient, StartNextPendingJobExecutionCommand } from '@aws-sdk/client-iot-jobs-data-plane';
import { aws_iam as iam, aws_s3 as s3, Duration } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import { DeviceFleet, JobAccess, JobDocument, PresignedUrls } from '../../../lib';
import { ExampleTwin } from '../../examples/support/example-twin';
import { makeRequest } from '../../examples/support/openssl';
import { stackOf } from '../../flows/flow';
import type { JobsSeen } from '../support/sdk-jobs';

const BUCKET = 'firmware-of-sensors';
const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const run = promisify(execFile);

/** A fleet that updates its firmware with what a template for jobs says, and a role for uploads. */
function define(stack: Stack): void {
  const fleet = new DeviceFleet(stack, 'Sensors', { topics: {}, jobs: JobAccess.EXECUTE });
  const [thing] = fleet.addThings(['sensor-1']);
  fleet.addCertificate('Certificate', { thing: thing!, csr: makeRequest('sensor-1').pem });
  const bucket = new s3.Bucket(stack, 'Firmware', { bucketName: BUCKET });
  const presignedUrls = PresignedUrls.ofBucket(bucket, { keyPrefix: 'firmware/', expiresIn: Duration.minutes(10) });
  fleet.jobs.addTemplate('Update', { jobTemplateId: 'update', description: 'updates', document: JobDocument.fromObject({ url: presignedUrls.urlOf('2.1.bin') }), presignedUrls });
  const uploads = new iam.Role(stack, 'Uploads', { roleName: 'Uploads', assumedBy: new iam.ServicePrincipal('iot.amazonaws.com') });
  bucket.grantPut(uploads, 'logs/*');
}

let flow: ExampleTwin;
let files: S3Client;

beforeAll(async () => {
  flow = await ExampleTwin.start(stackOf(define));
  expect(flow.twin.warnings).toEqual([]);
  files = new S3Client({ ...flow.sdk, forcePathStyle: true });
  await files.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'firmware/2.1.bin', Body: 'the firmware' }));
});

afterAll(async () => {
  files.destroy();
  await flow.stop();
});

/** What curl is answered: the status and the body. */
async function curl(...parameters: readonly string[]): Promise<string> {
  return (await run('curl', ['-s', '-w', ' %{http_code}', ...parameters])).stdout;
}

test('what the constructs declare gives the client of the AWS IoT Device SDK a URL with which curl downloads the firmware', async () => {
  for (let index = 0; index < 8; index++) {
    await flow.iot.send(new iot.CreateJobCommand({ jobId: `update-${index}`, targets: [`${ARN}thing/sensor-1`], jobTemplateArn: `${ARN}jobtemplate/update` }));
  }
  const { stdout } = await run(process.execPath, ['--import', 'tsx', join(__dirname, '..', 'support', 'sdk-jobs.ts'), JSON.stringify(await flow.twin.issueKit('sensor-1'))], { timeout: 40_000 });
  const urls = (JSON.parse(stdout.trim().split('\n').at(-1)!) as JobsSeen[]).map(({ document }) => (document as { readonly url: string }).url);
  expect(urls).toHaveLength(4);
  for (const url of urls) {
    expect(url).toMatch(new RegExp(`^${flow.twin.aws.endpointUrl}/${BUCKET}/firmware/2\\.1\\.bin\\?.*X-Amz-Expires=600&`));
    expect(await curl(url)).toBe('the firmware 200');
  }
  expect(await curl('-r', '4-7', urls[0]!)).toBe('firm 206');
  expect(await curl(urls[0]!.replace('2.1.bin', '2.2.bin'))).toMatch(/InvalidSignature.* 403$/s);
  expect(await curl('-X', 'DELETE', urls[0]!)).toMatch(/ 403$/);
}, 60_000);

test('a device uploads a file of its own to a URL', async () => {
  const url = `\${aws:iot:s3-presigned-url-upload:https://s3.us-east-1.amazonaws.com/${BUCKET}/logs/\${thingName}/\${jobId}.txt}`;
  await flow.iot.send(new iot.CreateJobCommand({ jobId: 'logs', targets: [`${ARN}thing/sensor-1`], document: JSON.stringify({ url }), presignedUrlConfig: { roleArn: 'arn:aws:iam::123456789012:role/Uploads' } }));
  const data = new IoTJobsDataPlaneClient(flow.sdk);
  const { execution } = await data.send(new StartNextPendingJobExecutionCommand({ thingName: 'sensor-1' }));
  data.destroy();
  const document = JSON.parse(execution!.jobDocument!) as { readonly url: string };
  writeFileSync(flow.file('log.txt'), 'all is well');
  expect(await curl('-T', flow.file('log.txt'), document.url)).toBe(' 200');
  const { Body: body } = await files.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'logs/sensor-1/logs.txt' }));
  expect(await body!.transformToString()).toBe('all is well');
});

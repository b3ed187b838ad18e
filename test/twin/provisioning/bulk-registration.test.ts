import { readFileSync } from 'node:fs';
import { DEVICE_POLICY, DeviceTwin } from './device-twin';
import { OpenSsl } from './openssl';

const openssl = new OpenSsl();

let twin: DeviceTwin;

beforeAll(async () => {
  twin = await DeviceTwin.start();
  twin.addPolicy('device', DEVICE_POLICY);
});

afterAll(() => twin.stop());

const TEMPLATE = JSON.stringify({
  Parameters: { ThingName: { Type: 'String' }, CSR: { Type: 'String' } },
  Resources: {
    thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'ThingName' } }, OverrideSettings: { AttributePayload: 'FAIL' } },
    certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: { Ref: 'CSR' } } },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
  },
});

function start(file: string | Buffer, templateBody = TEMPLATE): string {
  twin.objects.set('bucket/file', Buffer.from(file));
  return twin.account.startThingRegistrationTask({ templateBody, inputFileBucket: 'bucket', inputFileKey: 'file', roleArn: 'arn:aws:iam::123456789012:role/r' }).taskId;
}

function report(taskId: string, reportType: 'RESULTS' | 'ERRORS'): unknown[] {
  const { resourceLinks } = twin.account.listThingRegistrationTaskReports({ taskId, reportType });
  return resourceLinks.flatMap((link) => readFileSync(link, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as unknown));
}

const csr = openssl.csr('/CN=bulk').csrPem;
const line = (ThingName: string, more: object = {}): string => JSON.stringify({ ThingName, CSR: csr, ...more });

test('good lines go through, bad ones are reported with their numbers', async () => {
  const lines: (string | Buffer)[] = [line('bulk-1'), 'no json', '', line('bulk-2'), line('bulk-2'), '["a list"]', line('not a name'), line('x', { CSR: 'no request' }), 'x'.repeat(256 * 1024 + 1), Buffer.from([0xff]), line('bulk-3')];
  const taskId = start(Buffer.concat(lines.flatMap((one) => [Buffer.from(one as string), Buffer.from('\n')])));
  await twin.bulk.run(taskId);
  expect(twin.account.describeThingRegistrationTask({ taskId })).toMatchObject({ status: 'Completed', successCount: 3, failureCount: 7, percentageProgress: 100 });
  expect(report(taskId, 'RESULTS')).toMatchObject(['bulk-1', 'bulk-2', 'bulk-3'].map((thing, index) => ({
    lineNumber: [1, 4, 11][index],
    response: { certificatePem: expect.stringMatching(/^-----BEGIN CERTIFICATE/), resourceArns: { thing: `arn:aws:iot:us-east-1:123456789012:thing/${thing}` } },
  })));
  expect(report(taskId, 'ERRORS')).toEqual([
    { lineNumber: 2, errorCode: 'InvalidPayload', errorMessage: 'the line is no JSON' },
    { lineNumber: 5, errorCode: 'ResourceConflict', errorMessage: "thing 'bulk-2' exists already" },
    { lineNumber: 6, errorCode: 'InvalidParameters', errorMessage: 'parameters must be an object of strings' },
    { lineNumber: 7, errorCode: 'InvalidParameters', errorMessage: expect.stringMatching(/not a name/) },
    { lineNumber: 8, errorCode: 'InvalidCSR', errorMessage: expect.any(String) },
    { lineNumber: 9, errorCode: 'InvalidPayload', errorMessage: 'the line is longer than 262144 bytes, or no UTF-8' },
    { lineNumber: 10, errorCode: 'InvalidPayload', errorMessage: 'the line is longer than 262144 bytes, or no UTF-8' },
  ]);
  expect([...twin.account.store.all('certificates')]).toHaveLength(3);
});

test('one task runs at a time, and can be stopped', async () => {
  const file = Array.from({ length: 1000 }, (_, index) => line(`stopped-${index}`)).join('\n');
  const taskId = start(file);
  expect(() => start(file)).toThrow('there can be one at a time');
  const running = twin.bulk.run(taskId);
  twin.account.store.onChange((table, key) => {
    if (table === 'things' && key === 'stopped-10') {
      twin.account.stopThingRegistrationTask({ taskId });
    }
  });
  await running;
  const { status, successCount } = twin.account.describeThingRegistrationTask({ taskId });
  expect(status).toBe('Cancelled');
  expect(successCount).toBe(11);
  expect(report(taskId, 'RESULTS')).toHaveLength(11);
});

test.each([
  ['a file that is not there', (): string => {
    const taskId = start('');
    twin.objects.clear();
    return taskId;
  }, 'the bucket bucket has no object file'],
  ['a template that is not valid', (): string => start('', '{"Resources":[]}'), 'the provisioning template is not valid: Resources must be an object'],
])('fails for %s', async (_, begin, message) => {
  const taskId = begin();
  await twin.bulk.run(taskId);
  expect(twin.account.describeThingRegistrationTask({ taskId })).toMatchObject({ status: 'Failed', message });
});

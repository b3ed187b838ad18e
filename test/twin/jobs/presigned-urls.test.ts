import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readDeployment } from '../../../lib/deployment';
import { countPlaceholders, fillPlaceholders } from '../../../lib/twin/jobs/placeholders';
import { locationIn } from '../../../lib/twin/jobs/s3-location';
import { Desk } from './desk';

const ROLES = 'arn:aws:iam::123456789012:role/';
const NAMES = { thingName: 'pump', jobId: 'update', executionNumber: 2 };

/** A trust in AWS IoT, as the construct for job templates has it. */
const trust = (job: string, service = 'iot.amazonaws.com'): object => ({
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service }, Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' }, ArnLike: { 'aws:SourceArn': `arn:aws:iot:us-east-1:123456789012:job/${job}` } } }],
});
const role = (RoleName: string, AssumeRolePolicyDocument: object, Action: string | string[] = 's3:GetObject', Resource = 'arn:aws:s3:::files/firmware/*'): object => ({
  Type: 'AWS::IAM::Role',
  Properties: { RoleName, AssumeRolePolicyDocument, Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource }] } }] },
});

let desk: Desk;
let arn: string;

beforeEach(() => {
  desk = new Desk();
  [arn] = desk.things('pump') as [string];
  const folder = mkdtempSync(join(tmpdir(), 'presigned-'));
  const file = join(folder, 'App.json');
  writeFileSync(file, JSON.stringify({
    Resources: {
      Good: role('good', trust('*'), ['s3:GetObject', 's3:PutObject', 's3:GetObjectVersion']),
      Other: role('other', trust('another'), 's3:*'),
      Function: role('function', trust('*', 'lambda.amazonaws.com'), 's3:*'),
    },
  }));
  expect(desk.service.follow(readDeployment(file, { accountId: '123456789012', region: 'us-east-1' }))).toEqual([]);
  rmSync(folder, { recursive: true });
});

const placeholder = (url: string, kind = '-v2'): string => `\${aws:iot:s3-presigned-url${kind}:${url}}`;
const FIRMWARE = placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/v2.bin');

/** The URL that a device is told which starts the job. */
function told(url: string, presignedUrlConfig: object | undefined = { roleArn: `${ROLES}good`, expiresInSec: 300 }, jobId = 'update'): string {
  desk.call('createJob', { jobId, targets: [arn], document: JSON.stringify({ url }), ...presignedUrlConfig && { presignedUrlConfig } });
  const { execution } = desk.ask('pump/jobs/start-next') as unknown as { readonly execution: { readonly jobDocument: { readonly url: string } } };
  return execution.jobDocument.url;
}

test('a device gets a URL in place of the placeholder, made anew each time that it is told the document', () => {
  desk.call('createJob', { jobId: 'update', targets: [arn], document: `{"url":"${FIRMWARE}","size":2}`, presignedUrlConfig: { roleArn: `${ROLES}good`, expiresInSec: 300 } });
  const [, [, { execution }]] = desk.hear() as unknown as [unknown, [string, { readonly execution: { readonly jobDocument: object } }]];
  const url = (number: number): string => `http://s3/${number}|GET|files|firmware/v2.bin||good|300`;
  // In notify-next, too.
  expect(execution.jobDocument).toEqual({ url: url(1), size: 2 });
  expect(desk.ask('pump/jobs/$next/get')).toMatchObject({ execution: { jobDocument: { url: url(2) } } });
  expect(desk.ask('pump/jobs/update/get', { includeJobDocument: false }).execution).not.toHaveProperty('jobDocument');
  expect(desk.ask('pump/jobs/start-next')).toMatchObject({ execution: { jobDocument: { url: url(3) } } });
  expect(desk.ask('pump/jobs/update/update', { status: 'SUCCEEDED', includeJobDocument: true })).toMatchObject({ jobDocument: { url: url(4) } });
  // Operators see what they wrote.
  expect(desk.call('getJobDocument', { jobId: 'update' })).toEqual({ document: `{"url":"${FIRMWARE}","size":2}` });
});

test.each([
  ['path style', placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/a.bin'), 'GET|files|firmware/a.bin|'],
  ['virtual-hosted style', placeholder('https://files.s3.us-east-1.amazonaws.com/firmware/a.bin'), 'GET|files|firmware/a.bin|'],
  ['the encoded key of version 2', placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/a%20b%2B%7D.bin'), 'GET|files|firmware/a b+}.bin|'],
  ['the key of version 1, as it is', placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/a%20b.bin', ''), 'GET|files|firmware/a%20b.bin|'],
  ['version 1 by its name', placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/a b.bin', '-v1'), 'GET|files|firmware/a b.bin|'],
  ['a version of the object', placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/a.bin%3FversionId%3Dv1'), 'GET|files|firmware/a.bin|v1'],
  ['an upload', placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/${thingName}/${jobId}-${executionNumber}.log', '-upload'), 'PUT|files|firmware/pump/update-1.log|'],
  ['characters that JSON escapes', placeholder('https:\u005c/\u005c/s3.us-east-1.amazonaws.com/files/firmware/\u00fc.bin', '').replace(/\\/g, ''), 'GET|files|firmware/ü.bin|'],
])('takes %s', (_, url, wanted) => {
  expect(told(url)).toBe(`http://s3/2|${wanted}|good|300`);
});

test('a URL is good for an hour unless the job says otherwise', () => {
  expect(told(FIRMWARE, { roleArn: `${ROLES}good` })).toMatch(/\|3600$/);
});

test.each([
  ['without a role', FIRMWARE, {}, "the job has no 'presignedUrlConfig' with a role"],
  ['under a role of another place', FIRMWARE, { roleArn: `${ROLES}elsewhere` }, `the assembly declares no role ${ROLES}elsewhere`],
  ['under a role that trusts another service', FIRMWARE, { roleArn: `${ROLES}function` }, `the role ${ROLES}function does not let iot.amazonaws.com assume it for this job`],
  ['under a role that trusts another job', FIRMWARE, { roleArn: `${ROLES}other` }, `the role ${ROLES}other does not let iot.amazonaws.com assume it for this job`],
  ['of an object that the role may not read', placeholder('https://s3.us-east-1.amazonaws.com/files/secret'), { roleArn: `${ROLES}good` }, `the role ${ROLES}good does not allow s3:GetObject on arn:aws:s3:::files/secret`],
  ['for an upload elsewhere', placeholder('https://s3.us-east-1.amazonaws.com/files/${thingName}', '-upload'), { roleArn: `${ROLES}good` }, `the role ${ROLES}good does not allow s3:PutObject on arn:aws:s3:::files/pump`],
  ['of no object', placeholder('https://example.com/firmware'), { roleArn: `${ROLES}good` }, 'it is no URL of an object in Amazon S3 as AWS IoT takes them'],
  ['that is not encoded', placeholder('https://s3.us-east-1.amazonaws.com/files/100%'), { roleArn: `${ROLES}good` }, 'it is no URL of an object in Amazon S3 as AWS IoT takes them'],
  ['with a name that is none', placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/${other}', '-upload'), { roleArn: `${ROLES}good` }, 'it is no URL of an object in Amazon S3 as AWS IoT takes them'],
  ['with a name too often', placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/${jobId}${jobId}${jobId}', '-upload'), { roleArn: `${ROLES}good` }, 'it is no URL of an object in Amazon S3 as AWS IoT takes them'],
  ['with a name in the bucket', placeholder('https://s3.us-east-1.amazonaws.com/${jobId}/firmware', '-upload'), { roleArn: `${ROLES}good` }, 'it is no URL of an object in Amazon S3 as AWS IoT takes them'],
])('there is no URL %s, and the journal says why', (_, url, config, reason) => {
  expect(told(url, config)).toBe(url);
  expect(desk.noted).toContain(`job update: ${url} stays in the document: ${reason}`);
});

test('there is no URL with half of a character, and who asks is told the document', () => {
  const url = placeholder('https://s3.us-east-1.amazonaws.com/files/firmware/\ud800');
  expect(told(url, { roleArn: `${ROLES}good` })).toBe(url);
});

test('a host that is longer than a name can be is none, and is not tried in every way', () => {
  expect(locationIn(`https://${'.s3.a'.repeat(50)}/key`)).toMatchObject({ key: 'key' });
  expect(locationIn(`https://${'.s3.a'.repeat(200)}/key`)).toBeUndefined();
});

test('a document may ask for so many URLs and no more, and expiry has its bounds', () => {
  const create = (count: number, expiresInSec?: number) => () => desk.call('createJob', {
    jobId: `j${count}`, targets: [arn], document: JSON.stringify(Array.from({ length: count }, () => FIRMWARE)), presignedUrlConfig: { roleArn: `${ROLES}good`, ...expiresInSec !== undefined && { expiresInSec } },
  });
  expect(create(51)).toThrow('the job document asks for more than the 50 presigned URLs that the twin makes');
  expect(create(1, 59)).toThrow("'expiresInSec' must be a whole number from 60 to 3600");
  expect(create(1, 3601)).toThrow("'expiresInSec' must be a whole number from 60 to 3600");
  expect(create(50)).not.toThrow();
});

test('whatever a document has in it, it is JSON afterwards and says the same beside its URLs', () => {
  const part = fc.oneof(fc.string(), fc.constantFrom(FIRMWARE, '${aws:iot:s3-presigned-url', ':', '{', '}', '${jobId}', '"', '\\', placeholder('https://s3.amazonaws.com/b/${thingName}', '-upload'), placeholder('x"y')));
  fc.assert(fc.property(fc.array(fc.array(part).map((parts) => parts.join('')), { maxLength: 4 }), (texts) => {
    const document = JSON.stringify(texts);
    expect(fillPlaceholders(document, NAMES, () => undefined)).toBe(document);
    const filled = JSON.parse(fillPlaceholders(document, NAMES, () => 'http://url')) as string[];
    expect(filled).toHaveLength(texts.length);
    filled.forEach((text, index) => expect(countPlaceholders(JSON.stringify(texts[index])) > 0 || text === texts[index]).toBe(true));
  }), { numRuns: 300 });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CopyObjectCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListBucketsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { EndpointOf } from './endpoint-of';

const endpoint = new EndpointOf({ Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'uploads' } } });
const Bucket = 'uploads';
let s3: S3Client;

async function start(): Promise<void> {
  await endpoint.start();
  s3 = new S3Client(endpoint.config);
}

beforeAll(start);
afterAll(() => endpoint.stop());

async function read(Key: string, Range?: string): Promise<string> {
  return (await s3.send(new GetObjectCommand({ Bucket, Key, Range }))).Body!.transformToString();
}

test.each(['plain.txt', 'with/folders/and ünï + % & ?.txt', '../../outside', `${'long/'.repeat(200)}x`])('an object %s is put, read and deleted', async (Key) => {
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'content', ContentType: 'text/plain', Metadata: { by: 'test' } }));
  await start();
  await expect(read(Key)).resolves.toBe('content');
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key }))).resolves.toMatchObject({ ContentLength: 7, ContentType: 'text/plain', Metadata: { by: 'test' } });
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  await expect(read(Key)).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: 'NotFound' });
});

test('a part of an object is read', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'part', Body: '0123456789' }));
  await expect(Promise.all([read('part', 'bytes=2-4'), read('part', 'bytes=7-')])).resolves.toEqual(['234', '789']);
});

test('a stream is put', async () => {
  const Body = Readable.from([Buffer.from('one '), Buffer.from('two')]);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'stream', Body, ContentLength: 7 }));
  await expect(read('stream')).resolves.toBe('one two');
});

test('objects are listed by prefix and in pages', async () => {
  for (const Key of ['list/a', 'list/b', 'list/deep/c', 'list/deep/d']) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  }
  const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', MaxKeys: 3 }));
  expect(page.Contents!.map(({ Key }) => Key)).toEqual(['list/a', 'list/b', 'list/deep/c']);
  const rest = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', ContinuationToken: page.NextContinuationToken }));
  expect(rest.Contents!.map(({ Key }) => Key)).toEqual(['list/deep/d']);
  // As the AWS CLI asks; it decodes only what says that it is encoded.
  expect(await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', MaxKeys: 1, EncodingType: 'url' }))).toMatchObject({
    EncodingType: 'url', Prefix: 'list%2F', Contents: [{ Key: expect.stringContaining('list%2F') }],
  });
  const folders = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', Delimiter: '/' }));
  expect([folders.Contents!.length, folders.CommonPrefixes]).toEqual([2, [{ Prefix: 'list/deep/' }]]);
});

test('files of the assembly are in the bucket of its assets', async () => {
  const assets = { Bucket: 'cdk-hnb659fds-assets-123456789012-eu-west-1' };
  writeFileSync(join(endpoint.folder, 'data.csv'), 'serial\n1');
  writeFileSync(join(endpoint.folder, 'Assets.assets.json'), JSON.stringify({ files: { x: { source: { path: 'data.csv' }, destinations: { d: { objectKey: 'abc.csv' } } }, y: { source: { path: '../../outside' }, destinations: { d: { objectKey: 'outside' } } } } }));
  writeFileSync(join(endpoint.folder, 'Assets.template.json'), JSON.stringify({ Resources: {} }));
  const own = new EndpointOf({});
  own.read(join(endpoint.folder, 'Assets.template.json'));
  await own.start();
  const client = new S3Client(own.config);
  await expect((await client.send(new GetObjectCommand({ ...assets, Key: 'abc.csv' }))).Body!.transformToString()).resolves.toBe('serial\n1');
  await expect(client.send(new GetObjectCommand({ ...assets, Key: 'outside' }))).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(client.send(new PutObjectCommand({ ...assets, Key: 'abc.csv', Body: 'x' }))).rejects.toMatchObject({ name: 'AccessDenied' });
  own.stop();
});

test('fails for a bucket that is not declared, and for what is not served', async () => {
  await expect(s3.send(new GetObjectCommand({ Bucket: 'other', Key: 'k' }))).rejects.toMatchObject({ name: 'NoSuchBucket' });
  await expect(s3.send(new CopyObjectCommand({ Bucket, Key: 'k', CopySource: 'uploads/part' }))).rejects.toMatchObject({ name: 'UnknownOperationException' });
  await expect(s3.send(new ListBucketsCommand())).rejects.toMatchObject({ name: 'UnknownOperationException', message: expect.stringContaining('S3 ListBuckets') as string });
  expect(endpoint.faults).toEqual([]);
});

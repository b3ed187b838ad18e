import { ServiceError, unknownOperation } from '../service';
import type { Service, ServiceRequest, ServiceResponse } from '../service';
import type { Surroundings } from '../surroundings';
import { xmlAnswer, xmlError } from '../xml';
import type { Xml } from '../xml';
import { findBucket } from './buckets';
import type { Bucket, ObjectInfo } from './buckets';
import { keysOf } from './condition-keys';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;
const MAX_KEYS = 1000;

type Run = (bucket: Bucket, key: string, request: ServiceRequest) => ServiceResponse;

/** An operation, and the action that IAM asks about. */
interface Operation {
  readonly method: string;
  readonly of: 'object' | 'bucket';
  readonly query: RegExp;
  readonly action: string;
  readonly run: Run;
}

/**
 * What a request asks for, by its method and whether it names an object. A query that is not named here is another operation.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
const OPERATIONS: readonly Operation[] = [
  { method: 'GET', of: 'object', query: /^(x-id|response-.*|x-amz-.*)$/i, action: 's3:GetObject', run: getObject },
  { method: 'HEAD', of: 'object', query: /^x-amz-/i, action: 's3:GetObject', run: getObject },
  { method: 'PUT', of: 'object', query: /^(x-id|x-amz-.*)$/i, action: 's3:PutObject', run: putObject },
  { method: 'DELETE', of: 'object', query: /^(x-id|x-amz-.*)$/i, action: 's3:DeleteObject', run: deleteObject },
  {
    method: 'GET', of: 'bucket', query: /^(list-type|prefix|delimiter|max-keys|continuation-token|start-after|encoding-type|fetch-owner|x-id|x-amz-.*)$/i, action: 's3:ListBucket', run: listObjects,
  },
];

const SERVED = ['GetObject', 'HeadObject', 'PutObject', 'DeleteObject', 'ListObjectsV2'];

/** Amazon S3 with the buckets that the deployment declares, and those of its assets. Buckets are in the path of the URL. */
export function s3Service(around: Surroundings): Service {
  return {
    name: 's3',
    needs: (request) => {
      const { operation: { action, of }, bucketName, key } = readCall(request);
      const bucketArn = `arn:${around.scope.partition}:s3:::${bucketName}`;
      return [{ action, resource: of === 'object' ? `${bucketArn}/${key}` : bucketArn, values: keysOf(request, around.scope.accountId) }];
    },
    handle: (request) => {
      try {
        const { operation, bucketName, key } = readCall(request);
        return Promise.resolve(operation.run(findBucket(around, bucketName), key, request));
      } catch (error) {
        if (!(error instanceof ServiceError)) {
          throw error;
        }
        return Promise.resolve(xmlError(error));
      }
    },
  };
}

/** @throws ServiceError for an operation that is not served. */
function readCall({ method, path, query, headers }: ServiceRequest): { readonly operation: Operation; readonly bucketName: string; readonly key: string } {
  const [bucketName = '', ...rest] = path.slice(1).split('/').map(decode);
  const key = rest.join('/');
  if (bucketName === '') {
    throw unknownOperation('S3', 'ListBuckets', SERVED);
  }
  const operation = OPERATIONS.find((one) => one.method === method && (one.of === 'object') === (key !== '') && [...query.keys()].every((name) => one.query.test(name)));
  if (operation === undefined || headers['x-amz-copy-source'] !== undefined) {
    throw unknownOperation('S3', `${method} ${path}?${[...query.keys()].join('&')}`, SERVED);
  }
  return { operation, bucketName, key };
}

function existing(bucket: Bucket, key: string): ObjectInfo {
  const object = bucket.get(key);
  if (object === undefined) {
    throw new ServiceError('NoSuchKey', 'The specified key does not exist.', 404);
  }
  return object;
}

function getObject(bucket: Bucket, key: string, { method, headers }: ServiceRequest): ServiceResponse {
  const object = existing(bucket, key);
  const known = {
    etag: object.etag,
    'last-modified': new Date(object.lastModified).toUTCString(),
    'content-type': object.contentType,
    'accept-ranges': 'bytes',
    ...Object.fromEntries(Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  };
  if (headers['if-none-match'] === object.etag) {
    return { status: 304, headers: known };
  }
  if (method === 'HEAD') {
    return { status: 200, headers: { ...known, 'content-length': String(object.size) } };
  }
  const body = bucket.read(key);
  const range = rangeOf(headers.range, body.length);
  return range === undefined
    ? { status: 200, headers: known, body }
    : { status: 206, headers: { ...known, 'content-range': `bytes ${range.start}-${range.end}/${body.length}` }, body: body.subarray(range.start, range.end + 1) };
}

/** One range, with or without an end. */
function rangeOf(header: string | undefined, size: number): { readonly start: number; readonly end: number } | undefined {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined) {
    return undefined;
  }
  const start = Number(first);
  if (start >= size) {
    throw new ServiceError('InvalidRange', 'The requested range is not satisfiable', 416);
  }
  return { start, end: Math.min(last === '' ? size - 1 : Number(last), size - 1) };
}

function putObject(bucket: Bucket, key: string, { headers, body }: ServiceRequest): ServiceResponse {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new ServiceError('KeyTooLongError', 'Your key is too long');
  }
  if (headers['if-none-match'] === '*' && bucket.get(key) !== undefined) {
    throw new ServiceError('PreconditionFailed', 'the object exists already', 412);
  }
  const content = /aws-chunked/.test(headers['content-encoding'] ?? '') || /^STREAMING-/.test(String(headers['x-amz-content-sha256'])) ? fromChunks(body) : body;
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  const { etag } = bucket.put({
    key,
    contentType: headers['content-type'] ?? 'application/octet-stream',
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)])),
  }, content);
  return { status: 200, headers: { etag } };
}

/**
 * The bytes of a body that comes in signed chunks, each after a line with its size.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
function fromChunks(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const [, hex] = /^([0-9a-f]{1,8})(?:;|$)/i.exec(body.toString('latin1', at, Math.min(end, at + 200))) ?? [];
    const size = parseInt(hex ?? '', 16);
    if (end < 0 || Number.isNaN(size) || end + 2 + size > body.length) {
      throw new ServiceError('IncompleteBody', 'the chunks of the body are not written as S3 wants them');
    }
    if (size === 0) {
      return Buffer.concat(chunks);
    }
    chunks.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

function deleteObject(bucket: Bucket, key: string): ServiceResponse {
  bucket.remove(key);
  return { status: 204 };
}

function listObjects(bucket: Bucket, _: string, { query }: ServiceRequest): ServiceResponse {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const after = fromToken(query.get('continuation-token')) ?? query.get('start-after') ?? '';
  const most = Math.min(Number(query.get('max-keys') ?? MAX_KEYS) || 0, MAX_KEYS);
  const isEncoded = query.get('encoding-type') === 'url';
  const encode = isEncoded ? encodeURIComponent : String;
  const keys = bucket.list().filter(({ key }) => key.startsWith(prefix)).sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  /** Keys that have the delimiter after the prefix are shown as one. */
  const shown = new Map<string, ObjectInfo | undefined>();
  for (const object of keys) {
    const end = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
    shown.set(end < 0 ? object.key : object.key.slice(0, end + delimiter.length), end < 0 ? object : undefined);
  }
  const rest = [...shown].filter(([name]) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0);
  const page = rest.slice(0, most);
  const isTruncated = page.length < rest.length && page.length > 0;
  return xmlAnswer(200, ['ListBucketResult', [
    ['Prefix', encode(prefix)],
    ...isEncoded ? [['EncodingType', 'url'] as const] : [],
    ['KeyCount', page.length],
    ['MaxKeys', most],
    ['IsTruncated', isTruncated],
    ...isTruncated ? [['NextContinuationToken', Buffer.from(page.at(-1)![0]).toString('base64url')] as const] : [],
    ...page.map(([name, object]): Xml => (object === undefined ? ['CommonPrefixes', [['Prefix', encode(name)]]] : ['Contents', [
      ['Key', encode(name)],
      ['LastModified', new Date(object.lastModified).toISOString()],
      ['ETag', object.etag],
      ['Size', object.size],
      ['StorageClass', 'STANDARD'],
    ]])),
  ]], NAMESPACE);
}

function fromToken(token: string | null): string | undefined {
  return token === null ? undefined : Buffer.from(token, 'base64url').toString();
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new ServiceError('InvalidURI', "Couldn't parse the specified URI.");
  }
}

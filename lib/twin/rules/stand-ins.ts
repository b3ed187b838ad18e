import type { ServiceResponse } from '../aws';
import type { Payload } from './action-types';
import type { Fields } from './fields';

/** The services on this computer that stand in for those of AWS. */
export interface StandIns {
  /** Call one, for somebody whose permission has been asked. */
  call(service: 's3' | 'dynamodb' | 'secretsmanager', request: StandInRequest): Promise<ServiceResponse>;
}

export interface StandInRequest {
  readonly method: 'POST' | 'PUT';

  /** URL-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What puts a message into a stand-in, for the actions for which there is one; throws what the error action is told. */
export const PERFORMED: { readonly [action: string]: (standIns: StandIns, fields: Fields, payload: Payload) => Promise<void> } = {
  S3: async (standIns, fields, { bytes }) => {
    const [bucket, key] = [fields.text('BucketName') ?? '', fields.text('Key') ?? ''];
    const { status, body = '' } = await standIns.call('s3', { method: 'PUT', path: `/${[bucket, ...key.split('/')].map(encodeURIComponent).join('/')}`, headers: {}, body: bytes });
    if (status >= 400) {
      const [code, message] = ['Code', 'Message'].map((name) => new RegExp(`<${name}>([^<]*)`).exec(body.toString())?.[1] ?? '');
      throw new Error(`Failed to put S3 object. The error received was ${code === 'NoSuchBucket' ? 'The specified bucket does not exist' : message!} (Service: Amazon S3; Status Code: ${status}; Error Code: ${code!})`);
    }
  },
  DynamoDB: (standIns, fields, { bytes, value }) => putItem(standIns, fields.text('TableName'), {
    ...keyOf(fields, 'Hash'),
    ...keyOf(fields, 'Range'),
    [fields.text('PayloadField') ?? 'payload']: value === undefined ? { B: bytes.toString('base64') } : attribute(value),
  }),
  DynamoDBv2: (standIns, fields, { value }) => putItem(standIns, fields.text('PutItem', 'TableName'), attribute(value).M),
};

/**
 * Call an operation of a service that speaks JSON.
 *
 * @throws Error with what it answered
 */
export async function callJson(standIns: StandIns, service: 'dynamodb' | 'secretsmanager', target: string, input: object): Promise<Readonly<Record<string, unknown>>> {
  const { status, body = '{}' } = await standIns.call(service, { method: 'POST', path: '/', headers: { 'x-amz-target': target }, body: Buffer.from(JSON.stringify(input)) });
  const answer = JSON.parse(body.toString()) as { readonly __type?: string; readonly message?: string; readonly Message?: string };
  if (status >= 400) {
    throw new ServiceFailure(answer.__type?.split('#').at(-1) ?? '', answer.message ?? answer.Message ?? '', status);
  }
  return answer;
}

class ServiceFailure extends Error {
  constructor(public readonly code: string, message: string, public readonly status: number) {
    super(message);
  }
}

async function putItem(standIns: StandIns, TableName: string | undefined, Item: object | undefined): Promise<void> {
  try {
    await callJson(standIns, 'dynamodb', 'DynamoDB_20120810.PutItem', { TableName, Item });
  } catch (error) {
    throw error instanceof ServiceFailure
      ? new Error(`Failed to put DynamoDB item. The error received was ${error.message} (Service: AmazonDynamoDBv2; Status Code: ${error.status}; Error Code: ${error.code})`)
      : error;
  }
}

/** A key attribute, if the action has it. */
function keyOf(fields: Fields, which: 'Hash' | 'Range'): object {
  const name = fields.text(`${which}KeyField`);
  return name === undefined ? {} : { [name]: { [fields.text(`${which}KeyType`) === 'NUMBER' ? 'N' : 'S']: fields.text(`${which}KeyValue`) ?? '' } };
}

interface Attribute {
  readonly M?: Readonly<Record<string, Attribute>>;
}

/** JSON as Amazon DynamoDB writes it. */
export function attribute(value: unknown): Attribute {
  switch (typeof value) {
    case 'string': return { S: value } as Attribute;
    case 'number': return { N: String(value) } as Attribute;
    case 'boolean': return { BOOL: value } as Attribute;
    case 'object':
      return value === null ? { NULL: true } as Attribute
        : Array.isArray(value) ? { L: value.map(attribute) } as Attribute
          : { M: Object.fromEntries(Object.entries(value).map(([name, member]) => [name, attribute(member)])) };
    default: return { NULL: true } as Attribute;
  }
}

/** The other way round, without sets, which JSON does not have. */
export function plain(value: unknown): unknown {
  const [[type, content] = ['NULL', true]] = Object.entries(value as Readonly<Record<string, unknown>>);
  switch (type) {
    case 'N': return Number(content);
    case 'NULL': return null;
    case 'L': return (content as readonly unknown[]).map(plain);
    case 'M': return plainItem(content as object);
    case 'NS': return (content as readonly string[]).map(Number);
    default: return content;
  }
}

export function plainItem(item: object): object {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plain(value)]));
}

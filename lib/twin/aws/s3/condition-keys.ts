import type { KnownKeys } from '../../iam/need';
import type { ServiceRequest } from '../service';

/** Conditions on what a request says, by the query parameter or header that says it. */
const FROM_QUERY = ['prefix', 'delimiter', 'max-keys'] as const;
const FROM_HEADERS = [
  'x-amz-acl', 'x-amz-content-sha256', 'x-amz-grant-full-control', 'x-amz-grant-read', 'x-amz-grant-read-acp', 'x-amz-grant-write', 'x-amz-grant-write-acp', 'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id', 'x-amz-server-side-encryption-customer-algorithm', 'x-amz-storage-class', 'x-amz-website-redirect-location', 'if-match', 'if-none-match',
] as const;

/**
 * The condition keys of Amazon S3 that a request has.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export function keysOf({ query, headers }: ServiceRequest, accountId: string): KnownKeys {
  const isPresigned = query.has('X-Amz-Algorithm');
  return {
    's3:ResourceAccount': accountId,
    's3:authType': isPresigned ? 'REST-QUERY-STRING' : 'REST-HEADER',
    's3:signatureversion': 'AWS4-HMAC-SHA256',
    ...Object.fromEntries(FROM_QUERY.map((name) => [`s3:${name}`, query.get(name) ?? undefined])),
    ...Object.fromEntries(FROM_HEADERS.map((name) => [`s3:${name}`, headers[name] === undefined ? undefined : String(headers[name])])),
  };
}

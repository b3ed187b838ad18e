import type * as s3 from 'aws-cdk-lib/aws-s3';
import { NAMED_BY_MESSAGE, naming, type ActionDefinition } from './definition';
import { asPattern } from '../templates';

/** Who else may read an object, besides its owner. */
export enum S3CannedAcl {
  /** Nobody. */
  PRIVATE = 'private',
  /** Amazon EC2, to read machine images. */
  AWS_EXEC_READ = 'aws-exec-read',
  /** The owner of the bucket, who may not change it. */
  BUCKET_OWNER_READ = 'bucket-owner-read',
  /** The owner of the bucket. */
  BUCKET_OWNER_FULL_CONTROL = 'bucket-owner-full-control',
  /** The log delivery of Amazon S3. */
  LOG_DELIVERY_WRITE = 'log-delivery-write',
  /** Everybody with an AWS account. */
  AUTHENTICATED_READ = 'authenticated-read',
  /** Everybody. */
  PUBLIC_READ = 'public-read',
  /** Everybody, who may also overwrite it. */
  PUBLIC_READ_WRITE = 'public-read-write',
}

const OPEN = [S3CannedAcl.AUTHENTICATED_READ, S3CannedAcl.PUBLIC_READ, S3CannedAcl.PUBLIC_READ_WRITE];

/** Options for storing messages in a bucket. */
export interface S3ActionOptions {
  /**
   * The key of the object. Substitution templates are replaced; the role of the action may write what is left with `*` in
   * their place.
   *
   * A device chooses what its payload says. Begin with a fixed level, and name the device by `${topic(n)}` or
   * `${principal()}`.
   *
   * @default '${topic()}/${timestamp()}-${newuuid()}'
   */
  readonly key?: string;

  /**
   * Who else may read the object; for buckets that have access control lists.
   *
   * @default - what the bucket says
   */
  readonly cannedAcl?: S3CannedAcl;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/s3-rule-action.html */
export function s3Action(bucket: s3.IBucket, { key = '${topic()}/${timestamp()}-${newuuid()}', cannedAcl }: S3ActionOptions): ActionDefinition {
  return {
    kind: 'S3',
    env: bucket.env,
    crossesAccounts: true,
    fields: [naming('key', key, { pattern: /^[^*?]+$/, characters: 'characters other than * and ?', maxLength: 1024 })],
    warning: cannedAcl !== undefined && OPEN.includes(cannedAcl)
      ? { id: 'openObjects', text: `'cannedAcl' ${cannedAcl} lets others than the account read what devices send; leave it out` }
      : undefined,
    permissions: () => [{
      actions: ['s3:PutObject', ...cannedAcl === undefined ? [] : ['s3:PutObjectAcl']],
      resources: [bucket.arnForObjects(asPattern(key))],
    }],
    encryption: { keys: [bucket.encryptionKey], actions: ['kms:GenerateDataKey', 'kms:Decrypt'] },
    wildcards: NAMED_BY_MESSAGE,
    render: (roleArn) => ({ s3: { roleArn, bucketName: bucket.bucketName, key, cannedAcl } }),
  };
}

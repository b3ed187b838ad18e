import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeRoleWildcards } from '../private/acknowledge';
import { iotArn } from '../private/arns';
import { requireText, type TextRule } from '../private/text';

/** What of S3's safe characters means the same in a policy and in a URL. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const OBJECT_KEY: TextRule = { pattern: /^[\w!.'()/-]+$/, characters: "letters, digits and _!.'()/-", maxLength: 1024 };

/** Properties for a role with which AWS IoT reads objects. */
export interface IotReadRoleProps {
  /** The bucket. */
  readonly bucket: s3.IBucket;

  /** What the keys of the objects begin with, such as `firmware/`. */
  readonly keyPrefix: string;
}

/**
 * A role with which AWS IoT reads some objects of one bucket, for the account of the stack, as a stream needs it.
 *
 * Job templates with `PresignedUrls` make theirs by themselves.
 */
export class IotReadRole extends Construct {
  /** The role, to be passed to AWS IoT. */
  public readonly role: iam.IRole;

  constructor(scope: Construct, id: string, props: IotReadRoleProps) {
    super(scope, id);

    this.role = defineRole(this, 'Role', 'AWS IoT reads files for devices with this role', props, ['s3:GetObject', 's3:GetObjectVersion']);
  }
}

/** A role with which jobs presign URLs of objects, and with which nothing else can be done. */
export function presigningRole(scope: Construct, props: IotReadRoleProps): iam.Role {
  // As AWS's guide has it: https://docs.aws.amazon.com/iot/latest/developerguide/cross-service-confused-deputy-prevention.html
  const conditions = { ArnLike: { 'aws:SourceArn': iotArn(scope, 'job', '*') } };
  return defineRole(scope, 'PresignedUrlRole', 'AWS IoT presigns the URLs in the documents of jobs with this role', props, ['s3:GetObject'], conditions);
}

/** Without `s3:ListBucket`, one learns nothing of which other objects there are. */
function defineRole(
  scope: Construct, id: string, description: string, { bucket, keyPrefix }: IotReadRoleProps, actions: string[], conditions: iam.Conditions = {},
): iam.Role {
  requireText(scope, 'keyPrefix', keyPrefix, OBJECT_KEY);
  const role = new iam.Role(scope, id, {
    assumedBy: new iam.ServicePrincipal('iot.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account }, ...conditions } }),
    description,
  });
  role.addToPolicy(new iam.PolicyStatement({ actions, resources: [bucket.arnForObjects(`${keyPrefix}*`)] }));
  bucket.encryptionKey?.grantDecrypt(role);
  acknowledgeRoleWildcards(role, 'The keys of the objects begin alike, the rest is known later');
  return role;
}

/**
 * A sensor that puts files into a bucket: it exchanges its certificate for AWS credentials, and has no others.
 *
 * What to look at: the role is the same for all devices, and each reaches the objects under its own name only. The policy
 * of the device says which role alias it may use.
 */
import { type CfnResource, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { CredentialVariable, DeviceFleet, RoleAlias } from '../../lib';

export interface DeviceAwsCredentialsStackProps extends StackProps {
  /** The certificate signing request of sensor-1, which keeps its private key, as PEM text. */
  readonly csr: string;
}

export class DeviceAwsCredentialsStack extends Stack {
  constructor(scope: Construct, id: string, props: DeviceAwsCredentialsStackProps) {
    super(scope, id, props);

    const bucket = new s3.Bucket(this, 'Uploads', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
    });
    acknowledge(bucket, 'AwsSolutions-S1', 'An example needs no log of who reads its bucket');

    // The devices know the alias by this name.
    const alias = new RoleAlias(this, 'UploadsAlias', { roleAliasName: 'sensor-uploads' });
    const uploads = new iam.Policy(this, 'MayUpload', {
      statements: [new iam.PolicyStatement({ actions: ['s3:PutObject'], resources: [bucket.arnForObjects(`${CredentialVariable.THING_NAME}/*`)] })],
    });
    uploads.attachToRole(alias.role);
    acknowledge(uploads, 'AwsSolutions-IAM5', 'A device names the objects under its own prefix as it likes');

    const fleet = new DeviceFleet(this, 'Sensors');
    fleet.addRoleAlias('MayGetCredentials', alias);
    fleet.addCertificate('Sensor1', {
      thing: fleet.addThing('sensor-1'),
      csr: props.csr,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new CfnOutput(this, 'Bucket', { value: bucket.bucketName });
  }
}

/** Says to cdk-nag why one of its rules does not apply. */
function acknowledge(construct: Construct, id: string, reason: string): void {
  (construct.node.defaultChild as CfnResource).addMetadata('cdk_nag', { rules_to_suppress: [{ id, reason }] });
}

import { Resource } from 'aws-cdk-lib';
import type * as iot from 'aws-cdk-lib/aws-iot';

/** A registered CA with the id `abc`. */
export class Authority extends Resource implements iot.ICACertificateRef {
  public readonly caCertificateRef = { caCertificateId: 'abc', caCertificateArn: 'arn:aws:iot:eu-west-1:111122223333:cacert/abc' };
}

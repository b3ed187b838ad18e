import { RemovalPolicy } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { CertificateStatus, type CommonDeviceCertificateProps, type CommonIssuedCertificateProps } from './device-certificate-props';
import { IssuedCertificates, type IssuedCertificateItem } from './issued-certificates';
import { Retirement } from './retirement';
import { iotArn } from '../private/arns';
import { invalid } from '../private/errors';

/** How a certificate comes to be, and what is known of it. */
export interface Origin {
  readonly certificateId: string;
  readonly certificateArn: string;
  /** The certificate itself, where the app knows it. */
  readonly certificatePem?: string;
  /** The secret that its private key is delivered to. */
  readonly keySecret?: secretsmanager.ISecret;
}

/** CloudFormation makes it. */
export class FormationOrigin implements Origin {
  public readonly certificatePem?: string;
  private readonly resource: iot.CfnCertificate;

  constructor(certificate: Construct, common: CommonDeviceCertificateProps, props: Omit<iot.CfnCertificateProps, 'status'>) {
    this.resource = new iot.CfnCertificate(certificate, 'Resource', { status: common.status ?? CertificateStatus.ACTIVE, ...props });
    const removalPolicy = removalPolicyOf(common);
    this.resource.applyRemovalPolicy(removalPolicy);
    if (removalPolicy === RemovalPolicy.DESTROY) {
      Retirement.of(certificate).add(this.resource);
    }
    if (props.certificatePem !== undefined) {
      this.certificatePem = props.certificatePem;
    }
  }

  public get certificateId(): string {
    return this.resource.ref;
  }

  public get certificateArn(): string {
    return this.resource.attrArn;
  }
}

/** The handler of the stack makes it. */
export class IssuedOrigin implements Origin {
  public readonly certificateId: string;

  constructor(
    private readonly certificate: Construct,
    common: CommonIssuedCertificateProps,
    properties: IssuedCertificateItem['properties'],
    item: Omit<IssuedCertificateItem, 'properties'>,
    public readonly keySecret?: secretsmanager.ISecret,
  ) {
    const removalPolicy = removalPolicyOf(common);
    if (removalPolicy === RemovalPolicy.SNAPSHOT) {
      throw invalid(certificate, "'removalPolicy' must be one that destroys or retains, got snapshot");
    }
    this.certificateId = IssuedCertificates.of(certificate).add(certificate, {
      ...item,
      properties: {
        path: certificate.node.path,
        status: common.status ?? CertificateStatus.ACTIVE,
        onRemoval: removalPolicy === RemovalPolicy.DESTROY ? 'destroy' : 'retain',
        generation: common.generation ?? '',
        ...properties,
      },
    });
  }

  public get certificateArn(): string {
    return iotArn(this.certificate, 'cert', this.certificateId);
  }
}

export function removalPolicyOf({ removalPolicy }: CommonDeviceCertificateProps): RemovalPolicy {
  return removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
}

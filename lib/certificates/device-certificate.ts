import { RemovalPolicy, Resource, Token, type IResource } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { Attachments } from './attachments';
import { requireCertificate, requireCsr, requireIssued } from './checks';
import { iotArn, nameFromArn } from '../private/arns';
import { invalid, quote } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_DescribeCertificate.html */
const CERTIFICATE_ID: TextRule = { pattern: /^[a-f0-9]{64}$/i, characters: '64 hexadecimal digits', maxLength: 64 };

/** Represents a device certificate, owned by this app or not. */
export interface IDeviceCertificate extends IResource, iot.ICertificateRef {
  /**
   * The id of this certificate: 64 hexadecimal digits.
   *
   * @attribute
   */
  readonly certificateId: string;

  /**
   * The ARN of this certificate, which is what policies and things are attached to.
   *
   * @attribute
   */
  readonly certificateArn: string;

  /**
   * Gives the holder of this certificate the permissions of a policy.
   *
   * A certificate has at most 10 policies. Attaching a policy again changes nothing. A device that is connected gets
   * the new permissions within minutes, not at once.
   */
  attachPolicy(policy: iot.IPolicyRef): void;

  /**
   * Says which thing this certificate identifies, which policies read as `${iot:Connection.Thing.ThingName}`.
   *
   * Attaching a thing again changes nothing.
   */
  attachThing(thing: iot.IThingRef, options?: AttachThingOptions): void;
}

/** How a thing is attached to a certificate. */
export interface AttachThingOptions {
  /**
   * Whether the certificate belongs to this thing and to no other.
   *
   * With `true`, AWS IoT knows the thing of a connection by the certificate alone, and a second thing is refused.
   * With `false`, several things can share the certificate, so that each of their devices can pass for the others; the
   * thing of a connection is known only if the client id is its name.
   *
   * @default true
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/exclusive-thing.html
   */
  readonly exclusive?: boolean;
}

/** Whether a certificate can be used to connect. */
export enum CertificateStatus {
  /** Devices can connect with it. */
  ACTIVE = 'ACTIVE',
  /** Devices cannot connect with it until it is active again; AWS IoT closes open connections within a few minutes. */
  INACTIVE = 'INACTIVE',
  /** Devices can never connect with it again: AWS IoT does not take a revocation back. */
  REVOKED = 'REVOKED',
}

/** What all device certificates have in common. */
export interface CommonDeviceCertificateProps {
  /**
   * Whether the certificate can be used to connect.
   *
   * @default CertificateStatus.ACTIVE
   */
  readonly status?: CertificateStatus;

  /**
   * What becomes of the certificate when it leaves the stack or is replaced.
   *
   * By default it is kept, as a device in the field may have no other; without its policies it permits nothing. A
   * certificate that was kept cannot be registered a second time: import it instead. With `DESTROY` it is deactivated
   * and deleted, which fails while something outside the stack is attached to it.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Properties for a certificate that AWS IoT issues. */
export interface DeviceCertificateFromCsrProps extends CommonDeviceCertificateProps {
  /**
   * The certificate signing request, as PEM text of at most 4096 characters.
   *
   * Its key must be RSA of at least 2048 bits or EC on P-256, P-384 or P-521. The private key stays on the device.
   *
   * Another request replaces the certificate, and the device is locked out until it has the new one. To rotate, declare
   * a second certificate beside the first.
   */
  readonly csr: string;
}

/** Properties for a certificate that another certificate authority issued. */
export interface DeviceCertificateFromPemProps extends CommonDeviceCertificateProps {
  /**
   * The certificate of the device alone, without its chain, as PEM text of at most 65536 characters.
   *
   * Its key must be RSA of at least 2048 bits or EC on P-256, P-384 or P-521. The private key stays on the device.
   *
   * Another certificate replaces the first, which loses its policies. To rotate, declare a second one beside it.
   */
  readonly certificatePem: string;

  /**
   * The certificate of the CA that issued it, as PEM text of at most 65536 characters.
   *
   * The CA must be registered with AWS IoT in this account and region.
   *
   * @default - the certificate is registered without a CA, and the device must send the server name (SNI) when it connects
   */
  readonly caCertificatePem?: string;
}

abstract class DeviceCertificateBase extends Resource implements IDeviceCertificate {
  public abstract readonly certificateId: string;
  public abstract readonly certificateArn: string;
  private readonly attachments = new Attachments(this);

  public get certificateRef(): iot.CertificateReference {
    return { certificateId: this.certificateId, certificateArn: this.certificateArn };
  }

  public attachPolicy(policy: iot.IPolicyRef): void {
    this.attachments.addPolicy(policy);
  }

  public attachThing(thing: iot.IThingRef, options: AttachThingOptions = {}): void {
    this.attachments.addThing(thing, options.exclusive ?? true);
  }
}

/**
 * Defines the X.509 certificate that a device proves its identity with.
 *
 * There is no way to let AWS create the private key: it would end up in the state of the stack. A certificate permits
 * nothing until a policy is attached to it.
 *
 * Certificates have no tags. AWS IoT deletes one only after everything has been detached, and detaching takes a moment
 * to be noticed, so that deleting a stack can fail once and succeed when repeated.
 *
 * @resource AWS::IoT::Certificate
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html
 */
export class DeviceCertificate extends DeviceCertificateBase {
  /**
   * Defines a certificate that AWS IoT issues for a signing request.
   *
   * The certificate itself is no output of CloudFormation: read it with `aws iot describe-certificate`.
   */
  public static fromCsr(scope: Construct, id: string, props: DeviceCertificateFromCsrProps): DeviceCertificate {
    return new DeviceCertificate(scope, id, props, (certificate) => {
      requireCsr(certificate, 'csr', props.csr);
      return { certificateMode: 'DEFAULT', certificateSigningRequest: props.csr };
    });
  }

  /**
   * Registers a certificate that another certificate authority issued.
   *
   * Synthesis reports an error when it has expired, and a warning in the last 30 days before.
   */
  public static fromPem(scope: Construct, id: string, props: DeviceCertificateFromPemProps): DeviceCertificate {
    return new DeviceCertificate(scope, id, props, (certificate) => {
      const { certificatePem, caCertificatePem } = props;
      const now = new Date();
      const device = requireCertificate(certificate, 'certificatePem', certificatePem, now);
      if (caCertificatePem === undefined) {
        return { certificateMode: 'SNI_ONLY', certificatePem };
      }
      const ca = requireCertificate(certificate, 'caCertificatePem', caCertificatePem, now);
      if (device && ca) {
        requireIssued(certificate, device, ca);
      }
      return { certificateMode: 'DEFAULT', certificatePem, caCertificatePem };
    });
  }

  /**
   * Refers to a certificate that exists outside this app, in the account and region of the stack.
   */
  public static fromCertificateId(scope: Construct, id: string, certificateId: string): IDeviceCertificate {
    requireText(scope, 'certificateId', certificateId, CERTIFICATE_ID);
    class Import extends DeviceCertificateBase {
      public readonly certificateId = certificateId;
      public readonly certificateArn = iotArn(this, 'cert', certificateId);
    }
    return new Import(scope, id);
  }

  /**
   * Refers to a certificate that exists outside this app, in the account and region that the ARN names.
   */
  public static fromCertificateArn(scope: Construct, id: string, certificateArn: string): IDeviceCertificate {
    const certificateId = nameFromArn(scope, 'certificateArn', certificateArn, 'cert');
    class Import extends DeviceCertificateBase {
      public readonly certificateId = certificateId;
      public readonly certificateArn = certificateArn;
    }
    return new Import(scope, id, { environmentFromArn: certificateArn });
  }

  private readonly resource: iot.CfnCertificate;
  private idToken?: string;
  private arnToken?: string;

  private constructor(
    scope: Construct,
    id: string,
    props: CommonDeviceCertificateProps,
    source: (certificate: DeviceCertificate) => Omit<iot.CfnCertificateProps, 'status'>,
  ) {
    super(scope, id);

    const status = props.status ?? CertificateStatus.ACTIVE;
    if (!Token.isUnresolved(status) && !Object.values(CertificateStatus).includes(status)) {
      throw invalid(this, `'status' must be ACTIVE, INACTIVE or REVOKED, got ${quote(status)}`);
    }

    this.resource = new iot.CfnCertificate(this, 'Resource', { status, ...source(this) });
    this.resource.applyRemovalPolicy(props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  }

  public get certificateId(): string {
    return this.idToken ??= this.getResourceNameAttribute(this.resource.ref);
  }

  public get certificateArn(): string {
    return this.arnToken ??= this.getResourceArnAttribute(this.resource.attrArn, {
      service: 'iot',
      resource: 'cert',
      resourceName: this.physicalName,
    });
  }
}

import { Duration, Resource, Token, type IResource } from 'aws-cdk-lib';
import type * as iot from 'aws-cdk-lib/aws-iot';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { Attachments } from './attachments';
import type { CertificateAuthority } from './certificate-authority';
import { lookUpText } from './certificate-text';
import { requireCertificate, requireCsr, requireIssued } from './checks';
import { DeviceKeyType } from './key-type';
import { issuedOrigin } from './issued-origin';
import { FormationOrigin, IssuedOrigin, removalPolicyOf, type Origin } from './origin';
import {
  CertificateStatus,
  type CommonDeviceCertificateProps,
  type DeviceCertificateFromCsrProps,
  type DeviceCertificateFromPemProps,
  type DeviceCertificateIssuedByProps,
  type DeviceCertificateWithDeliveredKeyProps,
} from './device-certificate-props';
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
   * This certificate itself, as PEM text.
   *
   * Where the app does not know it, it is looked up when the stack is deployed. That takes a custom resource for each
   * certificate whose text is read, of which a stack can have 20.
   *
   * @attribute
   */
  readonly certificatePem: string;

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

abstract class DeviceCertificateBase extends Resource implements IDeviceCertificate {
  public abstract readonly certificateId: string;
  public abstract readonly certificateArn: string;
  private readonly attachments = new Attachments(this);
  private text?: string;

  public get certificatePem(): string {
    return this.text ??= lookUpText(this);
  }

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
 * Where its private key is kept is the choice between `fromCsr`, with which the key never leaves the device,
 * `withDeliveredKey`, with which AWS makes the key and delivers it to where the device or its maker fetches it, `issuedBy`,
 * which is the first of them with a CA of your own, and `fromPem` for certificates that exist. A private key is never part of
 * a template, of the state of a stack, or of a log. A certificate permits nothing until a policy is attached to it.
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
   */
  public static fromCsr(scope: Construct, id: string, props: DeviceCertificateFromCsrProps): DeviceCertificate {
    return new DeviceCertificate(scope, id, props, (certificate) => {
      requireCsr(certificate, 'csr', props.csr);
      return new FormationOrigin(certificate, props, { certificateMode: 'DEFAULT', certificateSigningRequest: props.csr });
    });
  }

  /**
   * Defines a certificate that AWS IoT issues for a private key that AWS makes, and delivers the key. For devices that
   * cannot make their own; prefer `fromCsr`.
   *
   * A Lambda function makes the key pair and lets AWS IoT sign a request for it. AWS IoT could make the key as well, but
   * then a certificate whose answer was lost would stay for ever, active for a key that nobody has: this one is found by
   * its key. The key is at its destination before there is a certificate, which is activated when both are there.
   *
   * What a deployment makes is removed again when it is rolled back, except when the first deployment of a stack is: then it
   * follows `removalPolicy`, as CloudFormation does not tell that from the end of the stack. A stack has at most 40
   * certificates of this kind and from `issuedBy` together, all made by one function.
   */
  public static withDeliveredKey(scope: Construct, id: string, props: DeviceCertificateWithDeliveredKeyProps): DeviceCertificate {
    return new DeviceCertificate(scope, id, props, (certificate) => {
      const { destination, permissions, secret } = props.delivery._bind(certificate, removalPolicyOf(props));
      const keyType = props.keyType ?? DeviceKeyType.EC_P256;
      return new IssuedOrigin(certificate, props, { kind: 'delivered', keyType, destination }, { permissions }, secret);
    });
  }

  /**
   * Defines a certificate that a CA of this app issues for a signing request, and registers it under the CA.
   *
   * The CA must have its private key in AWS KMS. A Lambda function lets AWS KMS sign the certificate. What applies to
   * deployments that are rolled back and to the number of certificates in a stack is said at `withDeliveredKey`.
   */
  public static issuedBy(scope: Construct, id: string, certificateAuthority: CertificateAuthority, props: DeviceCertificateIssuedByProps): DeviceCertificate {
    return new DeviceCertificate(scope, id, props, (certificate) => {
      requireCsr(certificate, 'csr', props.csr);
      return issuedOrigin(certificate, certificateAuthority, props.csr, props.validity ?? Duration.days(365), props);
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
        return new FormationOrigin(certificate, props, { certificateMode: 'SNI_ONLY', certificatePem });
      }
      const ca = requireCertificate(certificate, 'caCertificatePem', caCertificatePem, now);
      if (device && ca) {
        requireIssued(certificate, device, ca);
      }
      return new FormationOrigin(certificate, props, { certificateMode: 'DEFAULT', certificatePem, caCertificatePem });
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

  /** The secret that the private key is delivered to, where it is one. */
  public readonly keySecret?: secretsmanager.ISecret;

  private readonly origin: Origin;
  private idToken?: string;
  private arnToken?: string;

  private constructor(scope: Construct, id: string, props: CommonDeviceCertificateProps, origin: (certificate: DeviceCertificate) => Origin) {
    super(scope, id);

    const { status } = props;
    if (status !== undefined && !Token.isUnresolved(status) && !Object.values(CertificateStatus).includes(status)) {
      throw invalid(this, `'status' must be ACTIVE, INACTIVE or REVOKED, got ${quote(status)}`);
    }

    this.origin = origin(this);
    if (this.origin.keySecret) {
      this.keySecret = this.origin.keySecret;
    }
  }

  public get certificateId(): string {
    return this.idToken ??= this.getResourceNameAttribute(this.origin.certificateId);
  }

  public get certificateArn(): string {
    return this.arnToken ??= this.getResourceArnAttribute(this.origin.certificateArn, {
      service: 'iot',
      resource: 'cert',
      resourceName: this.physicalName,
    });
  }

  public override get certificatePem(): string {
    return this.origin.certificatePem ?? super.certificatePem;
  }
}

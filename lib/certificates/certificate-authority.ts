import { RemovalPolicy, Resource, Token, type Duration, type IResource } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { AutoRegistration } from './auto-registration';
import { requireCaCertificate, requireRegistrable, requireVerification, type Registration } from './ca-checks';
import { createKmsRoot, type CertificateAuthoritySubject } from './kms-root';
import type { SigningKey } from './signing-key';
import { iotArn, nameFromArn } from '../private/arns';
import { HandlerFunction, HandlerResource, NO_RESOURCE } from '../private/custom-resource';
import { invalid, quote } from '../private/errors';
import { HandlerMemory, REMEMBERS } from '../private/handler-memory';
import { requireText, type TextRule } from '../private/text';

const VERIFY = { name: 'verify-ca-certificate', description: 'Proves to AWS IoT that the account has the private key of a CA' };

/** https://docs.aws.amazon.com/iot/latest/apireference/API_DescribeCACertificate.html */
const CA_ID: TextRule = { pattern: /^[a-f0-9]{64}$/i, characters: '64 hexadecimal digits', maxLength: 64 };

/** Represents a CA that is registered with AWS IoT, by this app or not. */
export interface ICertificateAuthority extends IResource, iot.ICACertificateRef {
  /**
   * The id of this CA: 64 hexadecimal digits.
   *
   * @attribute
   */
  readonly certificateAuthorityId: string;

  /**
   * The ARN of this CA.
   *
   * @attribute
   */
  readonly certificateAuthorityArn: string;
}

/** How AWS IoT tells whose CA it is. */
export enum CertificateMode {
  /** By the server name (SNI) that devices send, so that several accounts of a Region can have the same CA. */
  SNI_ONLY = 'SNI_ONLY',
  /** By the CA alone: one account of a Region has it, and must prove that it has the private key. */
  DEFAULT = 'DEFAULT',
}

/** Whether certificates of a CA can be registered. */
export enum CertificateAuthorityStatus {
  /** They can. */
  ACTIVE = 'ACTIVE',
  /** They cannot. Those that are registered go on to work, each until it is deactivated or revoked itself. */
  INACTIVE = 'INACTIVE',
}

/** What all registrations of a CA have in common. */
export interface CommonCertificateAuthorityProps {
  /**
   * How AWS IoT tells whose CA it is. The certificates of devices follow it. Another mode cannot be had later: it takes
   * another CA.
   *
   * With `SNI_ONLY`, devices must send the server name when they connect. They cannot use the FIPS endpoints then.
   *
   * @default CertificateMode.SNI_ONLY
   */
  readonly mode?: CertificateMode;

  /**
   * Whether certificates of the CA can be registered.
   *
   * @default CertificateAuthorityStatus.ACTIVE
   */
  readonly status?: CertificateAuthorityStatus;

  /**
   * What becomes of a device that connects for the first time with a certificate of the CA.
   *
   * @default AutoRegistration.none()
   */
  readonly autoRegistration?: AutoRegistration;

  /**
   * What becomes of the registration when it leaves the stack or is replaced.
   *
   * By default it ends, so that nobody goes on to register devices with a CA that no stack knows of. Certificates that
   * are registered go on to work, each until it is deactivated or revoked itself.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Properties for registering a CA that exists. */
export interface CertificateAuthorityFromPemProps extends CommonCertificateAuthorityProps {
  /**
   * The certificate of the CA that signs the certificates of devices, without its chain, as PEM text.
   *
   * Another certificate replaces the registration. To rotate, declare a second CA beside the first.
   */
  readonly certificatePem: string;

  /**
   * The private key of the CA. In DEFAULT mode it signs the proof that the account has it; a `CertificateProvider` signs
   * the certificates of devices with it.
   *
   * @default - none; whoever has it issues certificates elsewhere
   */
  readonly signingKey?: SigningKey;

  /**
   * A verification certificate, for DEFAULT mode with a private key that is nowhere in AWS: its common name is the
   * account's registration code (`aws iot get-registration-code`), and the CA has signed it. Keep it as it is: another
   * one replaces the registration, which fails.
   *
   * @default - in DEFAULT mode, one that `signingKey` signs
   */
  readonly verificationCertificatePem?: string;
}

/** Properties for creating a CA whose private key is in AWS KMS. */
export interface CertificateAuthorityInKmsProps extends CommonCertificateAuthorityProps {
  /** The subject of the CA. Another one makes another certificate, which replaces the registration. */
  readonly subject: CertificateAuthoritySubject;

  /**
   * The kind and size of the key: RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384 or ECC_NIST_P521. Another
   * one makes another key, and another CA.
   *
   * @default kms.KeySpec.ECC_NIST_P256
   */
  readonly keySpec?: kms.KeySpec;

  /**
   * How long the certificate of the CA is valid. Devices outlive it by nothing: it ends what it has signed. Another
   * validity makes another certificate, which replaces the registration.
   *
   * @default Duration.days(3650)
   */
  readonly validity?: Duration;

  /**
   * What becomes of the key when it leaves the stack or is replaced. AWS KMS deletes a key for good, and nobody has a
   * copy.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly keyRemovalPolicy?: RemovalPolicy;
}

abstract class CertificateAuthorityBase extends Resource implements ICertificateAuthority {
  public abstract readonly certificateAuthorityId: string;
  public abstract readonly certificateAuthorityArn: string;

  public get caCertificateRef(): iot.CACertificateReference {
    return { caCertificateId: this.certificateAuthorityId, caCertificateArn: this.certificateAuthorityArn };
  }
}

/** The CA to be registered, as one of the static methods has it. */
interface Source {
  readonly certificatePem: string;
  readonly signingKey?: SigningKey;
  readonly verificationCertificatePem?: string;
}

/**
 * Registers a CA with AWS IoT, so that certificates which it has signed can be registered.
 *
 * Register the CA that signs the certificates of devices itself, not the ones above it.
 *
 * @resource AWS::IoT::CACertificate
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/manage-your-CA-certs.html
 */
export class CertificateAuthority extends CertificateAuthorityBase {
  /**
   * Registers a CA that exists.
   *
   * Synthesis reports an error when its certificate has expired, and a warning in the last 30 days before.
   */
  public static fromPem(scope: Construct, id: string, props: CertificateAuthorityFromPemProps): CertificateAuthority {
    return new CertificateAuthority(scope, id, props, (authority) => {
      const { certificatePem, signingKey, verificationCertificatePem } = props;
      const certificate = requireCaCertificate(authority, 'certificatePem', certificatePem, new Date());
      const isExclusive = props.mode === CertificateMode.DEFAULT;
      if (!isExclusive && verificationCertificatePem !== undefined) {
        throw invalid(authority, "'verificationCertificatePem' must not be set in SNI_ONLY mode, which AWS IoT would refuse; remove it, or set 'mode' to DEFAULT");
      }
      if (isExclusive && verificationCertificatePem === undefined && signingKey === undefined) {
        throw invalid(authority, "'mode' DEFAULT needs a proof that the account has the private key; set 'signingKey', or 'verificationCertificatePem'");
      }
      if (verificationCertificatePem !== undefined) {
        requireVerification(authority, 'verificationCertificatePem', verificationCertificatePem, certificate);
      }
      if (certificate) {
        authority.registration = { certificate, isExclusive };
        requireRegistrable(authority, authority.registration, (other) => (other instanceof CertificateAuthority ? other.registration : undefined));
      }
      return { certificatePem, signingKey, verificationCertificatePem };
    });
  }

  /**
   * Creates a CA whose private key is made in AWS KMS and never leaves it, and registers that.
   *
   * The CA signs certificates of devices and no other CA. Only the functions of this library may sign with the key; its
   * policy gives administrators of the account everything else.
   */
  public static createInKms(scope: Construct, id: string, props: CertificateAuthorityInKmsProps): CertificateAuthority {
    return new CertificateAuthority(scope, id, props, (authority) => createKmsRoot(authority, props));
  }

  /**
   * Refers to a CA that is registered outside this app, in the account and Region of the stack.
   */
  public static fromCertificateAuthorityId(scope: Construct, id: string, certificateAuthorityId: string): ICertificateAuthority {
    requireText(scope, 'certificateAuthorityId', certificateAuthorityId, CA_ID);
    class Import extends CertificateAuthorityBase {
      public readonly certificateAuthorityId = certificateAuthorityId;
      public readonly certificateAuthorityArn = iotArn(this, 'cacert', certificateAuthorityId);
    }
    return new Import(scope, id);
  }

  /**
   * Refers to a CA that is registered outside this app, in the account and Region that the ARN names.
   */
  public static fromCertificateAuthorityArn(scope: Construct, id: string, certificateAuthorityArn: string): ICertificateAuthority {
    const certificateAuthorityId = nameFromArn(scope, 'certificateAuthorityArn', certificateAuthorityArn, 'cacert');
    class Import extends CertificateAuthorityBase {
      public readonly certificateAuthorityId = certificateAuthorityId;
      public readonly certificateAuthorityArn = certificateAuthorityArn;
    }
    return new Import(scope, id, { environmentFromArn: certificateAuthorityArn });
  }

  public readonly certificateAuthorityId: string;
  public readonly certificateAuthorityArn: string;

  /** The certificate of the CA, as PEM text. */
  public readonly certificatePem: string;

  /** The private key of the CA, where it is known. */
  public readonly signingKey?: SigningKey;

  private registration?: Registration;

  private constructor(
    scope: Construct,
    id: string,
    props: CommonCertificateAuthorityProps,
    source: (authority: CertificateAuthority) => Source,
  ) {
    super(scope, id);

    const { mode = CertificateMode.SNI_ONLY, status = CertificateAuthorityStatus.ACTIVE } = props;
    this.requireOneOf('mode', mode, Object.values(CertificateMode));
    this.requireOneOf('status', status, Object.values(CertificateAuthorityStatus));

    const { certificatePem, signingKey, verificationCertificatePem } = source(this);
    this.certificatePem = certificatePem;
    this.signingKey = signingKey;
    const resource = new iot.CfnCACertificate(this, 'Resource', {
      caCertificatePem: certificatePem,
      certificateMode: mode,
      ...mode === CertificateMode.DEFAULT && { verificationCertificatePem: verificationCertificatePem ?? this.verify(certificatePem, signingKey!) },
      status,
      ...(props.autoRegistration ?? AutoRegistration.none())._render(),
    });
    resource.applyRemovalPolicy(props.removalPolicy ?? RemovalPolicy.DESTROY);
    this.certificateAuthorityId = this.getResourceNameAttribute(resource.ref);
    this.certificateAuthorityArn = this.getResourceArnAttribute(resource.attrArn, { service: 'iot', resource: 'cacert', resourceName: this.physicalName });
  }

  /** A verification certificate, made when the CA is deployed for the first time, and the same from then on. */
  private verify(certificatePem: string, signingKey: SigningKey): string {
    signingKey._permit(HandlerFunction.of(this, VERIFY).role, { readsPublicKey: true });
    const memory = new HandlerMemory(this, 'Verification');
    const verification = new HandlerResource(this, 'Verification', {
      kind: VERIFY,
      resourceType: 'IotCaVerification',
      properties: {
        CaCertificatePem: certificatePem,
        SigningKeyKind: signingKey._kind,
        SigningKeyId: signingKey._id,
        ...signingKey._field !== undefined && { SigningKeyField: signingKey._field },
        Memory: memory.path,
      },
      permissions: () => [
        new iam.PolicyStatement({ actions: ['iot:GetRegistrationCode'], resources: [NO_RESOURCE] }),
        ...signingKey._statements({ readsPublicKey: true }),
        ...memory.statements(),
      ],
      wildcards: `AWS IoT defines no resource for the registration code. ${REMEMBERS}`,
    });
    return verification.attribute('VerificationCertificatePem');
  }

  private requireOneOf(prop: string, value: string, values: readonly string[]): void {
    if (!Token.isUnresolved(value) && !values.includes(value)) {
      throw invalid(this, `'${prop}' must be ${values.join(' or ')}, got ${quote(value)}`);
    }
  }
}

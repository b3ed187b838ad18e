import type { RemovalPolicy } from 'aws-cdk-lib';

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
   * certificate that was kept cannot be registered a second time: import it instead. With `DESTROY` it is deactivated,
   * detached from all things and policies, also from those that the stack does not know, and deleted.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** What certificates have in common that CloudFormation cannot make. */
export interface CommonIssuedCertificateProps extends CommonDeviceCertificateProps {
  /**
   * Any text. Another one makes another certificate: the one before stays valid until the deployment has succeeded, and is
   * then removed as `removalPolicy` says.
   *
   * The id of the certificate changes with it, and policies and things are attached to the new one.
   *
   * @default - the certificate stays the same
   */
  readonly generation?: string;
}

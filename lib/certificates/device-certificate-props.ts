import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { KeyDelivery } from './key-delivery';
import type { DeviceKeyType } from './key-type';

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

/** Properties for a certificate with a private key that AWS makes and delivers. */
export interface DeviceCertificateWithDeliveredKeyProps extends CommonIssuedCertificateProps {
  /** Where the private key goes. Another place makes another key and certificate. */
  readonly delivery: KeyDelivery;

  /**
   * The kind of the key. Another kind makes another key and certificate.
   *
   * @default DeviceKeyType.EC_P256
   */
  readonly keyType?: DeviceKeyType;
}

/** Properties for a certificate that a CA of this app issues. */
export interface DeviceCertificateIssuedByProps extends CommonIssuedCertificateProps {
  /**
   * The certificate signing request, as PEM text of at most 4096 characters. The certificate has its subject and its key.
   *
   * The key must be RSA of at least 2048 bits or EC on P-256, P-384 or P-521. The private key stays on the device.
   *
   * Another request makes another certificate, and the device is locked out until it has the new one. To rotate, declare
   * a second certificate beside the first.
   */
  readonly csr: string;

  /**
   * How long the certificate is valid: at least a day, and not longer than its CA. Another validity makes another
   * certificate, as another `generation` does.
   *
   * @default Duration.days(365)
   */
  readonly validity?: Duration;
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

import type * as iot from 'aws-cdk-lib/aws-iot';
import type { FleetDeletion } from './fleet-guard';
import type { CertificateAuthority, CommonDeviceCertificateProps, KeyDelivery } from '../certificates';
import type { IThing } from '../registry';
import type { TopicSpaceProps } from '../topics';

/** Properties for defining a fleet. */
export interface DeviceFleetProps extends TopicSpaceProps {
  /**
   * Names of things to define, for devices that have no attributes. Others can be added with `addThing`.
   *
   * @default - no things
   */
  readonly things?: string[];

  /**
   * Whether a session may outlive its connection, so that AWS IoT keeps messages for a device that is away.
   *
   * With `false`, a device that asks for a persistent session cannot connect.
   *
   * @default - true if the devices subscribe to something
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-persistent-sessions
   */
  readonly persistentSessions?: boolean;

  /**
   * What the names of things begin with that provisioning makes: some of a-z, A-Z, 0-9, `:`, `_` and `-`.
   *
   * It keeps provisioning away from the things of others.
   *
   * @default - the id of the fleet and `-`
   */
  readonly thingNamePrefix?: string;

  /**
   * The thing type of the devices.
   *
   * @default - no thing type
   */
  readonly thingType?: iot.IThingTypeRef;

  /**
   * The static thing groups that the devices are in.
   *
   * @default - no thing groups
   */
  readonly thingGroups?: iot.IThingGroupRef[];

  /**
   * What happens when the fleet leaves the stack while it has devices that provisioning has made.
   *
   * @default FleetDeletion.FAIL_IF_DEVICES_REMAIN
   */
  readonly onDeletion?: FleetDeletion;
}

/** Options for a thing of a fleet. */
export interface FleetThingOptions {
  /**
   * The name of the thing, which is also the client id that its device must connect with.
   *
   * @default - the id
   */
  readonly thingName?: string;

  /**
   * Facts about the thing. Those that channels depend on must have a value without `/` and `#`.
   *
   * @default - no attributes
   */
  readonly attributes?: { [name: string]: string };
}

/**
 * Properties for a certificate of a device in a fleet, where its key is: on the device (`csr`), made in AWS (`delivery`), or
 * with a certificate that exists (`certificatePem`).
 */
export interface FleetCertificateProps extends CommonDeviceCertificateProps {
  /** The thing that the certificate identifies, and no other. */
  readonly thing: IThing;

  /**
   * A certificate signing request as PEM text. The private key stays on the device.
   *
   * @default - the certificate is given by `delivery` or `certificatePem`
   */
  readonly csr?: string;

  /**
   * The CA of your own that issues the certificate for `csr`.
   *
   * @default - AWS IoT issues it
   */
  readonly issuer?: CertificateAuthority;

  /**
   * Where a private key that AWS makes is delivered to, for a device that cannot make its own.
   *
   * @default - the certificate is given by `csr` or `certificatePem`
   */
  readonly delivery?: KeyDelivery;

  /**
   * A certificate that another certificate authority issued, as PEM text.
   *
   * @default - the certificate is given by `csr` or `delivery`
   */
  readonly certificatePem?: string;

  /**
   * The certificate of the registered CA that issued `certificatePem`, as PEM text.
   *
   * @default - the certificate is registered without a CA, and the device must send the server name (SNI)
   */
  readonly caCertificatePem?: string;
}

import type {
  BulkRegistrationOptions,
  ClaimProvisioningOptions,
  FleetProvisioningOptions,
  JustInTimeProvisioningOptions,
  JustInTimeRegistrationOptions,
} from '../provisioning';

/** Options for provisioning devices of a fleet by claim. */
export interface FleetClaimProvisioningOptions extends ClaimProvisioningOptions {
  /**
   * The name of a device's thing, in which `{NAME}` stands for a parameter.
   *
   * @default - the fleet's prefix and `{SerialNumber}`
   */
  readonly thingName?: string;
}

/** Options for provisioning devices of a fleet by trusted users. */
export interface FleetTrustedUserProvisioningOptions extends FleetProvisioningOptions {
  /**
   * The name of a device's thing, in which `{NAME}` stands for a parameter.
   *
   * @default - the fleet's prefix and `{SerialNumber}`
   */
  readonly thingName?: string;

  /**
   * Whether trusted users may install any device, under a name of their choice. It takes the place of `hook`.
   *
   * @default false
   */
  readonly acceptAnyDevice?: boolean;
}

/** Options for provisioning devices of a fleet just in time. */
export interface FleetJustInTimeProvisioningOptions extends JustInTimeProvisioningOptions {
  /**
   * The name of a device's thing, in which `{NAME}` stands for a parameter.
   *
   * @default - the fleet's prefix and `{AWS::IoT::Certificate::CommonName}`
   */
  readonly thingName?: string;
}

/** Options for registering devices of a fleet just in time. */
export interface FleetJustInTimeRegistrationOptions extends JustInTimeRegistrationOptions {
  /**
   * The name of a device's thing, in which `{NAME}` stands for a subject field.
   *
   * @default - the fleet's prefix and the field that the allow list is looked up with, by default the common name
   */
  readonly thingName?: string;
}

/** Options for registering many devices of a fleet. */
export interface FleetBulkRegistrationOptions extends BulkRegistrationOptions {
  /**
   * The name of a device's thing, in which `{NAME}` stands for a parameter.
   *
   * @default - the fleet's prefix and `{ThingName}`
   */
  readonly thingName?: string;
}

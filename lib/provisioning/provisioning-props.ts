import type * as iot from 'aws-cdk-lib/aws-iot';
import type { ThingOverrideSettings } from './override-setting';

/** What a device becomes besides a thing with a name. */
export interface RegistrationOptions {
  /**
   * Facts about the thing; values may contain parameters. At most 3, or 50 with a thing type.
   *
   * Devices choose their parameters: an attribute that a policy depends on is as trustworthy as what checks them.
   *
   * @default - no attributes
   */
  readonly attributes?: { [name: string]: string };

  /**
   * The billing group that the things are put into.
   *
   * @default - no billing group
   */
  readonly billingGroup?: iot.IBillingGroupRef;
}

/** What a device becomes besides a thing with a name, and what happens to a thing that exists. */
export interface ProvisioningOptions extends RegistrationOptions {
  /**
   * What happens when a device is provisioned as a thing that exists already.
   *
   * @default - the device is refused, so that no device can take the place of another; with `AllowListHook`, which sees to
   * that, what a try before has left out is added
   */
  readonly overrideSettings?: ThingOverrideSettings;
}

/** What a device becomes. */
export interface RegisteredDeviceProps extends RegistrationOptions {
  /**
   * The name of a device's thing, in which `{NAME}` stands for a parameter, for example `sensor-{SerialNumber}`.
   *
   * At least one parameter must differ between devices. The rest of the name is what keeps the template away from other
   * things: its role may touch things of that pattern only. A name has at most 128 of the characters a-z, A-Z, 0-9, `:`,
   * `_` and `-`; a device whose parameters make another one is refused.
   */
  readonly thingName: string;

  /**
   * The thing type of the things.
   *
   * @default - no thing type
   */
  readonly thingType?: iot.IThingTypeRef;

  /**
   * The static thing groups that the things are put into, at most 10.
   *
   * @default - no thing groups
   */
  readonly thingGroups?: iot.IThingGroupRef[];

  /**
   * The AWS IoT policies that the certificates get, at most 10, for example those of a fleet: `fleet.policies`.
   *
   * They are named in the template, and there is no way to write policy documents into it: the role would need to create
   * policies, and with such a role whoever may edit the template gives a device any permission. There must be at least
   * one, unless thing groups bring policies along.
   *
   * AWS IoT does not delete a policy while certificates have it: keep those of the template with
   * `RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE`, and do not rename them.
   */
  readonly policies: iot.IPolicyRef[];
}

/** What a device becomes, and what happens to a thing that exists. */
export interface ProvisionedDeviceProps extends RegisteredDeviceProps, ProvisioningOptions {}

/** What a provisioning template is besides its content. */
export interface ProvisioningTemplateOptions {
  /**
   * The name of the template: 1 to 36 of the characters 0-9, A-Z, a-z, `_` and `-`.
   *
   * Devices have it in their firmware, so that another name, which replaces the template, locks new devices out.
   *
   * @default - a name made of the construct's path, the same in each deployment
   */
  readonly templateName?: string;

  /**
   * What the template is for: one line of at most 500 characters.
   *
   * @default - no description
   */
  readonly description?: string;

  /**
   * Whether devices can be provisioned at present; `false` stops it until it is `true` again.
   *
   * @default true
   */
  readonly enabled?: boolean;
}

/** What all ways to provision devices with a template have in common. */
export interface CommonProvisioningTemplateProps extends ProvisionedDeviceProps, ProvisioningTemplateOptions {}

/** A value that a device sends, or a hook adds, when the device is provisioned. */
export interface ProvisioningParameter {
  /**
   * The value where there is no other.
   *
   * @default - a device that sends no value is to be refused by the hook: AWS IoT may provision it nevertheless
   */
  readonly defaultValue?: string;
}

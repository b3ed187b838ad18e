/** What AWS IoT does about a part of a thing that exists already when a device is provisioned as it. */
export enum OverrideSetting {
  /** Refuse the device. */
  FAIL = 'FAIL',
  /** Leave the part as it is. */
  DO_NOTHING = 'DO_NOTHING',
  /** Write the part of the template in its place. */
  REPLACE = 'REPLACE',
  /** Add what the template has to it. */
  MERGE = 'MERGE',
}

/**
 * What happens when a device is provisioned as a thing that exists already.
 *
 * As long as one of them is `FAIL`, such a device is refused. With all three at something else, whoever is allowed to
 * provision under the name of a thing gets a certificate of that thing, beside the one it has. AWS documents `FAIL` for
 * the parts that the template has; a hook that refuses the names of things in use covers the rest.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/provision-template.html#thing-resources
 */
export interface ThingOverrideSettings {
  /**
   * What happens to the attributes.
   *
   * @default OverrideSetting.FAIL
   */
  readonly attributePayload?: OverrideSetting;

  /**
   * What happens to the thing type. It cannot be merged.
   *
   * @default OverrideSetting.FAIL
   */
  readonly thingTypeName?: OverrideSetting;

  /**
   * What happens to the membership in thing groups.
   *
   * @default OverrideSetting.FAIL
   */
  readonly thingGroups?: OverrideSetting;
}

import { Annotations, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';
import type { TopicSpace } from '../topics';

export type Attributes = { readonly [name: string]: string };

/** The attributes of devices, as far as the channels of their fleet depend on them. */
export class FleetAttributes {
  constructor(private readonly fleet: IConstruct, private readonly topicSpace: TopicSpace, private readonly hasThingType: boolean) {}

  /** With `/` or `#` in an attribute, a topic would reach into those of others; policies refuse it, too late to notice. */
  public require(attributes: Attributes): void {
    if (Token.isUnresolved(attributes)) {
      return;
    }
    for (const name of this.topicSpace.attributes) {
      const value = attributes[name];
      if (value !== undefined && !Token.isUnresolved(value) && /[/#]/.test(value)) {
        throw invalid(this.fleet, `attribute '${name}' must have no '/' or '#', as channels depend on it, got "${value}"`);
      }
    }
  }

  /** Warn of channels that a device without some attribute, or without a thing type, cannot use. */
  public warnOfClosedChannels(device: IConstruct, attributes: Attributes): void {
    const missing = Token.isUnresolved(attributes) ? [] : this.topicSpace.attributes.filter((name) => attributes[name] === undefined);
    if (missing.length > 0) {
      Annotations.of(device).addWarningV2(
        'cdk-iot-warden:DeviceFleet.missingAttribute',
        `the device cannot use channels that depend on ${missing.map((name) => `'${name}'`).join(' and ')}; set 'attributes'`,
      );
    }
    if (this.topicSpace.usesThingType && !this.hasThingType) {
      Annotations.of(device).addWarningV2(
        'cdk-iot-warden:DeviceFleet.missingThingType',
        "the device cannot use channels that depend on {type} until its thing has a type; set 'thingType' of the fleet",
      );
    }
  }
}

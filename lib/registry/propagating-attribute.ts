import type * as iot from 'aws-cdk-lib/aws-iot';
import type { IConstruct } from 'constructs';
import { ATTRIBUTE_NAME } from './limits';
import { requireText, type TextRule } from '../private/text';

const USER_PROPERTY_KEY: TextRule = {
  pattern: /^[a-zA-Z0-9:$.]+$/,
  characters: 'one or more of a-z, A-Z, 0-9, ":", "$" and "."',
  maxLength: 128,
};

/** A fact about the connection that a message came in on. */
export enum ConnectionAttribute {
  /** The MQTT client id, which the device chooses within what its policy allows. */
  CLIENT_ID = 'iot:ClientId',
  /** The name of the thing that the connection is associated with. */
  THING_NAME = 'iot:Thing.ThingName',
}

/**
 * A value that AWS IoT adds, as an MQTT 5 user property, to every message that a thing publishes.
 *
 * Receivers can rely on it: the message broker writes it, not the device.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html
 */
export class PropagatingAttribute {
  /**
   * Adds the value of an attribute of the publishing thing.
   *
   * @param userPropertyKey 1 to 128 of the characters a-z, A-Z, 0-9, `:`, `$` and `.`
   * @param attribute the name of the thing attribute
   */
  public static thingAttribute(userPropertyKey: string, attribute: string): PropagatingAttribute {
    return new PropagatingAttribute({ userPropertyKey, thingAttribute: attribute });
  }

  /**
   * Adds a fact about the connection of the publishing thing.
   *
   * @param userPropertyKey 1 to 128 of the characters a-z, A-Z, 0-9, `:`, `$` and `.`
   * @param attribute the fact to add
   */
  public static connectionAttribute(userPropertyKey: string, attribute: ConnectionAttribute): PropagatingAttribute {
    return new PropagatingAttribute({ userPropertyKey, connectionAttribute: attribute });
  }

  private constructor(private readonly property: iot.CfnThingType.PropagatingAttributeProperty) {}

  /** @internal */
  public _render(scope: IConstruct): iot.CfnThingType.PropagatingAttributeProperty {
    requireText(scope, 'userPropertyKey', this.property.userPropertyKey, USER_PROPERTY_KEY);
    requireText(scope, 'attribute', this.property.thingAttribute, ATTRIBUTE_NAME);
    return this.property;
  }
}

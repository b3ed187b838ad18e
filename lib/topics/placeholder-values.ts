/** What a thing is known by. */
export interface ThingPlaceholders {
  /**
   * The name of its thing type; `{type}` stands for it.
   *
   * @default - topics with `{type}` are left out
   */
  readonly thingType?: string;

  /**
   * Its attributes; `{attribute:NAME}` stands for the value of NAME.
   *
   * @default - topics with `{attribute:NAME}` are left out
   */
  readonly attributes?: { [name: string]: string };
}

/**
 * What the placeholders of a channel stand for: policy variables, one known thing, or any thing.
 */
export class PlaceholderValues {
  /**
   * The variables of an AWS IoT policy, which AWS IoT fills in for each connection.
   *
   * They have no value unless the certificate is attached to the thing, so that a policy written with them grants
   * nothing to a certificate without one.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html
   */
  public static policyVariables(): PlaceholderValues {
    return new PlaceholderValues(
      '${iot:Connection.Thing.ThingName}',
      '${iot:Connection.Thing.ThingTypeName}',
      (name) => `\${iot:Connection.Thing.Attributes[${name}]}`,
    );
  }

  /** The name, type and attributes of one thing. */
  public static ofThing(thingName: string, placeholders: ThingPlaceholders = {}): PlaceholderValues {
    return new PlaceholderValues(thingName, placeholders.thingType, (name) => placeholders.attributes?.[name]);
  }

  /** Any thing: `+` in topic filters, `*` in the topics of a policy. */
  public static anyThing(): PlaceholderValues {
    return new PlaceholderValues('+', '+', () => '+');
  }

  private constructor(
    /** @internal */ public readonly _thing: string,
    /** @internal */ public readonly _type: string | undefined,
    /** @internal */ public readonly _attribute: (name: string) => string | undefined,
  ) {}
}

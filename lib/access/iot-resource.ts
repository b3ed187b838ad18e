import type * as iot from 'aws-cdk-lib/aws-iot';

/**
 * A resource of an AWS IoT policy statement, in the account and Region of the policy.
 *
 * Names may contain policy variables such as `${iot:Connection.Thing.ThingName}` and the wildcards of the policy
 * language: `*` for any characters, slashes included, and `?` for one. `+` and `#` are plain characters in it.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-resources.html
 */
export class IotResource {
  /** Every resource. */
  public static any(): IotResource {
    return new IotResource(undefined, '*');
  }

  /** A client id, for `iot:Connect`. */
  public static client(clientId: string): IotResource {
    return new IotResource('client', clientId);
  }

  /** A topic, for `iot:Publish`, `iot:RetainPublish` and `iot:Receive`. */
  public static topic(topic: string): IotResource {
    return new IotResource('topic', topic);
  }

  /** A topic filter, for `iot:Subscribe`. */
  public static topicFilter(topicFilter: string): IotResource {
    return new IotResource('topicfilter', topicFilter);
  }

  /** A thing with its classic shadow and jobs, for requests over HTTPS. */
  public static thing(thingName: string): IotResource {
    return new IotResource('thing', thingName);
  }

  /** A named shadow of a thing, for requests over HTTPS. */
  public static namedShadow(thingName: string, shadowName: string): IotResource {
    return new IotResource('thing', `${thingName}/${shadowName}`);
  }

  /** A role alias, for `iot:AssumeRoleWithCertificate`. */
  public static roleAlias(roleAlias: iot.IRoleAliasRef): IotResource {
    return new IotResource('rolealias', roleAlias.roleAliasRef.roleAlias);
  }

  private constructor(
    /**
     * The type of an ARN's last segment; none for every resource.
     *
     * @internal
     */
    public readonly _type: string | undefined,
    /** @internal */
    public readonly _name: string,
  ) {}

  /**
   * The resource of the same type with another name.
   *
   * @internal
   */
  public _map(change: (name: string) => string): IotResource {
    return new IotResource(this._type, change(this._name));
  }
}

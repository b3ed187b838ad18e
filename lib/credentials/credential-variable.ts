/**
 * Facts about the calling device, for the IAM policies of the role behind a role alias.
 *
 * Put one into a resource, and each device reaches what is its own: `bucket.grantPut(alias.role,
 * CredentialVariable.THING_NAME + '/*')`, or a fleet's grants with `{ thing: CredentialVariable.THING_NAME }`. A device that a
 * variable has no value for reaches nothing, because a statement with it never matches. They mean nothing in AWS IoT policies,
 * and `${iot:…}` means nothing here.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
 */
export class CredentialVariable {
  /**
   * The name of the device's thing.
   *
   * It has a value only if the device sends the header `x-amzn-iot-thingname`. AWS IoT refuses the name of a thing that
   * the certificate is not attached to; with a certificate of several things, the device chooses one of them.
   */
  public static readonly THING_NAME = '${credentials-iot:ThingName}';

  /** The thing type of the device's thing, if it has one and the device sends the header `x-amzn-iot-thingname`. */
  public static readonly THING_TYPE_NAME = '${credentials-iot:ThingTypeName}';

  /** The id of the certificate that the device called with; it always has a value, and changes with each rotation. */
  public static readonly CERTIFICATE_ID = '${credentials-iot:AwsCertificateId}';

  private constructor() {}
}

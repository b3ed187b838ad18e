/**
 * What stands for the user of an app in the scopes of grants to a `CognitoAccess`; every user has another value.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export class UserVariable {
  /**
   * The id of the user's identity in the identity pool, `REGION:UUID`.
   *
   * A user who signs in with another provider, or is created again, has another one.
   */
  public static identityId(): string {
    return '${cognito-identity.amazonaws.com:sub}';
  }

  /**
   * The value of a principal tag, which the identity pool takes from a claim of the user's token.
   *
   * Only role policies know it: in the IoT policies of identities it is `*`, and the role is the narrow side. A user
   * without the claim reaches nothing by it, and neither does one whose value is more than one level of a topic.
   *
   * @param name The name of the tag, as in `principalTags` of the login provider.
   */
  public static principalTag(name: string): string {
    return `\${aws:PrincipalTag/${name}}`;
  }

  private constructor() {}
}

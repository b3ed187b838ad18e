import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { IotPolicyStatement } from '../iot-policy-statement';

/**
 * A grantee whom IAM alone does not let in: AWS IoT asks the policy of its role and an AWS IoT policy, and both must
 * allow, as for authenticated identities of Amazon Cognito.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/cog-iot-policies.html
 */
export interface TwoLayerGrantable extends iam.IGrantable {
  /** Fails for what they must not have, such as what reaches the devices of others, or is not of the account and Region around `scope`. */
  _checkStatements(statements: readonly IotPolicyStatement[], scope: IConstruct): void;

  /** Adds what the AWS IoT policies must say, once it is checked; the role is granted the same. */
  _addIotStatements(statements: readonly IotPolicyStatement[], scope: IConstruct): void;
}

export function isTwoLayerGrantable(grantee: iam.IGrantable): grantee is TwoLayerGrantable {
  return typeof (grantee as Partial<TwoLayerGrantable>)._addIotStatements === 'function';
}

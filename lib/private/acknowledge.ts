import type { CfnResource } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';

/**
 * Says in the template why a policy has a wildcard, where cdk-nag looks for it (`AwsSolutions-IAM5`): AWS knows no
 * resource for some actions, and some names only exist later. cdk-nag itself is not needed for that.
 */
export function acknowledgeWildcards(policy: CfnResource, reason: string): void {
  acknowledge(policy, 'AwsSolutions-IAM5', reason);
}

/** The same of what a role was given here. An app with `iam.Role.customizeRoles` has its policies elsewhere, and none in the template. */
export function acknowledgeRoleWildcards(role: iam.IRole, reason: string): void {
  const policy = role.node.tryFindChild('DefaultPolicy')?.node.defaultChild;
  if (policy) {
    acknowledgeWildcards(policy as iam.CfnPolicy, reason);
  }
}

/**
 * Says in the template why a rule of cdk-nag does not apply.
 *
 * @see https://github.com/cdklabs/cdk-nag#suppressing-a-rule
 */
export function acknowledge(resource: CfnResource, id: string, reason: string): void {
  resource.addMetadata('cdk_nag', { rules_to_suppress: [{ id, reason }] });
}

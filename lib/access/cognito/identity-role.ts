import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** Whom a role is for. */
export interface IdentityRoleProps {
  readonly identityPoolId: string;

  /** Whether they have signed in, as an identity pool writes it. */
  readonly state: 'authenticated' | 'unauthenticated';

  /** Whether the identity pool hands over principal tags. */
  readonly hasPrincipalTags?: boolean;
}

/**
 * A role for identities of one pool.
 *
 * The trust has no condition on where a request comes from: in the enhanced flow, it is Amazon Cognito that asks.
 *
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
 */
export function identityRole(scope: Construct, id: string, { identityPoolId, state, hasPrincipalTags = false }: IdentityRoleProps): iam.Role {
  const identities = new iam.WebIdentityPrincipal('cognito-identity.amazonaws.com', {
    'StringEquals': { 'cognito-identity.amazonaws.com:aud': identityPoolId },
    'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': state },
  });
  return new iam.Role(scope, id, { assumedBy: hasPrincipalTags ? new iam.SessionTagsPrincipal(identities) : identities });
}

import { createAuthorizer } from '../../lib/policy';
import type { AuthorizationRequest, Authorizer, Decision, GroupPolicies, Principal, RequestDetails } from '../../lib/policy';

/** One case of `test/fixtures/vectors.json`; its `schema` says what the fields mean. */
export interface Vector {
  readonly id: string;
  readonly rule: string;

  /** The section of the specification that has the rule. */
  readonly section?: string;
  readonly source: string;
  readonly level: 'action' | 'operation';
  readonly policies: readonly unknown[];
  readonly iamPolicies?: readonly unknown[];
  readonly principal: Principal & { readonly thingGroups?: readonly GroupPolicies<unknown>[] };
  readonly request?: RequestDetails;
  readonly action: string;
  readonly resource: string;
  readonly expect: 'allow' | 'deny' | 'unknown';
  readonly why: string;
}

export const ACCOUNT = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' };
export const ARN = 'arn:aws:iot:us-east-1:123456789012:';

export function authorizerOf({ policies, iamPolicies, principal }: Pick<Vector, 'policies' | 'iamPolicies' | 'principal'>): Authorizer {
  return createAuthorizer({ account: ACCOUNT, principal, policies, iamPolicies, thingGroups: principal.thingGroups });
}

export function requestOf({ request, action, resource }: Pick<Vector, 'request' | 'action' | 'resource'>): AuthorizationRequest {
  return { ...request, action, resource };
}

export function decideVector(vector: Vector): Decision {
  const authorizer = authorizerOf(vector);
  return vector.level === 'operation' ? authorizer.decideOperation(requestOf(vector)) : authorizer.decide(requestOf(vector));
}

import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { createAuthorizer, type Authorizer, type Principal, type RequestDetails } from '../../../lib/policy';
import { ACCOUNT, deployed, policyDocuments } from '../device';

/** The documents of a role whose id begins so, as they would be deployed. */
function rolePolicies(stack: Stack, role: string): unknown[] {
  return Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(role))
    .map(([, { Properties: properties }]) => deployed((properties as { PolicyDocument: unknown }).PolicyDocument));
}

/** Who holds an identity of the pool. */
export interface AppUserProps {
  readonly identityId: string;
  readonly clientId?: string;
  readonly tags?: Principal['principalTags'];
  /** Whether the user has called the attach service. */
  readonly isAttached?: boolean;
  readonly isGuest?: boolean;
}

/** A connection of a user of an app, and what the policies of a stack let it do. */
export class AppUser {
  public readonly clientId: string;
  private readonly authorizer: Authorizer;

  constructor(stack: Stack, { identityId, clientId, tags = {}, isAttached = true, isGuest = false }: AppUserProps) {
    this.clientId = clientId ?? identityId;
    this.authorizer = createAuthorizer({
      account: ACCOUNT,
      principal: { kind: isGuest ? 'cognito-unauth' : 'cognito-auth', clientId: this.clientId, cognitoIdentityId: identityId, principalTags: tags },
      policies: isAttached && !isGuest ? policyDocuments(stack) : [],
      iamPolicies: rolePolicies(stack, isGuest ? 'AccessGuestsRole' : 'AccessAuthenticatedRole'),
    });
  }

  public decide(action: string, resource: string, details: RequestDetails = {}): string {
    return this.authorizer.decideOperation({ action, resource, ...details }).decision;
  }

  public connect(details: RequestDetails = {}): string {
    return this.decide('iot:Connect', this.clientId, details);
  }

  /** The actions that are not refused. */
  public allowed(actions: readonly string[], resource: string): string[] {
    return actions.filter((action) => this.decide(action, resource) !== 'deny');
  }
}

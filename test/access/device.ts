import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { createAuthorizer } from '../../lib/policy';
import type { AccountScope, Authorizer, Principal, RequestDetails } from '../../lib/policy';

export const ACCOUNT = { partition: 'aws', region: 'eu-west-1', accountId: '111122223333' };

/** A connection of a device with a certificate, and what the given policies let it do. */
export class Device {
  private readonly authorizer: Authorizer;

  constructor(policies: readonly unknown[], principal: Partial<Principal> & { thingName: string }) {
    this.authorizer = createAuthorizer({
      account: ACCOUNT,
      principal: { kind: 'certificate', clientId: principal.thingName, attached: true, thingPrincipalType: 'EXCLUSIVE_THING', ...principal },
      policies,
    });
  }

  /** `allow`, `deny` or `unknown`, everything that the operation needs included. */
  public decide(action: string, resource: string, details: RequestDetails = {}): string {
    return this.authorizer.decideOperation({ action, resource, ...details }).decision;
  }

  public allowed(actions: readonly string[], resource: string): string[] {
    return actions.filter((action) => this.decide(action, resource) !== 'deny');
  }
}

/** The policy documents of a stack, as they would be deployed to `ACCOUNT`. */
export function policyDocuments(stack: Stack): unknown[] {
  return Object.values(Template.fromStack(stack).findResources('AWS::IoT::Policy'))
    .map((resource) => deployed((resource.Properties as { PolicyDocument: unknown }).PolicyDocument));
}

/** A caller with the IAM policies of a stack alone, as they would be deployed to an account. */
export class Caller {
  private readonly authorizer: Authorizer;

  constructor(stack: Stack, { account = ACCOUNT, principalTags = {} }: { readonly account?: AccountScope } & Pick<Principal, 'principalTags'> = {}) {
    const iamPolicies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'))
      .map((resource) => deployed((resource.Properties as { PolicyDocument: unknown }).PolicyDocument, account));
    this.authorizer = createAuthorizer({ account, principal: { kind: 'iam', principalTags }, policies: [], iamPolicies });
  }

  public decide(action: string, resource: string): string {
    return this.authorizer.decide({ action, resource }).decision;
  }

  public allowed(actions: readonly string[], resource: string): string[] {
    return actions.filter((action) => this.decide(action, resource) !== 'deny');
  }
}

function deployed(value: unknown, account: AccountScope = ACCOUNT): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => deployed(item, account));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const { Ref: ref, 'Fn::Join': join, ...rest } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (join !== undefined) {
    return join[1].map((item) => deployed(item, account)).join(join[0]);
  }
  const pseudo: Record<string, string> = { 'AWS::Partition': account.partition, 'AWS::Region': account.region, 'AWS::AccountId': account.accountId };
  return ref === undefined ? Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, deployed(item, account)])) : pseudo[ref] ?? `ref-${ref}`;
}

import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

const PSEUDO_PARAMETERS: Record<string, string> = { 'AWS::Partition': 'aws', 'AWS::Region': 'eu-west-1', 'AWS::AccountId': '111122223333' };

/** A value of a template with references as text: `ref-Id` and `Id.Attribute`. */
export function deployed(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(deployed);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const { Ref: ref, 'Fn::Join': join, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]]; 'Fn::GetAtt'?: string[] };
  if (join !== undefined) {
    return join[1].map(deployed).join(join[0]);
  }
  if (attribute !== undefined) {
    return attribute.join('.');
  }
  return ref === undefined ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deployed(item)])) : PSEUDO_PARAMETERS[ref] ?? `ref-${ref}`;
}

/** The properties of the only resource of a type. */
export function properties(stack: Stack, type: string): Record<string, unknown> {
  const [resource] = Object.values(Template.fromStack(stack).findResources(type));
  return deployed(resource!.Properties) as Record<string, unknown>;
}

/** What AWS IoT reads of a provisioning template. */
export interface Body {
  readonly Parameters: Record<string, unknown>;
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Record<string, unknown>; readonly OverrideSettings?: Record<string, string> }>;
  readonly DeviceConfiguration?: Record<string, unknown>;
}

/** The body of the only provisioning template. */
export function body(stack: Stack): Body {
  return JSON.parse(properties(stack, 'AWS::IoT::ProvisioningTemplate').TemplateBody as string) as Body;
}

interface Statement {
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

/** The permissions of the only role, and whom it trusts. */
export function role(stack: Stack): { readonly trust: unknown; readonly policy: { readonly Statement: readonly Statement[] }; readonly resourcesOf: (action: string) => string[] } {
  const { AssumeRolePolicyDocument: trust, Policies: policies } = properties(stack, 'AWS::IAM::Role') as {
    AssumeRolePolicyDocument: unknown;
    Policies: readonly { PolicyDocument: { Statement: readonly Statement[] } }[];
  };
  const policy = policies[0]!.PolicyDocument;
  return {
    trust,
    policy,
    resourcesOf: (action) => policy.Statement.filter((statement) => [statement.Action].flat().includes(action)).flatMap((statement) => statement.Resource),
  };
}

/** All statements of the policies that are resources of their own. */
export function statements(stack: Stack): readonly Statement[] {
  return Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'))
    .flatMap(({ Properties: { PolicyDocument: document } }) => (deployed(document) as { Statement: Statement[] }).Statement);
}

/** Whether the statements allow an action on a resource; `*` is any characters in both. */
export function isAllowed(list: readonly Statement[], action: string, resource: string): boolean {
  const matches = (patterns: string | string[], value: string) => [patterns].flat().some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.?+^$[\]\\(){}|-]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(value);
  });
  return list.some(({ Action, Resource }) => matches(Action, action) && matches(Resource, resource));
}

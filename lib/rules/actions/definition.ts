import type { Environment, ResourceEnvironment, Stack } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IDependable } from 'constructs';
import type { TextRule } from '../../private/text';

/** A text of an action that a user writes. */
export interface Field {
  readonly name: string;
  readonly value: string | undefined;

  /** What AWS takes of a text without templates. */
  readonly rule?: TextRule;

  /** Whether AWS IoT replaces `${…}` in it. */
  readonly hasTemplates: boolean;

  /** Whether it names what is written, so that whoever chooses it can write in the place of others. */
  readonly isName?: boolean;
}

/** A field in which AWS IoT replaces `${…}`. */
export function templated(name: string, value: string | undefined, rule?: TextRule): Field {
  return { name, value, hasTemplates: true, ...rule && { rule } };
}

/** The same, and it names what is written. */
export function naming(name: string, value: string | undefined, rule?: TextRule): Field {
  return { ...templated(name, value, rule), isName: true };
}

/** A field that AWS IoT takes as it is. */
export function plain(name: string, value: string | undefined, rule?: TextRule): Field {
  return { name, value, hasTemplates: false, ...rule && { rule } };
}

/** What one action is made of: all that differs from the others is here. */
export interface ActionDefinition {
  /** Its name in CloudFormation, and the id of its construct. */
  readonly kind: string;
  readonly fields?: readonly Field[];

  /** What contradicts itself, if anything. */
  readonly problem?: () => string | undefined;

  /** What is allowed but risky, with an id that users acknowledge. */
  readonly warning?: { readonly id: string; readonly text: string } | undefined;

  /** Where what it acts on is. */
  readonly env?: ResourceEnvironment | Environment;

  /** Whether what it acts on may belong to another account, whose resource policy then allows it. */
  readonly crossesAccounts?: boolean;

  /** What its role may do; without, it has no role. */
  readonly permissions?: (stack: Stack) => iam.PolicyStatementProps[];

  /** The keys that encrypt what it acts on, and what AWS asks of who uses them. */
  readonly encryption?: { readonly keys: readonly (kms.IKey | undefined)[]; readonly actions: readonly string[] };

  /** Why the permissions have a wildcard. */
  readonly wildcards?: string;

  /** The function that it invokes. */
  readonly invokes?: lambda.IFunction;

  /** What must exist before the rule does. */
  readonly dependsOn?: readonly IDependable[];

  /** Whether it gathers several messages, which an error action must not. */
  readonly isBatch?: boolean;

  /** Whether it takes an array apart, which the statement must select. */
  readonly takesArray?: boolean | undefined;

  /** The topic that it publishes to. */
  readonly publishesTo?: string;

  readonly render: (roleArn: string, stack: Stack) => iot.CfnTopicRule.ActionProperty;
}

/** The wildcard of IAM in names that only the message tells. */
export const NAMED_BY_MESSAGE = 'A substitution template makes the name from the message';

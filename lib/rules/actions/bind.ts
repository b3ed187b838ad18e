import { Annotations, PhysicalName, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { ActionDefinition, Field } from './definition';
import { checkLoop } from './loops';
import { acknowledgeRoleWildcards } from '../../private/acknowledge';
import { invalid } from '../../private/errors';
import { requireText } from '../../private/text';
import type { Query } from '../../sql';
import { isChosenByPayload } from '../payload-names';
import { checkTemplate } from '../sql-check';
import { hasTemplate } from '../templates';

const SERVICE = 'iot.amazonaws.com';

/** What an action must know of its rule, before that exists. */
export interface RuleIdentity {
  readonly ruleArn: string;

  /** Its statement, where it is known. */
  readonly query: Query | undefined;
}

/** An action as its rule has it. */
export interface BoundAction {
  readonly rendered: iot.CfnTopicRule.ActionProperty;

  /** With which AWS IoT acts, where the action needs one. */
  readonly role: iam.IRole | undefined;
}

/**
 * Defines what an action needs below a scope of its own, and renders it.
 *
 * The rule must depend on the scope, and on what the action depends on: AWS IoT tries each role when the rule is created, and drops messages without a word
 * for a function that it may not invoke.
 */
export function bindAction(scope: Construct, action: ActionDefinition, rule: RuleIdentity): BoundAction {
  action.fields?.forEach((field) => checkField(scope, field, rule.query));
  const problem = action.problem?.();
  if (problem !== undefined) {
    throw invalid(scope, problem);
  }
  if (action.takesArray && makesObject(rule.query)) {
    throw invalid(scope, "'batch' must be left out where the statement makes an object of each message; for an array, select it with SELECT VALUE");
  }
  checkPlace(scope, action);
  checkLoop(scope, action.publishesTo, rule.query);
  if (action.warning) {
    Annotations.of(scope).addWarningV2(`cdk-iot-warden:RuleAction.${action.warning.id}`, action.warning.text);
  }
  if (action.invokes) {
    permitInvocation(scope, 'Permission', action.invokes, rule.ruleArn);
  }
  const role = action.permissions && defineRole(scope, action, action.permissions, rule);
  return { rendered: action.render(role?.roleArn ?? '', Stack.of(scope)), role };
}

/** Lets one rule invoke a function. Of another account, only the owner can do that. */
export function permitInvocation(scope: Construct, id: string, target: lambda.IFunction, ruleArn: string): void {
  if (differs(target.env.account, Stack.of(scope).account)) {
    Annotations.of(scope).addWarningV2(
      'cdk-iot-warden:RuleAction.foreignFunction',
      `the owner of ${target.functionArn} must let ${SERVICE} invoke it, with the ARN of the rule as SourceArn, or it never runs and nobody is told`,
    );
    return;
  }
  new lambda.CfnPermission(scope, id, {
    action: 'lambda:InvokeFunction',
    functionName: target.functionArn,
    principal: SERVICE,
    // Otherwise a rule of another account could run the function.
    sourceAccount: Stack.of(scope).account,
    sourceArn: ruleArn,
  });
}

/** A role for one action of one rule, and for nothing else. */
function defineRole(scope: Construct, action: ActionDefinition, permissions: NonNullable<ActionDefinition['permissions']>, rule: RuleIdentity): iam.Role {
  const stack = Stack.of(scope);
  const role = new iam.Role(scope, 'Role', {
    // For the policy of what belongs to another account.
    roleName: PhysicalName.GENERATE_IF_NEEDED,
    description: `AWS IoT runs the action ${action.kind} of a rule with this role`,
    assumedBy: new iam.ServicePrincipal(SERVICE, {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': rule.ruleArn },
      },
    }),
  });
  const statements = permissions(stack);
  statements.forEach((statement) => role.addToPrincipalPolicy(new iam.PolicyStatement(statement)));
  const { keys = [], actions = [] } = action.encryption ?? {};
  new Set(keys).forEach((key) => key?.grant(role, ...actions));
  if (action.wildcards !== undefined && statements.some(({ resources }) => resources?.some((resource) => resource.includes('*')))) {
    acknowledgeRoleWildcards(role, action.wildcards);
  }
  return role;
}

function checkField(scope: Construct, { name, value, rule, hasTemplates, isName }: Field, query: Query | undefined): void {
  if (value === undefined) {
    return;
  }
  const template = checkTemplate(scope, name, value, query);
  const varies = hasTemplate(value);
  if (varies && !hasTemplates) {
    throw invalid(scope, `'${name}' must be the same for all messages, AWS IoT replaces no \${…} in it`);
  }
  if (!varies && rule) {
    requireText(scope, name, value, rule);
  }
  if (isName && template && isChosenByPayload(template, query)) {
    Annotations.of(scope).addWarningV2(
      'cdk-iot-warden:RuleAction.namedByPayload',
      `'${name}' is what a device says in its payload, so that it can take the place of another; begin with who it is, such as \${topic(3)}`,
    );
  }
}

/** Whether the result is an object for sure: it is that with a name in it. */
function makesObject(query: Query | undefined): boolean {
  return query !== undefined && !query.select.isValue && query.select.items.some((item) => item !== '*');
}

function differs(a: string | undefined, b: string): boolean {
  return a !== undefined && Token.compareStrings(a, b) === TokenComparison.DIFFERENT;
}

/** Rules reach nothing in another Region, and in another account only what has a policy of its own. */
function checkPlace(scope: Construct, { kind, env, crossesAccounts }: ActionDefinition): void {
  const stack = Stack.of(scope);
  if (differs(env?.region, stack.region)) {
    throw invalid(scope, `the action ${kind} must be in the Region of the rule, ${stack.region}, got ${env!.region}; move the rule or what it acts on`);
  }
  if (!crossesAccounts && differs(env?.account, stack.account)) {
    throw invalid(scope, `the action ${kind} must be in the account of the rule, ${stack.account}, got ${env!.account}; of other accounts a rule reaches functions, queues, topics and buckets alone`);
  }
}

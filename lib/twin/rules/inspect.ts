import type { Deployment } from '../../deployment';
import type { AccountScope } from '../../policy';
import type { RolePermissions } from '../iam';
import { actionType } from './action-types';
import { DeclaredTargets } from './declared-targets';
import { objectToTrust } from './permissions';
import type { RunnableAction, RunnableRule } from './read-rules';

/** What is seen before any message comes: a role that AWS IoT cannot assume, and what goes out of the assembly; a line each. */
export function inspectRules(rules: readonly RunnableRule[], scope: AccountScope, deployment: Deployment, roles: RolePermissions): readonly string[] {
  const targets = new DeclaredTargets(deployment);
  return rules.flatMap((rule) => (
    [...rule.actions, ...rule.errorAction === undefined ? [] : [rule.errorAction]]
      .flatMap((action) => [untrusting(rule, action, scope, roles), elsewhere(action, scope, targets)])
      .flatMap((problem) => (problem === undefined ? [] : `rule ${rule.name}: its action ${problem}`))
  ));
}

/** AWS IoT tries each role when a rule is created, and creates none otherwise. */
function untrusting({ name }: RunnableRule, { kind, roleArn }: RunnableAction, scope: AccountScope, roles: RolePermissions): string | undefined {
  const objection = objectToTrust(roles, roleArn, name, scope);
  return objection === undefined ? undefined : `${kind} fails, and AWS would not create the rule: ${objection}`;
}

function elsewhere({ kind, declared }: RunnableAction, scope: AccountScope, targets: DeclaredTargets): string | undefined {
  const target = actionType(kind)?.target?.(declared, scope);
  return target?.id === undefined || target.id.includes('${') || targets.find(target) !== undefined ? undefined
    : `${kind} goes to '${target.id}', which is not in this assembly: what it would get is shown`;
}

import type { AccountScope } from '../../policy';
import type { Need, RolePermissions } from '../iam';

/** What AWS IoT calls the session of a role that it runs an action with. */
const SESSION = 'iot';

/** What a role lacks for an action, and what about it the twin cannot tell. */
export interface Checked {
  readonly objection?: string;
  readonly notes: readonly string[];
}

/** Why AWS IoT may not assume a role for a rule. What a role from elsewhere trusts is not known here, and what it allows neither. */
export function objectToTrust(roles: RolePermissions, roleArn: string | undefined, ruleName: string, { partition, region, accountId }: AccountScope): string | undefined {
  const source = { 'aws:SourceArn': `arn:${partition}:iot:${region}:${accountId}:rule/${ruleName}`, 'aws:SourceAccount': accountId };
  return roleArn === undefined || !roles.has(roleArn) || roles.trustsService(roleArn, 'iot.amazonaws.com', source) ? undefined
    : `the role ${roleArn} does not let iot.amazonaws.com assume it for this rule`;
}

/** Ask a role for everything that an action needs. What is not known offline permits nothing, but for where only AWS knows what is asked for. */
export function checkRole(roles: RolePermissions, roleArn: string | undefined, needs: readonly Need[]): Checked {
  if (needs.length === 0) {
    return { notes: [] };
  }
  if (roleArn === undefined) {
    return { objection: 'its role is known to AWS alone; declare it in the assembly', notes: [] };
  }
  if (!roles.has(roleArn)) {
    return { objection: `the assembly declares no role ${roleArn}, so that nobody can tell what it allows`, notes: [] };
  }
  const notes: string[] = [];
  for (const { action, resource, isUnknown, values } of needs) {
    if (isUnknown) {
      if (!roles.allowsSomewhere(roleArn, action)) {
        return { objection: `the role ${roleArn} does not allow ${action} on anything`, notes };
      }
      notes.push(`only AWS knows on what it needs ${action}, and whether the role allows it there`);
    } else {
      const answer = roles.answer({ kind: 'role', roleArn, sessionName: SESSION }, action, resource, values);
      if (answer !== 'yes') {
        return { objection: `the role ${roleArn} ${answer === 'no' ? 'does not allow' : 'has policies that do not tell offline whether it allows'} ${action} on ${resource ?? '*'}`, notes };
      }
    }
  }
  return { notes };
}

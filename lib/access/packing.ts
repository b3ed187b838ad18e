import { actionsOf, documentSize } from './document';
import { IotPolicyEffect, type IotPolicyStatement } from './iot-policy-statement';
import type { IotResource } from './iot-resource';
import { MAX_POLICY_SIZE } from '../policy/size';

/** Statements that belong together, and what a message calls them. */
export interface StatementUnit {
  readonly name: string;
  readonly statements: readonly IotPolicyStatement[];
}

/**
 * Distribute statements over as many lists as needed, each of which fits one policy.
 *
 * Each unit goes into the first list with room for all of it, in the order given; one that is larger than a policy is
 * taken apart resource by resource. So a unit added at the end moves nothing: moving a permission from one policy to
 * another would take it from devices for a moment, as the two policies are not updated at once.
 */
export function packStatements(units: readonly StatementUnit[]): readonly (readonly IotPolicyStatement[])[] {
  const lists: (readonly IotPolicyStatement[])[] = [];
  for (const { statements } of units) {
    if (!place(statements, lists)) {
      for (const piece of statements.flatMap(takeApart)) {
        // What is too large even so gets a list of its own, for the policy to refuse it.
        if (!place(piece, lists)) {
          lists.push(piece);
        }
      }
    }
  }
  return lists;
}

/** Adds statements to the first list with room for them, or to a new one; false when no policy has room. */
function place(statements: readonly IotPolicyStatement[], lists: (readonly IotPolicyStatement[])[]): boolean {
  return [...lists, []].some((list, index) => {
    const merged = mergeStatements([...list, ...statements]);
    const fits = documentSize(merged) <= MAX_POLICY_SIZE;
    if (fits) {
      lists[index] = merged;
    }
    return fits;
  });
}

function takeApart(statement: IotPolicyStatement): readonly (readonly IotPolicyStatement[])[] {
  return statement.resources.map((resource) => [{ ...statement, resources: [resource] }]);
}

/** Statements that differ only in their resources become one, without resources that another one covers. */
export function mergeStatements(statements: readonly IotPolicyStatement[]): readonly IotPolicyStatement[] {
  const merged = new Map<string, IotPolicyStatement>();
  for (const statement of statements) {
    const key = JSON.stringify([statement.effect ?? IotPolicyEffect.ALLOW, [...actionsOf(statement)].sort(), statement.conditions]);
    const resources = [...merged.get(key)?.resources ?? [], ...statement.resources];
    merged.set(key, { ...statement, resources: withoutCovered(resources) });
  }
  return [...merged.values()];
}

function withoutCovered(resources: readonly IotResource[]): IotResource[] {
  const byKey = new Map(resources.map((resource) => [`${resource._type}/${resource._name}`, resource]));
  const prefixes = [...byKey.keys()].filter((key) => key.endsWith('*')).map((key) => key.slice(0, -1));
  return [...byKey].flatMap(([key, resource]) => (
    prefixes.some((prefix) => key.startsWith(prefix) && key !== `${prefix}*`) ? [] : resource
  ));
}

import { actionsOf, documentSize } from './document';
import { IotPolicyEffect, type IotPolicyStatement } from './iot-policy-statement';
import type { IotResource } from './iot-resource';
import { MAX_POLICY_SIZE } from '../policy/size';

/** Statements that belong together, and what a message calls them. */
export interface StatementUnit {
  readonly name: string;
  readonly statements: readonly IotPolicyStatement[];
  /** How many characters the statements may grow by when another unit is added; they stay free in their policy. */
  readonly growth?: number;
  /** Whether to take the statements apart rather than to begin another policy. */
  readonly divisible?: boolean;
}

interface List {
  readonly statements: readonly IotPolicyStatement[];
  /** Characters that stay free. */
  readonly growth: number;
}

const EMPTY: List = { statements: [], growth: 0 };

/**
 * Distribute statements over as many lists as needed, each of which fits one policy.
 *
 * Each unit goes into the first list with room for all of it, in the order given; one that is larger than a policy,
 * or divisible and without such a list, is taken apart resource by resource. So a unit added at the end moves nothing:
 * moving a permission from one policy to another would take it from devices for a moment, as the two policies are not
 * updated at once.
 */
export function packStatements(units: readonly StatementUnit[]): readonly (readonly IotPolicyStatement[])[] {
  const lists: List[] = [];
  for (const { statements, growth = 0, divisible = false } of units) {
    if (!place({ statements, growth }, divisible ? lists : [...lists, EMPTY], lists)) {
      for (const piece of statements.flatMap(takeApart)) {
        // What is too large even so gets a list of its own, for the policy to refuse it.
        if (!place(piece, [...lists, EMPTY], lists)) {
          lists.push(piece);
        }
      }
    }
  }
  return lists.map((list) => list.statements);
}

/** Adds statements to the first of the candidates with room for them; false when none has. */
function place(added: List, candidates: readonly List[], lists: List[]): boolean {
  return candidates.some((list, index) => {
    const statements = mergeStatements([...list.statements, ...added.statements]);
    const growth = list.growth + added.growth;
    const fits = documentSize(statements) + growth <= MAX_POLICY_SIZE;
    if (fits) {
      lists[index] = { statements, growth };
    }
    return fits;
  });
}

function takeApart(statement: IotPolicyStatement): readonly List[] {
  return statement.resources.map((resource) => ({ statements: [{ ...statement, resources: [resource] }], growth: 0 }));
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

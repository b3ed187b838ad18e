import { ACTIONS, findAction } from './actions';
import type { AccountScope } from './arn';
import { createAuthorizer } from './authorizer';
import type { Principal, RequestDetails } from './context';
import type { Decision } from './decide';
import { describeDecision, describeNearMisses } from './describe';
import { explain } from './explain';
import { PolicyError } from './findings';

/** The decision of one case. */
export interface SimulatedDecision {
  readonly id: string;
  readonly decision: Decision['decision'];
  readonly by: Decision['by'];

  /** Why, for a person. */
  readonly reason: string;

  /** Whether the decision is the one that the case expects; absent where it expects none. */
  readonly asExpected?: boolean;
}

/** The input of a simulation cannot be read. `message` says where and what to write instead. */
export class SimulationError extends Error {
  public override readonly name = 'SimulationError';
}

interface Case {
  readonly id: string;
  readonly level?: 'action' | 'operation';
  readonly policies: readonly unknown[];
  readonly iamPolicies?: readonly unknown[];
  readonly principal: Principal & { readonly thingGroups?: readonly { readonly name: string; readonly policies: readonly unknown[] }[] };
  readonly request?: RequestDetails;
  readonly action: string;
  readonly resource: string;
  readonly expect?: string;
}

const DEFAULT_ACCOUNT: AccountScope = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' };
const OUTCOMES: readonly string[] = ['allow', 'deny', 'unknown'] satisfies Decision['decision'][];
const KINDS: readonly string[] = ['certificate', 'cognito-auth', 'cognito-unauth', 'custom', 'iam'] satisfies Principal['kind'][];

/**
 * Decide every case of `{ "defaults"?: { partition, region, accountId }, "vectors": [ { id, policies, principal, action,
 * resource, … } ] }`, in input order. Fields beyond that shape are ignored.
 *
 * @throws SimulationError for a case that cannot be read, or a policy that AWS would refuse.
 */
export function simulate(input: unknown): readonly SimulatedDecision[] {
  if (!isObject(input) || !Array.isArray(input.vectors)) {
    throw new SimulationError("'vectors' is missing; write { \"vectors\": [ { \"id\": …, \"policies\": [ … ], \"principal\": { … }, \"action\": …, \"resource\": … } ] }");
  }
  const account = readAccount(input.defaults);
  return input.vectors.map((raw: unknown, index) => decideCase(readCase(raw, `vectors[${index}]`), account, `vectors[${index}]`));
}

function decideCase(one: Case, account: AccountScope, path: string): SimulatedDecision {
  try {
    const authorizer = createAuthorizer({
      account,
      principal: one.principal,
      policies: one.policies,
      ...(one.iamPolicies === undefined ? {} : { iamPolicies: one.iamPolicies }),
      ...(one.principal.thingGroups === undefined ? {} : { thingGroups: one.principal.thingGroups }),
    });
    const request = { ...one.request, action: one.action, resource: one.resource };
    const decision = one.level === 'operation' ? authorizer.decideOperation(request) : authorizer.decide(request);
    const near = decision.reason === 'implicit-deny' ? describeNearMisses(explain(authorizer, request)) : '';
    return {
      id: one.id,
      decision: decision.decision,
      by: decision.by,
      reason: `${describeDecision(decision)}${near === '' ? '' : ` (${near})`}`,
      ...(one.expect === undefined ? {} : { asExpected: one.expect === decision.decision }),
    };
  } catch (error) {
    throw error instanceof PolicyError ? new SimulationError(`${path} (${one.id}): ${error.message}`) : error;
  }
}

function readAccount(raw: unknown): AccountScope {
  const given = isObject(raw) ? raw : {};
  const field = (name: keyof AccountScope): string => {
    const value = given[name] ?? DEFAULT_ACCOUNT[name];
    need(typeof value === 'string', `defaults.${name}`, 'must be a string');
    return value as string;
  };
  return { partition: field('partition'), region: field('region'), accountId: field('accountId') };
}

function readCase(raw: unknown, path: string): Case {
  need(isObject(raw), path, 'must be an object with id, policies, principal, action and resource');
  const { id, policies, iamPolicies, principal, request, action, resource, expect } = raw as { readonly [name: string]: unknown };
  need(typeof id === 'string', `${path}.id`, 'must be a string');
  need(Array.isArray(policies), `${path}.policies`, 'must be a list of policy documents');
  need(iamPolicies === undefined || Array.isArray(iamPolicies), `${path}.iamPolicies`, 'must be a list of policy documents');
  need(typeof action === 'string' && findAction(action) !== undefined, `${path}.action`, `must be one of ${ACTIONS.map(({ name }) => name).join(', ')}`);
  need(typeof resource === 'string', `${path}.resource`, 'must be a name such as a topic or a client id');
  need(request === undefined || isObject(request), `${path}.request`, 'must be an object');
  need(expect === undefined || OUTCOMES.some((outcome) => outcome === expect), `${path}.expect`, `must be one of ${OUTCOMES.join(', ')}`);
  need(isObject(principal), `${path}.principal`, 'must be an object with a kind');
  const { kind, thingGroups } = principal as { readonly [name: string]: unknown };
  need(typeof kind === 'string' && KINDS.includes(kind), `${path}.principal.kind`, `must be one of ${KINDS.join(', ')}`);
  const groupsAreFine = thingGroups === undefined
    || (Array.isArray(thingGroups) && thingGroups.every((group) => isObject(group) && Array.isArray(group.policies)));
  need(groupsAreFine, `${path}.principal.thingGroups`, 'must be a list of { name, policies }');
  return raw as Case;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function need(holds: boolean, path: string, what: string): void {
  if (!holds) {
    throw new SimulationError(`${path} ${what}`);
  }
}

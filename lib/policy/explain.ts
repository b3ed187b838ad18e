import { findAction } from './actions';
import type { ActionRecord } from './actions';
import type { AccountScope } from './arn';
import type { AuthorizationRequest, Authorizer } from './authorizer';
import { isOfAccount, referenceTo } from './compile';
import type { Candidate, StatementReference } from './compile';
import type { Condition } from './conditions';
import type { Context } from './context';
import type { ResourcePattern, Statement } from './statement';

/** Why a statement does not apply to a request. */
export type NonMatchReason =
  /** `Action` does not cover the action, or `NotAction` leaves it out. */
  | 'action-differs'
  /** Every ARN is of another resource type, such as `topic/` where the action is checked against `topicfilter/`. */
  | 'resource-type-differs'
  /** Every ARN is of another partition, Region or account. */
  | 'account-or-region-differs'
  /** No entry of `Resource` matches. */
  | 'resource-differs'
  /** `NotResource` names the resource. */
  | 'resource-excluded'
  /** An entry holds a variable that has no value in this request. */
  | 'variable-has-no-value'
  /** A condition does not hold. */
  | 'condition-not-met'
  /** A condition asks for a key that has no value in this request. */
  | 'condition-key-has-no-value';

/** How one statement relates to a request. */
export interface StatementExplanation extends StatementReference {
  /** `perhaps` where an unresolved part or an undocumented behaviour decides. */
  readonly matches: 'yes' | 'no' | 'perhaps';

  /** Why it does not match. */
  readonly reason?: NonMatchReason;

  /** The variable or condition key that the reason is about. */
  readonly detail?: string;
}

/** Every statement that was asked for a request, and why it applies or does not. */
export function explain(authorizer: Authorizer, request: AuthorizationRequest): readonly StatementExplanation[] {
  const context = authorizer.context(request);
  return authorizer.sides(request).flatMap((side) => side ?? []).flatMap(({ policy, doubtful }) => {
    const candidates = policy.candidates(request.action);
    return policy.policy.statements.map((statement): StatementExplanation => {
      const candidate = candidates.find((one) => one.statement === statement);
      const answer = candidate?.match(request.resource, context) ?? 'no';
      return {
        ...referenceTo(statement),
        matches: answer === 'yes' && !doubtful ? 'yes' : answer === 'no' ? 'no' : 'perhaps',
        ...(answer === 'no' ? whyNot(statement, candidate, request, authorizer.account, context) : {}),
      };
    });
  });
}

type Why = { readonly reason: NonMatchReason; readonly detail?: string };

function whyNot(
  statement: Statement, candidate: Candidate | undefined, request: AuthorizationRequest, account: AccountScope, context: Context,
): Why {
  if (candidate === undefined) {
    return { reason: 'action-differs' };
  }
  if (candidate.matchResource(request.resource, context) === 'no') {
    return whyNotResource(statement, findAction(request.action), account, context);
  }
  const failed = statement.conditions.find((condition) => condition.evaluate(context) === 'no');
  return whyNotCondition(failed, context);
}

function whyNotResource(
  statement: Statement, record: ActionRecord | undefined, account: AccountScope, context: Context,
): Why {
  if (statement.resources.negated) {
    return { reason: 'resource-excluded' };
  }
  const ofType = statement.resources.patterns.filter((entry) => mayBeOfType(entry, record));
  if (ofType.length === 0) {
    return { reason: 'resource-type-differs' };
  }
  const ofAccount = ofType.filter((entry) => entry.arn === undefined || isOfAccount(entry, account));
  if (ofAccount.length === 0) {
    return { reason: 'account-or-region-differs' };
  }
  const missing = ofAccount.map(({ arn, whole }) => (arn?.resource ?? whole)?.missingVariable(context.substitute));
  const detail = missing.find((key) => key !== undefined);
  return detail === undefined ? { reason: 'resource-differs' } : { reason: 'variable-has-no-value', detail };
}

/** Whether the resource of an entry can begin with the type that the action is checked against. */
function mayBeOfType({ arn }: ResourcePattern, record: ActionRecord | undefined): boolean {
  const type = record?.resourceType ?? record?.disputedType;
  const [head, ...rest] = arn?.resource.tokens ?? [];
  if (arn === undefined || type === undefined || head?.kind !== 'text') {
    return type !== undefined;
  }
  return head.value.startsWith(`${type}/`) || (rest.length > 0 && `${type}/`.startsWith(head.value));
}

function whyNotCondition(condition: Condition | undefined, context: Context): Why {
  const detail = condition === undefined ? {} : { detail: `${condition.operator} ${condition.key}` };
  return condition !== undefined && context.value(condition.key) === undefined && condition.operator.toLowerCase() !== 'null'
    ? { reason: 'condition-key-has-no-value', ...detail }
    : { reason: 'condition-not-met', ...detail };
}

import { findAction } from './actions';
import type { ActionRecord } from './actions';
import type { AuthorizationRequest, Authorizer } from './authorizer';
import { matchAction, referenceTo } from './compile';
import type { Candidate, StatementReference } from './compile';
import type { Condition } from './conditions';
import type { Context } from './context';
import type { Statement } from './parse';

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
        ...(answer === 'no' ? whyNot(statement, candidate, request, context) : {}),
      };
    });
  });
}

type Why = { readonly reason: NonMatchReason; readonly detail?: string };

function whyNot(
  statement: Statement, candidate: Candidate | undefined, request: AuthorizationRequest, context: Context,
): Why {
  if (candidate === undefined || matchAction(statement, request.action) === 'no') {
    return { reason: 'action-differs' };
  }
  if (candidate.matchResource(request.resource, context) === 'no') {
    return whyNotResource(statement, candidate, findAction(request.action), context);
  }
  const failed = statement.conditions.find((condition) => condition.evaluate(context) === 'no');
  return whyNotCondition(failed, context);
}

function whyNotResource(
  statement: Statement, candidate: Candidate, record: ActionRecord | undefined, context: Context,
): Why {
  if (statement.resources.negated) {
    return { reason: 'resource-excluded' };
  }
  const entries = statement.resources.patterns.flatMap((entry) => entry.arn ?? []);
  const ofType = entries.filter(({ resource }) => {
    const head = resource.tokens[0];
    return head?.kind !== 'text' || head.value.startsWith(`${record?.resourceType}/`);
  });
  if (ofType.length === 0) {
    return { reason: 'resource-type-differs' };
  }
  if (!candidate.hasPatterns) {
    return { reason: 'account-or-region-differs' };
  }
  const missing = ofType.map(({ resource }) => resource.missingVariable(context.substitute)).find((key) => key !== undefined);
  return missing === undefined ? { reason: 'resource-differs' } : { reason: 'variable-has-no-value', detail: missing };
}

function whyNotCondition(condition: Condition | undefined, context: Context): Why {
  const detail = condition === undefined ? {} : { detail: `${condition.operator} ${condition.key}` };
  return condition !== undefined && context.value(condition.key) === undefined && condition.operator.toLowerCase() !== 'null'
    ? { reason: 'condition-key-has-no-value', ...detail }
    : { reason: 'condition-not-met', ...detail };
}

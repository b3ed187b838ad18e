import type { Decision, DecisionReason } from './decide';
import type { StatementExplanation } from './explain';

const SENTENCES: { readonly [reason in DecisionReason]: string } = {
  'explicit-allow': 'allowed by',
  'explicit-deny': 'denied by',
  'implicit-deny': 'no statement allows it',
  'cannot-tell': 'cannot tell; it hangs on',
  'not-authenticated': 'the authorizer did not authenticate the caller',
};

/** A decision in a sentence, for a person. */
export function describeDecision({ reason, by }: Decision): string {
  const statements = by.map(({ policy, statement, sid }) => `${policy} Statement[${statement}]${sid === undefined ? '' : ` (${sid})`}`);
  return [SENTENCES[reason], statements.join(', ')].filter((part) => part !== '').join(' ');
}

/** The statements that came nearest to allowing: right action, wrong rest. */
export function describeNearMisses(explanations: readonly StatementExplanation[]): string {
  return explanations
    .filter(({ effect, matches, reason }) => effect === 'Allow' && matches === 'no' && reason !== 'action-differs')
    .map(({ policy, statement, reason, detail }) => `${policy} Statement[${statement}]: ${reason}${detail === undefined ? '' : ` ${detail}`}`)
    .join('; ');
}

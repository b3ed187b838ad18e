import type { Candidate, StatementReference } from './compile';
import type { Context } from './context';

/** Why a decision came out as it did. */
export type DecisionReason =
  /** A matching Allow, and no Deny. */
  | 'explicit-allow'
  /** A matching Deny. */
  | 'explicit-deny'
  /** No statement matches. */
  | 'implicit-deny'
  /** A statement that would change the outcome may or may not match. */
  | 'cannot-tell'
  /** The custom authorizer refused the caller; its documents do not matter. */
  | 'not-authenticated';

/** The outcome, and the statements that decided it. */
export interface Decision {
  readonly decision: 'allow' | 'deny' | 'unknown';
  readonly by: readonly StatementReference[];
  readonly reason: DecisionReason;
}

export const IMPLICIT_DENY: Decision = Object.freeze({ decision: 'deny', by: Object.freeze([]), reason: 'implicit-deny' });

/** A statement that counts; a doubtful one counts only perhaps. */
export interface CandidateInForce {
  readonly candidate: Candidate;
  readonly doubtful: boolean;
}

/**
 * Decide on one resource, given the statements that cover the action: a matching Deny wins, then a matching Allow, else
 * it is denied. A statement that may or may not match leaves the decision open where it would change it.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html
 */
export function decide(candidates: readonly CandidateInForce[], resource: string, context: Context): Decision {
  let allows: StatementReference[] | undefined;
  let denies: StatementReference[] | undefined;
  let doubts: StatementReference[] | undefined;
  for (const { candidate, doubtful } of candidates) {
    const answer = candidate.match(resource, context);
    if (answer === 'no') {
      continue;
    }
    const { reference } = candidate;
    if (answer === 'unknown' || doubtful) {
      (doubts ??= []).push(reference);
    } else if (reference.effect === 'Deny') {
      (denies ??= []).push(reference);
    } else {
      (allows ??= []).push(reference);
    }
  }
  if (denies !== undefined) {
    return { decision: 'deny', by: denies, reason: 'explicit-deny' };
  }
  if (allows !== undefined) {
    const denials = doubts?.filter((doubt) => doubt.effect === 'Deny') ?? [];
    return denials.length === 0
      ? { decision: 'allow', by: allows, reason: 'explicit-allow' }
      : { decision: 'unknown', by: denials, reason: 'cannot-tell' };
  }
  // A Deny that may match changes nothing where nothing is allowed.
  return doubts?.some((doubt) => doubt.effect === 'Allow')
    ? { decision: 'unknown', by: doubts, reason: 'cannot-tell' }
    : IMPLICIT_DENY;
}

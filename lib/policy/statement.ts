import type { Condition } from './conditions';
import type { Pattern } from './pattern';
import type { Text } from './text';

/** A parsed policy document. */
export interface Policy {
  /** What decisions call it: the policy's name, or its place in the input. */
  readonly name: string;
  readonly statements: readonly Statement[];
}

/** One statement, ready for matching. */
export interface Statement {
  readonly policy: string;

  /** Its place in the document. */
  readonly index: number;
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Choice<Pattern>;
  readonly resources: Choice<ResourcePattern>;
  readonly conditions: readonly Condition[];

  /** A part of the document could not be resolved, so that a match means "cannot tell". */
  readonly uncertain: boolean;
}

/** `Action` or `NotAction`, `Resource` or `NotResource`. */
export interface Choice<T> {
  readonly negated: boolean;
  readonly patterns: readonly T[];
}

/** One entry of `Resource`: `*`, or an ARN whose segments are matched one by one. */
export interface ResourcePattern {
  readonly source: Text;

  /** Absent for `*`, and where a part before the resource is not known. */
  readonly arn?: ArnPattern;

  /**
   * The entry as one pattern for a whole ARN; a match means "cannot tell". Present where a segment may end elsewhere
   * than at its colon: a part before the resource is not known, or `*` ends a segment before the resource, and "can
   * expand to match beyond the colon boundaries" as IAM says and AWS IoT does not.
   *
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
   */
  readonly whole?: Pattern;
}

/** An ARN, segment by segment. */
export interface ArnPattern {
  readonly partition: Pattern;

  /** Takes no wildcard. */
  readonly service: string;
  readonly region: Pattern;
  readonly account: Pattern;
  readonly resource: Pattern;
}

/** A policy that perhaps does not count: whatever it matches is "cannot tell". */
export function withDoubt(policy: Policy): Policy {
  return { ...policy, statements: policy.statements.map((statement) => ({ ...statement, uncertain: true })) };
}

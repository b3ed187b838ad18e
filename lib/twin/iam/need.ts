import type { ContextValue } from '../../policy';

/** Condition keys of a request; one that is undefined is certainly not there. */
export type KnownKeys = Readonly<Record<string, ContextValue | undefined>>;

/** A permission that a role must have. */
export interface Need {
  readonly action: string;

  /** An ARN; absent for what has no resource, which policies allow with `*` alone, and where only AWS knows it. */
  readonly resource?: string;

  /** Whether it is on something that only AWS knows: the action must be allowed on anything. */
  readonly isUnknown?: true;
  readonly values?: KnownKeys;
}

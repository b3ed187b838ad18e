import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid, quote } from './errors';

/** What AWS accepts as the value of a property. */
export interface TextRule {
  /** Matches the whole of a good value. */
  readonly pattern: RegExp;
  /** The pattern in words, to follow "must consist of". */
  readonly characters: string;
  /** The longest good value, in characters. */
  readonly maxLength: number;
}

/** Fails unless a value, where it is known at synthesis, follows the rule. */
export function requireText(scope: IConstruct, prop: string, value: string | undefined, rule: TextRule): void {
  if (value === undefined || Token.isUnresolved(value)) {
    return;
  }
  if (value.length > rule.maxLength) {
    throw invalid(scope, `'${prop}' must be at most ${rule.maxLength} characters long, got ${value.length}`);
  }
  if (!rule.pattern.test(value)) {
    throw invalid(scope, `'${prop}' must consist of ${rule.characters}, got ${quote(value)}`);
  }
}

import type { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { invalid } from '../private/errors';

/** A century: longer than anything that connects. */
const MAX_DAYS = 36_500;

/** How many days a certificate is valid. Fails for less than one, and for what cannot be meant. */
export function requireValidity(scope: Construct, prop: string, validity: Duration): number {
  const days = validity.isUnresolved() ? NaN : validity.toDays({ integral: false });
  if (!(days >= 1 && days <= MAX_DAYS)) {
    throw invalid(scope, `'${prop}' must be from 1 to ${MAX_DAYS} days, got ${validity.isUnresolved() ? 'a token' : validity.toHumanString()}`);
  }
  return days;
}

import { Token, type Duration } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';

/** Fails for a number out of its bounds, where it is known; without fractions unless `step` allows some. */
export function requireNumber(scope: IConstruct, name: string, value: number | undefined, min: number, max: number, step = 1): void {
  if (value === undefined || Token.isUnresolved(value)) {
    return;
  }
  const steps = value / step;
  if (!(value >= min && value <= max) || Math.abs(steps - Math.round(steps)) > Number.EPSILON * Math.max(1, Math.abs(steps)) * 4) {
    const bounds = max === Infinity ? `at least ${min}` : `from ${min} to ${max}`;
    throw invalid(scope, `'${name}' must be ${step === 1 ? 'a whole number' : `a multiple of ${step}`} ${bounds}, got ${value}`);
  }
}

/** Fails for a duration out of its bounds, in seconds, where it is known. */
export function requireDuration(scope: IConstruct, name: string, value: Duration, min: number, max: number): Duration {
  if (!value.isUnresolved() && !(value.toSeconds() >= min && value.toSeconds() <= max)) {
    throw invalid(scope, `'${name}' must be from ${min / 60} to ${max / 60} minutes, got ${value.toHumanString()}`);
  }
  return value;
}

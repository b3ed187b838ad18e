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

const UNITS = { seconds: 1, minutes: 60 };

/** Fails for a duration out of its bounds, in seconds, or with a part of a unit, where it is known. Returns how many units it has. */
export function durationIn(unit: keyof typeof UNITS, scope: IConstruct, name: string, value: Duration, min: number, max: number): number {
  if (!value.isUnresolved()) {
    const seconds = value.toSeconds({ integral: false });
    if (!(seconds >= min && seconds <= max)) {
      throw invalid(scope, `'${name}' must be from ${min / 60} to ${max / 60} minutes, got ${value.toHumanString()}`);
    }
    if (seconds % UNITS[unit] !== 0) {
      throw invalid(scope, `'${name}' must be whole ${unit}, got ${value.toHumanString()}`);
    }
  }
  return unit === 'minutes' ? value.toMinutes() : value.toSeconds();
}

import type { IConstruct } from 'constructs';
import { requireNumber } from './limits';
import { invalid } from '../private/errors';

/** How things fail at a job. */
export enum JobFailure {
  /** The device says so. */
  FAILED = 'FAILED',
  /** The device does not do it. */
  REJECTED = 'REJECTED',
  /** The device took longer than `timeout`. */
  TIMED_OUT = 'TIMED_OUT',
  /** Any of these. */
  ALL = 'ALL',
}

/** When a job is given up for all its things. */
export interface JobAbortCriterion {
  /** The failures that count. */
  readonly failure: JobFailure;

  /** How many of a hundred things may fail so, up to 100, with two decimals. */
  readonly thresholdPercentage: number;

  /** How many things must have run the job before it counts, at least 1. */
  readonly minNumberOfExecutedThings: number;
}

/** How often a thing tries again. */
export interface JobRetry {
  /** The failures after which it does; not `JobFailure.REJECTED`. */
  readonly failure: JobFailure;

  /** How often, from 0 to 10. */
  readonly numberOfRetries: number;
}

/** CloudFormation takes these by their names in AWS's documents: CDK passes them on as they are. */
export function renderAbort(scope: IConstruct, criteria: readonly JobAbortCriterion[]): object {
  return {
    CriteriaList: criteria.map(({ failure, thresholdPercentage, minNumberOfExecutedThings }, index) => {
      requireNumber(scope, `abort[${index}].thresholdPercentage`, thresholdPercentage, 0.01, 100, 0.01);
      requireNumber(scope, `abort[${index}].minNumberOfExecutedThings`, minNumberOfExecutedThings, 1, Infinity);
      return { Action: 'CANCEL', FailureType: failure, ThresholdPercentage: thresholdPercentage, MinNumberOfExecutedThings: minNumberOfExecutedThings };
    }),
  };
}

export function renderRetries(scope: IConstruct, retries: readonly JobRetry[]): { readonly failureType: string; readonly numberOfRetries: number }[] {
  const failures = retries.map(({ failure }) => failure);
  const twice = failures.find((failure, index) => failures.indexOf(failure) < index) ?? (failures.includes(JobFailure.ALL) && failures.length > 1 ? JobFailure.ALL : undefined);
  if (twice !== undefined) {
    throw invalid(scope, `'retries' must have each failure once, got ${twice} beside what it includes; leave one out`);
  }
  return retries.map(({ failure, numberOfRetries }, index) => {
    if (failure === JobFailure.REJECTED) {
      throw invalid(scope, `'retries[${index}].failure' must be FAILED, TIMED_OUT or ALL, got REJECTED: AWS IoT does not ask again a device that refused`);
    }
    requireNumber(scope, `retries[${index}].numberOfRetries`, numberOfRetries, 0, 10);
    return { failureType: failure, numberOfRetries };
  });
}

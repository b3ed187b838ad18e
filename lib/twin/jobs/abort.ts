import type * as api from '@aws-sdk/client-iot';
import type { ExecutionStatus } from './records';

/** How a device or a timer ends an execution. One that an operator canceled or that lost its thing was not executed. */
const EXECUTED = ['SUCCEEDED', 'FAILED', 'REJECTED', 'TIMED_OUT'] as const;

/** What counts as which failure. */
const FAILURES: Readonly<Record<api.JobExecutionFailureType, readonly ExecutionStatus[]>> = {
  FAILED: ['FAILED'],
  REJECTED: ['REJECTED'],
  TIMED_OUT: ['TIMED_OUT'],
  ALL: ['FAILED', 'REJECTED', 'TIMED_OUT'],
};

/**
 * The first criterion that says to give a job up. Every execution counts that is complete, those that were tried again too:
 * the guide recommends these criteria against failures that are repeated.
 *
 * @param attempts how many executions of the job have come how far
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/job-configurations-api.html#job-abort-api
 */
export function metCriterion({ criteriaList = [] }: Partial<api.AbortConfig> = {}, attempts: Readonly<Partial<Record<ExecutionStatus, number>>>): api.AbortCriteria | undefined {
  const count = (statuses: readonly ExecutionStatus[]): number => statuses.reduce((sum, status) => sum + (attempts[status] ?? 0), 0);
  const executed = count(EXECUTED);
  return criteriaList.find(({ failureType, minNumberOfExecutedThings = 1, thresholdPercentage = 100 }) => (
    executed > 0 && executed >= minNumberOfExecutedThings && count(FAILURES[failureType!]) * 100 >= thresholdPercentage * executed
  ));
}

import type { ExecutionRecord, ExecutionStatus, FailureType, JobRecord } from './records';

/** What a device may report. */
export const REPORTED = ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'] as const;

export const STATUSES: readonly ExecutionStatus[] = [...REPORTED, 'QUEUED', 'TIMED_OUT', 'REMOVED', 'CANCELED'];

const MINUTE_MS = 60_000;

/** Stops the step timer in place of setting it. */
export const NO_STEP_TIMER = -1;

/** What an execution has to do with the timers of its steps. */
export interface Step {
  readonly statusDetails?: Readonly<Record<string, string>> | undefined;
  readonly stepTimeoutInMinutes?: number | undefined;
}

/** Whether it is yet to be done. Every other status is final. */
export function isPending({ status }: Pick<ExecutionRecord, 'status'>): boolean {
  return status === 'QUEUED' || status === 'IN_PROGRESS';
}

/** In which order a thing does its jobs: what is in progress before what is queued, each as it came. */
export function comparePending(a: ExecutionRecord, b: ExecutionRecord): number {
  return a.status === b.status ? a.order - b.order : a.status === 'IN_PROGRESS' ? -1 : 1;
}

export function queued(
  target: Pick<ExecutionRecord, 'jobId' | 'thingName' | 'executionNumber' | 'order' | 'retries'>, now: number,
): ExecutionRecord {
  return { ...target, status: 'QUEUED', queuedAt: now, lastUpdatedAt: now, versionNumber: 1 };
}

/** An execution after a change: a version later, and without timers once it has ended. */
export function changed(execution: ExecutionRecord, status: ExecutionStatus, now: number, more: Partial<ExecutionRecord> = {}): ExecutionRecord {
  const { endsAt, stepEndsAt, ...rest } = execution;
  const timers = status !== 'IN_PROGRESS' ? {} : { ...(endsAt === undefined ? {} : { endsAt }), ...(stepEndsAt === undefined ? {} : { stepEndsAt }) };
  return { ...rest, ...timers, ...more, status, lastUpdatedAt: now, versionNumber: execution.versionNumber + 1 };
}

/** An execution in progress: it starts now, unless it has. */
export function inProgress(execution: ExecutionRecord, { timeoutConfig }: JobRecord, { statusDetails, stepTimeoutInMinutes: step }: Step, now: number): ExecutionRecord {
  const { stepEndsAt, ...kept } = execution;
  const limit = timeoutConfig?.inProgressTimeoutInMinutes;
  return changed(step === NO_STEP_TIMER ? kept : execution, 'IN_PROGRESS', now, {
    ...(statusDetails && { statusDetails }),
    ...(execution.startedAt === undefined && { startedAt: now, ...(limit !== undefined && { endsAt: now + limit * MINUTE_MS }) }),
    ...(step !== undefined && step !== NO_STEP_TIMER && { stepEndsAt: now + step * MINUTE_MS }),
  });
}

/** When an execution times out: a step cannot last longer than the whole. */
export function deadlineOf({ endsAt = Infinity, stepEndsAt = Infinity }: ExecutionRecord): number | undefined {
  const deadline = Math.min(endsAt, stepEndsAt);
  return deadline === Infinity ? undefined : deadline;
}

/**
 * The next attempt after one that failed or timed out, if the job wants one. That it is an execution with a number of its
 * own is unconfirmed, and so is that there is none once the job has ended by its schedule.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html#job-retry-configuration
 */
export function retryOf(failed: ExecutionRecord, { status, hasEnded, jobExecutionsRetryConfig }: JobRecord, order: number, now: number): ExecutionRecord | undefined {
  const how = failed.status;
  if (status !== 'IN_PROGRESS' || hasEnded === true || (how !== 'FAILED' && how !== 'TIMED_OUT')) {
    return undefined;
  }
  const before = failed.retries ?? {};
  const allows = (jobExecutionsRetryConfig?.criteriaList ?? []).some(({ failureType, numberOfRetries = 0 }) => (
    failureType === 'ALL' ? retryAttempt(failed) < numberOfRetries : failureType === how && (before[how] ?? 0) < numberOfRetries
  ));
  const { jobId, thingName, executionNumber } = failed;
  return allows ? queued({ jobId, thingName, executionNumber: executionNumber + 1, order, retries: { ...before, [how]: (before[how] ?? 0) + 1 } }, now) : undefined;
}

/** How many retries there were. */
export function retryAttempt({ retries = {} }: ExecutionRecord): number {
  return Object.values(retries satisfies Partial<Record<FailureType, number>>).reduce((sum, count) => sum + count, 0);
}

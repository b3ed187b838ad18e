import { deadlineOf } from './execution';
import type { ExecutionRecord } from './records';

/** Devices are told times in seconds since the epoch. */
export function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** An execution in a list. */
export function summaryOf({ jobId, queuedAt, startedAt, lastUpdatedAt, versionNumber, executionNumber }: ExecutionRecord): object {
  return {
    jobId,
    queuedAt: seconds(queuedAt),
    lastUpdatedAt: seconds(lastUpdatedAt),
    ...(startedAt === undefined ? {} : { startedAt: seconds(startedAt) }),
    executionNumber,
    versionNumber,
  };
}

/** An execution as its device is shown it; the document is an object over MQTT and a text over HTTPS. */
export function executionView(execution: ExecutionRecord, jobDocument?: unknown): object {
  const { status, statusDetails } = execution;
  return {
    ...summaryOf(execution),
    status,
    ...(statusDetails === undefined ? {} : { statusDetails }),
    ...(jobDocument === undefined ? {} : { jobDocument }),
  };
}

/** How things stand with an execution. */
export function stateOf({ status, statusDetails = {}, versionNumber }: ExecutionRecord): object {
  return { status, statusDetails, versionNumber };
}

/** How long an execution has until it times out, where it does. */
export function timeLeft(execution: ExecutionRecord, now: number): { readonly approximateSecondsBeforeTimedOut?: number } {
  const deadline = deadlineOf(execution);
  return deadline === undefined ? {} : { approximateSecondsBeforeTimedOut: Math.max(0, seconds(deadline - now)) };
}

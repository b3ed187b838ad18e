import type * as api from '@aws-sdk/client-iot';
import type { Account } from '../account';
import { retryAttempt } from './execution';
import type { Jobs } from './jobs';
import type { ExecutionRecord, ExecutionStatus, JobRecord, JobTemplateRecord } from './records';
import { timeLeft } from './views';

/** The members of a job's process details, by the status that they count. */
const COUNTED = {
  QUEUED: 'numberOfQueuedThings',
  IN_PROGRESS: 'numberOfInProgressThings',
  SUCCEEDED: 'numberOfSucceededThings',
  FAILED: 'numberOfFailedThings',
  TIMED_OUT: 'numberOfTimedOutThings',
  REJECTED: 'numberOfRejectedThings',
  REMOVED: 'numberOfRemovedThings',
  CANCELED: 'numberOfCanceledThings',
} as const satisfies Record<ExecutionStatus, keyof api.JobProcessDetails>;

/** How many things have come how far. */
export function jobProcessDetails(
  counts: Readonly<Partial<Record<ExecutionStatus, number>>>, statuses = Object.keys(COUNTED) as readonly ExecutionStatus[],
): api.JobProcessDetails {
  return Object.fromEntries(statuses.map((status) => [COUNTED[status], counts[status] ?? 0]));
}

/** A job as operators are shown it. */
export function jobView(account: Account, jobs: Jobs, { document, documentSource, createdAt, lastUpdatedAt, completedAt, targets, destinationPackageVersions, startsAt, endsAt, hasEnded, rollout, ...job }: JobRecord): api.Job {
  return {
    ...job,
    jobArn: account.arn(`job/${job.jobId}`),
    targets: [...targets],
    createdAt: new Date(createdAt),
    lastUpdatedAt: new Date(lastUpdatedAt),
    ...(completedAt === undefined ? {} : { completedAt: new Date(completedAt) }),
    // While it rolls out, a job counts towards the limit of jobs that do so at once.
    jobProcessDetails: { ...rollout && { processingTargets: [...targets] }, ...jobProcessDetails(jobs.book.countsOf(job.jobId)) },
    isConcurrent: rollout !== undefined,
    ...(destinationPackageVersions === undefined ? {} : { destinationPackageVersions: [...destinationPackageVersions] }),
  };
}

export function jobSummary(account: Account, { jobId, targetSelection, status, createdAt, lastUpdatedAt, completedAt, rollout }: JobRecord): api.JobSummary {
  return {
    jobArn: account.arn(`job/${jobId}`),
    jobId,
    targetSelection,
    status,
    createdAt: new Date(createdAt),
    lastUpdatedAt: new Date(lastUpdatedAt),
    ...(completedAt === undefined ? {} : { completedAt: new Date(completedAt) }),
    isConcurrent: rollout !== undefined,
  };
}

export function templateView(account: Account, { createdAt, destinationPackageVersions, ...template }: JobTemplateRecord): api.DescribeJobTemplateResponse {
  return {
    ...template,
    jobTemplateArn: account.arn(`jobtemplate/${template.jobTemplateId}`),
    createdAt: new Date(createdAt),
    ...(destinationPackageVersions === undefined ? {} : { destinationPackageVersions: [...destinationPackageVersions] }),
  };
}

/** An execution as operators are shown it. */
export function executionDetails(account: Account, execution: ExecutionRecord, now: number): api.JobExecution {
  const { jobId, thingName, executionNumber, status, forceCanceled, statusDetails, versionNumber } = execution;
  return {
    jobId,
    status,
    ...(forceCanceled === undefined ? {} : { forceCanceled }),
    ...(statusDetails === undefined ? {} : { statusDetails: { detailsMap: { ...statusDetails } } }),
    thingArn: account.arn(`thing/${thingName}`),
    ...timesOf(execution),
    executionNumber,
    versionNumber,
    ...timeLeft(execution, now),
  };
}

export function executionSummary(execution: ExecutionRecord): api.JobExecutionSummary {
  const { status, executionNumber } = execution;
  return { status, ...timesOf(execution), executionNumber, retryAttempt: retryAttempt(execution) };
}

function timesOf({ queuedAt, startedAt, lastUpdatedAt }: ExecutionRecord): Pick<api.JobExecution, 'queuedAt' | 'startedAt' | 'lastUpdatedAt'> {
  return { queuedAt: new Date(queuedAt), ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt) }), lastUpdatedAt: new Date(lastUpdatedAt) };
}

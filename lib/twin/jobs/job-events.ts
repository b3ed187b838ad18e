import type { Account } from '../account';
import type { Jobs } from './jobs';
import { jobProcessDetails } from './job-views';
import { seconds } from './views';

export interface JobEventsProps {
  readonly jobs: Jobs;
  readonly account: Account;
  readonly now: () => number;
  readonly newEventId: () => string;

  /** Publish as AWS IoT itself. */
  readonly publish: (topic: string, payload: Buffer) => void;
}

/** What an event calls the status of its job, where that is not its status. */
const STATUS = { deleted: 'DELETED', deletion_in_progress: 'DELETION_IN_PROGRESS', cancellation_in_progress: 'CANCELLATION_IN_PROGRESS' };

/**
 * Publish what becomes of jobs and of their executions, as far as the account asks for it.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/events-jobs.html
 */
export function publishJobEvents({ jobs, account, now, newEventId, publish }: JobEventsProps): void {
  const tell = (eventType: 'JOB' | 'JOB_EXECUTION', topic: string, operation: string, details: () => object): void => {
    if (account.describeEventConfigurations().eventConfigurations[eventType]?.Enabled === true) {
      publish(`$aws/events/${topic}/${operation}`, Buffer.from(JSON.stringify({ eventType, eventId: newEventId(), timestamp: seconds(now()), operation, ...details() })));
    }
  };
  jobs.listen({
    jobChanged: (job, operation) => tell('JOB', `job/${job.jobId}`, operation, () => {
      const { jobId, targetSelection, targets, description, createdAt, lastUpdatedAt, completedAt, comment } = job;
      return {
        jobId,
        status: { ...STATUS, completed: job.status, canceled: job.status }[operation],
        targetSelection,
        targets,
        description,
        createdAt,
        lastUpdatedAt,
        completedAt,
        ...(operation === 'completed' ? { jobProcessDetails: jobProcessDetails(jobs.book.countsOf(jobId), ['CANCELED', 'REJECTED', 'FAILED', 'REMOVED', 'SUCCEEDED', 'TIMED_OUT']) } : { comment }),
      };
    }),
    executionEnded: ({ jobId, thingName, status, statusDetails }, operation) => tell('JOB_EXECUTION', `jobExecution/${jobId}`, operation, () => ({
      jobId, thingArn: account.arn(`thing/${thingName}`), status: operation === 'deleted' ? 'DELETED' : status, statusDetails: statusDetails ?? {},
    })),
  });
}

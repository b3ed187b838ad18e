import type { Clock } from '../clock';
import type { JobDocuments } from './job-documents';
import type { Jobs } from './jobs';
import { JOB_LIMITS } from './limits';
import { executionView, seconds, summaryOf } from './views';

export interface NotificationsProps {
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly documents: JobDocuments;

  /** Publish as AWS IoT itself. */
  readonly publish: (topic: string, payload: Buffer) => void;
}

/**
 * Tell things what they are yet to do: `notify` when an execution is added to the list or taken from it, `notify-next` when
 * another one is next.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jobs-comm-notifications.html
 */
export function notifyThings({ jobs, clock, documents, publish }: NotificationsProps): void {
  const tell = (thingName: string, topic: string, members: object): void => (
    publish(`$aws/things/${thingName}/jobs/${topic}`, Buffer.from(JSON.stringify({ timestamp: seconds(clock.now()), ...members })))
  );
  jobs.listen({
    pendingChanged: (thingName) => {
      const pending = jobs.book.pendingOf(thingName).slice(0, JOB_LIMITS.pendingListed);
      tell(thingName, 'notify', {
        jobs: Object.fromEntries(['IN_PROGRESS', 'QUEUED'].flatMap((wanted) => {
          const listed = pending.filter(({ status }) => status === wanted).map(summaryOf);
          return listed.length === 0 ? [] : [[wanted, listed]];
        })),
      });
    },
    nextChanged: (thingName) => {
      const next = jobs.next(thingName);
      tell(thingName, 'notify-next', next === undefined ? {} : { execution: executionView(next, JSON.parse(documents.tell(jobs.job(next.jobId), next))) });
    },
  });
}

import type { Clock, Timer } from '../clock';
import { metCriterion } from './abort';
import { changed, deadlineOf, isPending, queued, retryOf } from './execution';
import { keyOf } from './job-book';
import type { JobBook } from './job-book';
import { JOB_SAFETY } from './limits';
import type { ExecutionRecord, ExecutionStatus, JobRecord } from './records';

/** What becomes of a job, as its events name it. */
export type JobOperation = 'completed' | 'canceled' | 'deleted' | 'cancellation_in_progress' | 'deletion_in_progress';

/** Learns what changes, once it has. */
export interface JobsListener {
  /** An execution was added to what a thing is yet to do, or taken from it. */
  pendingChanged?(thingName: string): void;

  /** Another execution is the next one. */
  nextChanged?(thingName: string): void;

  /** An execution has its final status, or is gone. */
  executionEnded?(execution: ExecutionRecord, operation: Lowercase<ExecutionStatus> | 'deleted'): void;
  jobChanged?(job: JobRecord, operation: JobOperation): void;

  /** Something of these jobs or of their executions is not as it was. */
  changed?(jobIds: ReadonlySet<string>): void;
}

/** Why and how a job is canceled. */
export interface Cancellation {
  /** Whether what is in progress is canceled too. */
  readonly force: boolean;
  readonly comment?: string | undefined;
  readonly reasonCode?: string | undefined;
}

export interface LedgerProps {
  readonly book: JobBook;
  readonly clock: Clock;

  /** Told of each change of a job at once, before the change is whole. */
  readonly onJob: (job: JobRecord) => void;
}

/** What a change has touched so far. */
interface Touched {
  readonly next: Map<string, ExecutionRecord | undefined>;
  readonly lists: Set<string>;
  readonly jobs: Set<string>;
  readonly told: ((listener: JobsListener) => void)[];
}

/**
 * What changes in the book of jobs, with all that follows from it: retries, timers, completion, and who learns of it. A
 * change is made whole before anybody learns of it, so that a thing which gets ten jobs at once is told of its next one once.
 */
export class Ledger {
  private readonly listeners: JobsListener[] = [];
  private readonly timers = new Map<string, Timer>();
  private touched: Touched | undefined;

  public readonly book: JobBook;
  private readonly clock: Clock;

  constructor(private readonly props: LedgerProps) {
    this.book = props.book;
    this.clock = props.clock;
    for (const execution of this.book.allPending()) {
      this.watch(execution);
    }
  }

  public listen(listener: JobsListener): void {
    this.listeners.push(listener);
  }

  public stop(): void {
    this.timers.forEach((timer) => timer.cancel());
    this.timers.clear();
  }

  /** What a thing is to do next; undefined when there is nothing. */
  public next(thingName: string): ExecutionRecord | undefined {
    return this.book.pendingOf(thingName)[0];
  }

  /** Make a change whole, then tell what has become of it. */
  public change<T>(work: () => T): T {
    if (this.touched !== undefined) {
      return work();
    }
    const touched: Touched = { next: new Map(), lists: new Set(), jobs: new Set(), told: [] };
    this.touched = touched;
    try {
      const result = work();
      touched.jobs.forEach((jobId) => {
        this.giveUp(jobId);
        this.complete(jobId);
      });
      return result;
    } finally {
      this.touched = undefined;
      for (const [thingName, next] of touched.next) {
        if (touched.lists.has(thingName)) {
          this.listeners.forEach((listener) => listener.pendingChanged?.(thingName));
        }
        if (!isSame(next, this.next(thingName))) {
          this.listeners.forEach((listener) => listener.nextChanged?.(thingName));
        }
      }
      touched.told.forEach((tell) => this.listeners.forEach(tell));
      this.listeners.forEach((listener) => listener.changed?.(touched.jobs));
    }
  }

  /** Tell of something once the change is whole. */
  public tell(told: (listener: JobsListener) => void): void {
    this.touched!.told.push(told);
  }

  /** Keep of a job what has changed about it. */
  public putJob(job: JobRecord): void {
    this.book.putJob(job);
    this.touched!.jobs.add(job.jobId);
    this.props.onJob(job);
  }

  /** How many more executions there is room for. */
  public get room(): number {
    return Math.max(0, JOB_SAFETY.executions - this.book.executionCount);
  }

  /** Queue a job for a thing, once more if it has been there before. */
  public queue(jobId: string, thingName: string): void {
    const executionNumber = (this.book.find(jobId, thingName)?.executionNumber ?? 0) + 1;
    this.put(queued({ jobId, thingName, executionNumber, order: this.book.nextOrder }, this.clock.now()));
  }

  /** A job does not reach a thing, or any of those that it has yet to reach. */
  public stopWaiting(jobId: string, things: Iterable<string> = [...this.book.waitingFor(jobId)]): void {
    for (const thingName of things) {
      this.book.removeWaiting(jobId, thingName);
    }
    this.touched!.jobs.add(jobId);
  }

  /** Cancel a job, and what is queued of it; by force also what is in progress. */
  public cancel(jobId: string, { force, comment, reasonCode }: Cancellation): void {
    const { rollout, ...before } = this.book.jobs.get(jobId)!;
    const job: JobRecord = {
      ...before, status: 'CANCELED', lastUpdatedAt: this.clock.now(), ...(force && { forceCanceled: true }), ...(comment === undefined ? {} : { comment }), ...(reasonCode === undefined ? {} : { reasonCode }),
    };
    this.stopWaiting(jobId);
    this.putJob(job);
    this.tell((listener) => listener.jobChanged?.(job, 'cancellation_in_progress'));
    this.cancelExecutions(jobId, force);
    this.tell((listener) => listener.jobChanged?.(job, 'canceled'));
  }

  /** Cancel what is queued of a job; by force also what is in progress. */
  public cancelExecutions(jobId: string, force: boolean): void {
    for (const execution of [...this.book.executionsOfJob(jobId)]) {
      if (execution.status === 'QUEUED' || (force && execution.status === 'IN_PROGRESS')) {
        this.put(changed(execution, 'CANCELED', this.clock.now(), force ? { forceCanceled: true } : {}));
      }
    }
  }

  /** Keep an execution as it now is, and queue another attempt where the job wants one. */
  public put(execution: ExecutionRecord): ExecutionRecord {
    const { jobId, thingName, executionNumber } = execution;
    const touched = this.touch(execution);
    const wasPending = isPending(this.book.find(jobId, thingName, executionNumber) ?? { status: 'REMOVED' });
    this.book.put(execution);
    this.watch(execution);
    if (wasPending !== isPending(execution)) {
      touched.lists.add(thingName);
    }
    if (!isPending(execution)) {
      this.tell((listener) => listener.executionEnded?.(execution, execution.status.toLowerCase() as Lowercase<ExecutionStatus>));
      const retry = retryOf(execution, this.book.jobs.get(jobId)!, this.book.nextOrder, this.clock.now());
      if (retry !== undefined && this.book.executionCount < JOB_SAFETY.executions) {
        this.put(retry);
      }
    }
    return execution;
  }

  /** Take an execution away, as if it had never been. */
  public take(execution: ExecutionRecord): void {
    const touched = this.touch(execution);
    this.unwatch(execution);
    this.book.remove(execution);
    if (isPending(execution)) {
      touched.lists.add(execution.thingName);
    }
    this.tell((listener) => listener.executionEnded?.(execution, 'deleted'));
  }

  private touch({ jobId, thingName }: ExecutionRecord): Touched {
    const touched = this.touched!;
    touched.jobs.add(jobId);
    if (!touched.next.has(thingName)) {
      touched.next.set(thingName, this.next(thingName));
    }
    return touched;
  }

  /**
   * A job is canceled that meets a criterion to be given up. AWS IoT writes a comment and a reason of its own too, and does
   * not say which.
   */
  private giveUp(jobId: string): void {
    const job = this.book.jobs.get(jobId);
    const met = job?.status === 'IN_PROGRESS' ? metCriterion(job.abortConfig, this.book.attemptsOf(jobId)) : undefined;
    if (met !== undefined) {
      const { failureType, thresholdPercentage, minNumberOfExecutedThings } = met;
      const which = failureType === 'ALL' ? 'FAILED, REJECTED or TIMED_OUT' : failureType;
      this.cancel(jobId, { force: false, reasonCode: 'ABORT_CRITERIA_MET', comment: `At least ${thresholdPercentage}% of ${minNumberOfExecutedThings} or more executions are ${which}` });
    }
  }

  /** A job is complete when nothing of it is left to be done, and no more things can become targets. */
  private complete(jobId: string): void {
    const job = this.book.jobs.get(jobId);
    const { QUEUED: queuedThings = 0, IN_PROGRESS: busyThings = 0 } = this.book.countsOf(jobId);
    const isFinal = job?.status === 'IN_PROGRESS' && (job.targetSelection === 'SNAPSHOT' || job.hasEnded === true);
    if (isFinal && queuedThings + busyThings + this.book.waitingFor(jobId).size === 0) {
      const now = this.clock.now();
      const completed: JobRecord = { ...job, status: 'COMPLETED', completedAt: now, lastUpdatedAt: now };
      this.putJob(completed);
      this.tell((listener) => listener.jobChanged?.(completed, 'completed'));
    }
  }

  private watch(execution: ExecutionRecord): void {
    this.unwatch(execution);
    const deadline = deadlineOf(execution);
    if (deadline !== undefined) {
      this.timers.set(keyOf(execution), this.clock.after(Math.max(0, deadline - this.clock.now()), () => this.timeOut(execution)));
    }
  }

  private unwatch(execution: ExecutionRecord): void {
    const key = keyOf(execution);
    this.timers.get(key)?.cancel();
    this.timers.delete(key);
  }

  private timeOut({ jobId, thingName, executionNumber }: ExecutionRecord): void {
    const execution = this.book.find(jobId, thingName, executionNumber);
    if (execution?.status === 'IN_PROGRESS') {
      this.change(() => this.put(changed(execution, 'TIMED_OUT', this.clock.now())));
    }
  }
}

function isSame(one: ExecutionRecord | undefined, other: ExecutionRecord | undefined): boolean {
  return one?.jobId === other?.jobId && one?.executionNumber === other?.executionNumber;
}

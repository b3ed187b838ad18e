import { IotError, invalidRequest, notFound } from '../account';
import type { Account, ThingRecord } from '../account';
import type { Clock, Timer } from '../clock';
import type { Storage } from '../storage';
import { Rejection } from './errors';
import { changed, deadlineOf, inProgress, isPending, queued, retryOf } from './execution';
import type { Step } from './execution';
import { JobBook, sizeOfDetails } from './job-book';
import { JOB_SAFETY } from './limits';
import type { ExecutionRecord, ExecutionStatus, JobRecord } from './records';
import { Targets } from './targets';

export interface JobsProps {
  readonly account: Account;
  readonly clock: Clock;
  readonly storage: Storage;
}

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
}

/** What a device reports. */
export interface Report extends Step {
  readonly status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'REJECTED';
  readonly expectedVersion?: number | undefined;
  readonly executionNumber?: number | undefined;
}

/** What a change has touched so far. */
interface Touched {
  readonly next: Map<string, ExecutionRecord | undefined>;
  readonly lists: Set<string>;
  readonly jobs: Set<string>;
  readonly told: ((listener: JobsListener) => void)[];
}

/**
 * Jobs and what becomes of them: whoever asks, device or operator. A change is made whole before anybody learns of it, so
 * that a thing which gets ten jobs at once is told of its next one once.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html
 */
export class Jobs {
  public readonly book: JobBook;
  private readonly targets: Targets;
  private readonly listeners: JobsListener[] = [];
  private readonly timers = new Map<string, Timer>();
  private readonly unlisten: () => void;
  private touched: Touched | undefined;

  constructor(private readonly props: JobsProps) {
    const { account, storage } = props;
    this.book = new JobBook(storage);
    this.targets = new Targets(account);
    for (const execution of this.book.allPending()) {
      this.watch(execution);
    }
    for (const job of this.book.jobs.values()) {
      this.targets.watch(job);
    }
    this.unlisten = account.store.onChange((table, _key, before, after) => {
      if (table === 'things') {
        this.followThing(before as ThingRecord | undefined, after as ThingRecord | undefined);
      }
    });
  }

  public listen(listener: JobsListener): void {
    this.listeners.push(listener);
  }

  public stop(): void {
    this.unlisten();
    this.timers.forEach((timer) => timer.cancel());
    this.timers.clear();
  }

  /** What a device is to do next; undefined when there is nothing. */
  public next(thingName: string): ExecutionRecord | undefined {
    return this.book.pendingOf(thingName)[0];
  }

  /** Start the next execution of a thing, or find it started. */
  public startNext(thingName: string, step: Step): ExecutionRecord | undefined {
    const next = this.next(thingName);
    if (next === undefined) {
      return undefined;
    }
    const isQueued = next.status === 'QUEUED';
    if (!isQueued && step.stepTimeoutInMinutes === undefined) {
      return next;
    }
    // The details of one in progress are not changed.
    return this.change(() => this.put(inProgress(next, this.job(next.jobId), isQueued ? step : { stepTimeoutInMinutes: step.stepTimeoutInMinutes }, this.now())));
  }

  /** @throws Rejection for an execution that is not there. */
  public execution(jobId: string, thingName: string, executionNumber?: number): ExecutionRecord {
    const found = this.book.find(jobId, thingName, executionNumber);
    if (found === undefined) {
      throw new Rejection('ResourceNotFound', `There is no job execution ${executionNumber === undefined ? '' : `${executionNumber} `}for thing ${thingName} and job ${jobId}`);
    }
    return found;
  }

  /**
   * Take what a device says of an execution.
   *
   * @throws Rejection for one that is not there, has ended, or has changed since
   */
  public report(jobId: string, thingName: string, { status, expectedVersion, executionNumber, ...step }: Report): ExecutionRecord {
    const execution = this.execution(jobId, thingName, executionNumber);
    if (expectedVersion !== undefined && expectedVersion !== execution.versionNumber) {
      throw new Rejection('VersionMismatch', `Expected version ${expectedVersion} does not match the version ${execution.versionNumber} of the job execution`, execution);
    }
    if (!isPending(execution)) {
      throw new Rejection('InvalidStateTransition', `A job execution in status ${execution.status} cannot be changed to ${status}`, execution);
    }
    const added = step.statusDetails === undefined ? 0 : sizeOfDetails(step.statusDetails) - sizeOfDetails(execution.statusDetails);
    if (added > 0 && this.book.detailsBytes + added > JOB_SAFETY.allDetailsBytes) {
      throw new Rejection('RequestThrottled', `the status details of all job executions have ${JOB_SAFETY.allDetailsBytes} bytes, the most that the twin keeps`);
    }
    return this.change(() => this.put(status === 'IN_PROGRESS'
      ? inProgress(execution, this.job(jobId), step, this.now())
      : changed(execution, status, this.now(), step.statusDetails && { statusDetails: step.statusDetails })));
  }

  /** @throws IotError for a job that is not there. */
  public job(jobId: string): JobRecord {
    const job = this.book.jobs.get(jobId);
    if (job === undefined) {
      throw notFound(`Job ${jobId}`);
    }
    return job;
  }

  /**
   * Begin a job: each of its things has an execution from now on.
   *
   * @throws IotError for targets that are not there, and beyond what the twin keeps
   */
  public create(job: JobRecord): void {
    const things = this.targets.thingsOf(job.targets);
    this.makeRoom(things.size, job.document.length, this.book.jobs.size);
    this.change(() => {
      this.keep(job);
      things.forEach((thingName) => this.queue(job.jobId, thingName));
    });
  }

  /** Change what is kept of a job. */
  public update(job: JobRecord): void {
    this.change(() => this.keep({ ...job, lastUpdatedAt: this.now() }));
  }

  /** Give a continuous job more targets. */
  public associate(jobId: string, targets: readonly string[], comment: string | undefined): void {
    const job = this.job(jobId);
    const things = [...this.targets.thingsOf(targets)].filter((thingName) => this.book.find(jobId, thingName) === undefined);
    this.makeRoom(things.length, 0, 0);
    this.change(() => {
      this.keep({ ...job, targets: targetsOf(job.targets, targets), lastUpdatedAt: this.now(), ...(comment === undefined ? {} : { comment }) });
      things.forEach((thingName) => this.queue(jobId, thingName));
    });
  }

  /** Cancel a job, and what is queued of it; by force also what is in progress. */
  public cancel(jobId: string, { force, comment, reasonCode }: { readonly force: boolean; readonly comment?: string | undefined; readonly reasonCode?: string | undefined }): JobRecord {
    const now = this.now();
    const job: JobRecord = {
      ...this.job(jobId), status: 'CANCELED', lastUpdatedAt: now, ...(force && { forceCanceled: true }), ...(comment === undefined ? {} : { comment }), ...(reasonCode === undefined ? {} : { reasonCode }),
    };
    return this.change((): JobRecord => {
      this.keep(job);
      this.tell((listener) => listener.jobChanged?.(job, 'cancellation_in_progress'));
      for (const execution of [...this.book.executionsOfJob(jobId)]) {
        if (execution.status === 'QUEUED' || (force && execution.status === 'IN_PROGRESS')) {
          this.put(changed(execution, 'CANCELED', now, force ? { forceCanceled: true } : {}));
        }
      }
      this.tell((listener) => listener.jobChanged?.(job, 'canceled'));
      return job;
    });
  }

  /** Cancel one execution. */
  public cancelExecution(execution: ExecutionRecord, force: boolean, statusDetails: ExecutionRecord['statusDetails']): void {
    this.change(() => this.put(changed(execution, 'CANCELED', this.now(), { ...(force && { forceCanceled: true }), ...(statusDetails && { statusDetails }) })));
  }

  /** Remove one execution, as if it had never been. */
  public removeExecution(execution: ExecutionRecord): void {
    this.change(() => this.take(execution));
  }

  /** Remove a job with all of its executions. */
  public remove(jobId: string): void {
    const job = { ...this.job(jobId), lastUpdatedAt: this.now() };
    this.change(() => {
      this.tell((listener) => listener.jobChanged?.(job, 'deletion_in_progress'));
      for (const execution of [...this.book.executionsOfJob(jobId)]) {
        this.take(execution);
      }
      this.targets.forget(job);
      this.book.removeJob(jobId);
      this.tell((listener) => listener.jobChanged?.(job, 'deleted'));
    });
  }

  /** @throws IotError when there is no room for more of something. */
  public makeRoom(executions: number, documentLength: number, jobs: number): void {
    const full = this.book.executionCount + executions > JOB_SAFETY.executions ? `${JOB_SAFETY.executions} job executions`
      : this.book.documentBytes + documentLength > JOB_SAFETY.documentBytes ? `${JOB_SAFETY.documentBytes} bytes of job documents`
        : jobs >= JOB_SAFETY.jobs ? `${JOB_SAFETY.jobs} jobs` : undefined;
    if (full !== undefined) {
      throw new IotError('LimitExceededException', `the twin keeps at most ${full}; delete jobs that are done`);
    }
  }

  private now(): number {
    return this.props.clock.now();
  }

  private keep(job: JobRecord): void {
    this.targets.forget(job);
    this.book.putJob(job);
    this.targets.watch(job);
    this.touched!.jobs.add(job.jobId);
  }

  /** Queue a job for a thing, once more if it has been there before. */
  private queue(jobId: string, thingName: string): void {
    const executionNumber = (this.book.find(jobId, thingName)?.executionNumber ?? 0) + 1;
    this.put(queued({ jobId, thingName, executionNumber, order: this.book.nextOrder }, this.now()));
  }

  /** Who is in a target group of a continuous job is a target, as long as it is there. */
  private followThing(before: ThingRecord | undefined, after: ThingRecord | undefined): void {
    const thingName = (after ?? before)!.thingName;
    if (after === undefined) {
      this.change(() => this.book.pendingOf(thingName).slice().forEach((execution) => this.put(changed(execution, 'REMOVED', this.now()))));
      return;
    }
    if (before?.groups === after.groups) {
      return;
    }
    const [then, now] = [this.targets.jobsAround(before?.groups ?? []), this.targets.jobsAround(after.groups)];
    this.change(() => {
      for (const jobId of then) {
        const execution = this.book.find(jobId, thingName);
        if (!now.has(jobId) && execution !== undefined && isPending(execution) && !this.job(jobId).targets.includes(this.props.account.arn(`thing/${thingName}`))) {
          this.put(changed(execution, 'REMOVED', this.now()));
        }
      }
      for (const jobId of now) {
        const execution = this.book.find(jobId, thingName);
        if (!then.has(jobId) && (execution === undefined || !isPending(execution)) && this.book.executionCount < JOB_SAFETY.executions) {
          this.queue(jobId, thingName);
        }
      }
    });
  }

  /** Make a change whole, then tell what has become of it. */
  private change<T>(work: () => T): T {
    if (this.touched !== undefined) {
      return work();
    }
    const touched: Touched = { next: new Map(), lists: new Set(), jobs: new Set(), told: [] };
    this.touched = touched;
    try {
      const result = work();
      touched.jobs.forEach((jobId) => this.complete(jobId));
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
    }
  }

  private tell(told: (listener: JobsListener) => void): void {
    this.touched!.told.push(told);
  }

  private touch({ jobId, thingName }: ExecutionRecord): Touched {
    const touched = this.touched!;
    touched.jobs.add(jobId);
    if (!touched.next.has(thingName)) {
      touched.next.set(thingName, this.next(thingName));
    }
    return touched;
  }

  private put(execution: ExecutionRecord): ExecutionRecord {
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
      const retry = retryOf(execution, this.job(jobId), this.book.nextOrder, this.now());
      if (retry !== undefined) {
        this.put(retry);
      }
    }
    return execution;
  }

  private take(execution: ExecutionRecord): void {
    const touched = this.touch(execution);
    this.unwatch(execution);
    this.book.remove(execution);
    if (isPending(execution)) {
      touched.lists.add(execution.thingName);
    }
    this.tell((listener) => listener.executionEnded?.(execution, 'deleted'));
  }

  /** A snapshot job is complete when nothing of it is left to be done. */
  private complete(jobId: string): void {
    const job = this.book.jobs.get(jobId);
    const { QUEUED: queuedThings = 0, IN_PROGRESS: busyThings = 0 } = this.book.countsOf(jobId);
    if (job?.status === 'IN_PROGRESS' && job.targetSelection === 'SNAPSHOT' && queuedThings + busyThings === 0) {
      const now = this.now();
      const completed: JobRecord = { ...job, status: 'COMPLETED', completedAt: now, lastUpdatedAt: now };
      this.book.putJob(completed);
      this.tell((listener) => listener.jobChanged?.(completed, 'completed'));
    }
  }

  private watch(execution: ExecutionRecord): void {
    this.unwatch(execution);
    const deadline = deadlineOf(execution);
    if (deadline !== undefined) {
      this.timers.set(timerOf(execution), this.props.clock.after(Math.max(0, deadline - this.now()), () => this.timeOut(execution)));
    }
  }

  private unwatch(execution: ExecutionRecord): void {
    const key = timerOf(execution);
    this.timers.get(key)?.cancel();
    this.timers.delete(key);
  }

  private timeOut({ jobId, thingName, executionNumber }: ExecutionRecord): void {
    const execution = this.book.find(jobId, thingName, executionNumber);
    if (execution?.status === 'IN_PROGRESS') {
      this.change(() => this.put(changed(execution, 'TIMED_OUT', this.now())));
    }
  }
}

/** @throws IotError when there are more than a job may have. */
export function targetsOf(before: readonly string[], more: readonly string[], most = Infinity): readonly string[] {
  const all = [...new Set([...before, ...more])];
  if (all.length === 0 || all.length > most) {
    throw invalidRequest(`a job must have from 1 to ${most} targets, got ${all.length}`);
  }
  return all;
}

function isSame(one: ExecutionRecord | undefined, other: ExecutionRecord | undefined): boolean {
  return one?.jobId === other?.jobId && one?.executionNumber === other?.executionNumber;
}

function timerOf({ jobId, thingName, executionNumber }: ExecutionRecord): string {
  return `${jobId}/${thingName}/${executionNumber}`;
}

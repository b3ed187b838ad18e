import { IotError, invalidRequest, notFound } from '../account';
import type { Account, ThingRecord } from '../account';
import type { Clock } from '../clock';
import type { Storage } from '../storage';
import { Rejection } from './errors';
import { changed, inProgress, isPending, queued } from './execution';
import type { Step } from './execution';
import { JobBook, sizeOfDetails } from './job-book';
import { Ledger } from './ledger';
import type { JobsListener } from './ledger';
import { JOB_SAFETY } from './limits';
import type { ExecutionRecord, JobRecord } from './records';
import { Targets } from './targets';

export interface JobsProps {
  readonly account: Account;
  readonly clock: Clock;
  readonly storage: Storage;
}

/** What a device reports. */
export interface Report extends Step {
  readonly status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'REJECTED';
  readonly expectedVersion?: number | undefined;
  readonly executionNumber?: number | undefined;
}

/**
 * Jobs and what becomes of them, whoever asks: device or operator.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html
 */
export class Jobs {
  public readonly book: JobBook;
  private readonly targets: Targets;
  private readonly ledger: Ledger;
  private readonly unlisten: () => void;

  constructor(private readonly props: JobsProps) {
    const { account, clock, storage } = props;
    this.book = new JobBook(storage);
    this.ledger = new Ledger(this.book, clock);
    this.targets = new Targets(account);
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
    this.ledger.listen(listener);
  }

  public stop(): void {
    this.unlisten();
    this.ledger.stop();
  }

  /** What a device is to do next; undefined when there is nothing. */
  public next(thingName: string): ExecutionRecord | undefined {
    return this.ledger.next(thingName);
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
    this.checkRoomFor(step, next);
    // The details of one in progress are not changed.
    return this.ledger.change(() => this.ledger.put(inProgress(next, this.job(next.jobId), isQueued ? step : { stepTimeoutInMinutes: step.stepTimeoutInMinutes }, this.now())));
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
    this.checkRoomFor(step, execution);
    return this.ledger.change(() => this.ledger.put(status === 'IN_PROGRESS'
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
    this.ledger.change(() => {
      this.keep(job);
      things.forEach((thingName) => this.queue(job.jobId, thingName));
    });
  }

  /** Change what is kept of a job. */
  public update(job: JobRecord): void {
    this.ledger.change(() => this.keep({ ...job, lastUpdatedAt: this.now() }));
  }

  /** Give a continuous job more targets. */
  public associate(jobId: string, targets: readonly string[], comment: string | undefined): void {
    const job = this.job(jobId);
    const things = [...this.targets.thingsOf(targets)].filter((thingName) => this.book.find(jobId, thingName) === undefined);
    this.makeRoom(things.length, 0, 0);
    this.ledger.change(() => {
      this.keep({ ...job, targets: targetsOf(job.targets, targets), lastUpdatedAt: this.now(), ...(comment === undefined ? {} : { comment }) });
      things.forEach((thingName) => this.queue(jobId, thingName));
    });
  }

  /** Cancel a job, and what is queued of it; by force also what is in progress. */
  public cancel(jobId: string, { force, comment, reasonCode }: { readonly force: boolean; readonly comment?: string | undefined; readonly reasonCode?: string | undefined }): void {
    const now = this.now();
    const job: JobRecord = {
      ...this.job(jobId), status: 'CANCELED', lastUpdatedAt: now, ...(force && { forceCanceled: true }), ...(comment === undefined ? {} : { comment }), ...(reasonCode === undefined ? {} : { reasonCode }),
    };
    this.ledger.change(() => {
      this.keep(job);
      this.ledger.tell((listener) => listener.jobChanged?.(job, 'cancellation_in_progress'));
      for (const execution of [...this.book.executionsOfJob(jobId)]) {
        if (execution.status === 'QUEUED' || (force && execution.status === 'IN_PROGRESS')) {
          this.ledger.put(changed(execution, 'CANCELED', now, force ? { forceCanceled: true } : {}));
        }
      }
      this.ledger.tell((listener) => listener.jobChanged?.(job, 'canceled'));
    });
  }

  /** Cancel one execution. */
  public cancelExecution(execution: ExecutionRecord, force: boolean, statusDetails: ExecutionRecord['statusDetails']): void {
    this.ledger.change(() => this.ledger.put(changed(execution, 'CANCELED', this.now(), { ...(force && { forceCanceled: true }), ...(statusDetails && { statusDetails }) })));
  }

  /** Remove one execution, as if it had never been. */
  public removeExecution(execution: ExecutionRecord): void {
    this.ledger.change(() => this.ledger.take(execution));
  }

  /** Remove a job with all of its executions. */
  public remove(jobId: string): void {
    const job = { ...this.job(jobId), lastUpdatedAt: this.now() };
    this.ledger.change(() => {
      this.ledger.tell((listener) => listener.jobChanged?.(job, 'deletion_in_progress'));
      for (const execution of [...this.book.executionsOfJob(jobId)]) {
        this.ledger.take(execution);
      }
      this.targets.forget(job);
      this.book.removeJob(jobId);
      this.ledger.tell((listener) => listener.jobChanged?.(job, 'deleted'));
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

  /** @throws Rejection when there is no room for more status details. */
  private checkRoomFor({ statusDetails }: Step, before: ExecutionRecord): void {
    const added = statusDetails === undefined ? 0 : sizeOfDetails(statusDetails) - sizeOfDetails(before.statusDetails);
    if (added > 0 && this.book.detailsBytes + added > JOB_SAFETY.allDetailsBytes) {
      throw new Rejection('RequestThrottled', `the status details of all job executions have ${JOB_SAFETY.allDetailsBytes} bytes, the most that the twin keeps`);
    }
  }

  private keep(job: JobRecord): void {
    this.targets.forget(job);
    this.ledger.putJob(job);
    this.targets.watch(job);
  }

  /** Queue a job for a thing, once more if it has been there before. */
  private queue(jobId: string, thingName: string): void {
    const executionNumber = (this.book.find(jobId, thingName)?.executionNumber ?? 0) + 1;
    this.ledger.put(queued({ jobId, thingName, executionNumber, order: this.book.nextOrder }, this.now()));
  }

  /** Who is in a target group of a continuous job is a target, as long as it is there. */
  private followThing(before: ThingRecord | undefined, after: ThingRecord | undefined): void {
    const thingName = (after ?? before)!.thingName;
    if (after === undefined) {
      this.ledger.change(() => this.book.pendingOf(thingName).slice().forEach((execution) => this.ledger.put(changed(execution, 'REMOVED', this.now()))));
      return;
    }
    if (before?.groups === after.groups) {
      return;
    }
    const [then, now] = [this.targets.jobsAround(before?.groups ?? []), this.targets.jobsAround(after.groups)];
    this.ledger.change(() => {
      for (const jobId of then) {
        const execution = this.book.find(jobId, thingName);
        if (!now.has(jobId) && execution !== undefined && isPending(execution) && !this.job(jobId).targets.includes(this.props.account.arn(`thing/${thingName}`))) {
          this.ledger.put(changed(execution, 'REMOVED', this.now()));
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
}

/** @throws IotError when there are none, or more than a job may have. */
export function targetsOf(before: readonly string[], more: readonly string[], most = Infinity): readonly string[] {
  const all = [...new Set([...before, ...more])];
  if (all.length === 0 || all.length > most) {
    throw invalidRequest(`a job must have from 1 to ${most} targets, got ${all.length}`);
  }
  return all;
}

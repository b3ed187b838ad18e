import { IotError, invalidRequest, notFound } from '../account';
import type { Account, ThingRecord } from '../account';
import type { Clock } from '../clock';
import type { Storage } from '../storage';
import { Rejection } from './errors';
import { changed, inProgress, isPending } from './execution';
import type { Step } from './execution';
import { JobBook, sizeOfDetails } from './job-book';
import { Ledger } from './ledger';
import type { Cancellation, JobsListener } from './ledger';
import { JOB_SAFETY } from './limits';
import type { ExecutionRecord, JobRecord } from './records';
import { Rollouts } from './rollouts';
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
  private readonly rollouts: Rollouts;
  private readonly unlisten: () => void;

  constructor(private readonly props: JobsProps) {
    const { account, clock, storage } = props;
    this.book = new JobBook(storage);
    this.targets = new Targets(account);
    this.ledger = new Ledger({ book: this.book, clock, onJob: (job) => this.follow(job) });
    this.rollouts = new Rollouts({ ledger: this.ledger, targets: this.targets, clock });
    for (const job of this.book.jobs.values()) {
      this.follow(job);
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
    this.rollouts.stop();
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
   * Begin a job, now or when it is scheduled: it reaches its things as fast as it says.
   *
   * @throws IotError for targets that are not there, and beyond what the twin keeps
   */
  public create(job: JobRecord): void {
    const things = this.targets.thingsOf(job.targets);
    this.makeRoom(things.size, job.document.length, this.book.jobs.size);
    this.ledger.change(() => {
      this.ledger.putJob(job);
      if (job.status === 'IN_PROGRESS') {
        this.rollouts.rollOut(job, things);
      }
    });
  }

  /** Change what is kept of a job. */
  public update(job: JobRecord): void {
    this.ledger.change(() => this.ledger.putJob({ ...job, lastUpdatedAt: this.now() }));
  }

  /** Give a continuous job more targets; their things are reached at once, unless it has yet to start. */
  public associate(jobId: string, targets: readonly string[], comment: string | undefined): void {
    const job = this.job(jobId);
    const all = this.targets.thingsOf(targets);
    const things = job.status === 'SCHEDULED' ? [] : [...all].filter((thingName) => this.book.find(jobId, thingName) === undefined && !this.book.waitingFor(jobId).has(thingName));
    this.makeRoom(things.length, 0, 0);
    this.ledger.change(() => {
      this.ledger.putJob({ ...job, targets: targetsOf(job.targets, targets), lastUpdatedAt: this.now(), ...(comment === undefined ? {} : { comment }) });
      things.forEach((thingName) => this.ledger.queue(jobId, thingName));
    });
  }

  /** Cancel a job, and what is queued of it; by force also what is in progress. */
  public cancel(jobId: string, cancellation: Cancellation): void {
    this.job(jobId);
    this.ledger.change(() => this.ledger.cancel(jobId, cancellation));
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
      this.ledger.stopWaiting(jobId);
      this.targets.forget(job);
      this.rollouts.forget(jobId);
      this.book.removeJob(jobId);
      this.props.account.store.remove('jobTags', jobId);
      this.ledger.tell((listener) => listener.jobChanged?.(job, 'deleted'));
    });
  }

  /** Remove a template; jobs that were made of it go on. */
  public removeTemplate(jobTemplateId: string): void {
    this.book.removeTemplate(jobTemplateId);
    this.props.account.store.remove('jobTemplateTags', jobTemplateId);
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

  private follow(job: JobRecord): void {
    this.targets.forget(job);
    this.targets.watch(job);
    this.rollouts.follow(job);
  }

  /** Who is in a target group of a continuous job is a target, as long as it is there. */
  private followThing(before: ThingRecord | undefined, after: ThingRecord | undefined): void {
    const thingName = (after ?? before)!.thingName;
    if (after === undefined) {
      this.ledger.change(() => {
        this.book.pendingOf(thingName).slice().forEach((execution) => this.ledger.put(changed(execution, 'REMOVED', this.now())));
        this.book.jobsThatReach(thingName).forEach((jobId) => this.ledger.stopWaiting(jobId, [thingName]));
      });
      return;
    }
    if (before?.groups === after.groups) {
      return;
    }
    const [then, now] = [this.targets.jobsAround(before?.groups ?? []), this.targets.jobsAround(after.groups)];
    this.ledger.change(() => {
      for (const jobId of then) {
        if (!now.has(jobId) && !this.job(jobId).targets.includes(this.props.account.arn(`thing/${thingName}`))) {
          this.leave(jobId, thingName);
        }
      }
      for (const jobId of now) {
        const execution = this.book.find(jobId, thingName);
        const isMeant = (execution !== undefined && isPending(execution)) || this.book.waitingFor(jobId).has(thingName);
        if (!then.has(jobId) && !isMeant && this.ledger.room > 0) {
          this.ledger.queue(jobId, thingName);
        }
      }
    });
  }

  /** A thing is no target of a job any more. */
  private leave(jobId: string, thingName: string): void {
    const execution = this.book.find(jobId, thingName);
    if (execution !== undefined && isPending(execution)) {
      this.ledger.put(changed(execution, 'REMOVED', this.now()));
    }
    if (this.book.waitingFor(jobId).has(thingName)) {
      this.ledger.stopWaiting(jobId, [thingName]);
    }
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

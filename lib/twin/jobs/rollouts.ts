import type { Clock, Timer } from '../clock';
import type { Ledger } from './ledger';
import type { JobRecord } from './records';
import { rateOf } from './rollout-rate';
import type { Targets } from './targets';

const MINUTE_MS = 60_000;

export interface RolloutsProps {
  readonly ledger: Ledger;
  readonly targets: Targets;
  readonly clock: Clock;
}

/**
 * Brings jobs to their things: from when they start until they end, as many each minute as they ask for. That a minute's
 * things are told at its beginning is unconfirmed.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html#job-rollout-abort-scheduling
 */
export class Rollouts {
  private readonly timers = new Map<string, Timer>();

  constructor(private readonly props: RolloutsProps) {}

  /** Wait for what is next of a job, as it now is. */
  public follow({ jobId, status, startsAt, endsAt, hasEnded, rollout }: JobRecord): void {
    this.forget(jobId);
    const due = Math.min(
      status === 'SCHEDULED' ? startsAt ?? Infinity : Infinity,
      isOpen(status) && hasEnded !== true ? endsAt ?? Infinity : Infinity,
      status === 'IN_PROGRESS' ? rollout?.nextAt ?? Infinity : Infinity,
    );
    if (due !== Infinity) {
      const { clock } = this.props;
      this.timers.set(jobId, clock.after(Math.max(0, due - clock.now()), () => this.goOn(jobId)));
    }
  }

  public forget(jobId: string): void {
    this.timers.get(jobId)?.cancel();
    this.timers.delete(jobId);
  }

  public stop(): void {
    this.timers.forEach((timer) => timer.cancel());
    this.timers.clear();
  }

  /** Bring a job to things, the first of them at once; within a change. */
  public rollOut(job: JobRecord, things: Iterable<string>): void {
    for (const thingName of things) {
      this.props.ledger.book.putWaiting(job.jobId, thingName);
    }
    this.reachNext(job);
  }

  /** Do what is due; a long time to wait comes in pieces, and nothing may be due yet. */
  private goOn(jobId: string): void {
    const { ledger, clock } = this.props;
    const job = ledger.book.jobs.get(jobId);
    const now = clock.now();
    if (job === undefined) {
      return;
    }
    ledger.change(() => {
      // What was missed while the twin was not there is over.
      if (isOpen(job.status) && job.hasEnded !== true && (job.endsAt ?? Infinity) <= now) {
        this.end(job);
      } else if (job.status === 'SCHEDULED' && (job.startsAt ?? Infinity) <= now) {
        this.start({ ...job, status: 'IN_PROGRESS', lastUpdatedAt: now });
      } else if (job.status === 'IN_PROGRESS' && (job.rollout?.nextAt ?? Infinity) <= now) {
        this.reachNext(job);
      } else {
        this.follow(job);
      }
    });
  }

  /** Who is a target is looked up now: some may have gone since the job was created. */
  private start(job: JobRecord): void {
    const { ledger, targets } = this.props;
    ledger.putJob(job);
    this.rollOut(job, targets.thingsThatAreThere(job.targets, ledger.room));
  }

  /**
   * What "all job executions" do at the end is for the `endBehavior`; without one they go on. Once they are over, the job is complete.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html#iot-jobs-states
   */
  private end(job: JobRecord): void {
    const { ledger, clock } = this.props;
    const { endBehavior = 'STOP_ROLLOUT' } = job.schedulingConfig ?? {};
    ledger.stopWaiting(job.jobId);
    const { rollout, ...ended } = job;
    ledger.putJob({ ...ended, status: 'IN_PROGRESS', hasEnded: true, lastUpdatedAt: clock.now() });
    if (endBehavior !== 'STOP_ROLLOUT') {
      ledger.cancelExecutions(job.jobId, endBehavior === 'FORCE_CANCEL');
    }
  }

  private reachNext({ rollout, ...job }: JobRecord): void {
    const { ledger, clock } = this.props;
    const { book } = ledger;
    const { reachedThings } = rollout ?? { reachedThings: 0 };
    const waiting = book.waitingFor(job.jobId);
    let left = rateOf(job.jobExecutionsRolloutConfig, { reachedThings, succeededThings: book.countsOf(job.jobId).SUCCEEDED ?? 0 });
    const batch: string[] = [];
    for (const thingName of waiting) {
      if (left-- <= 0) {
        break;
      }
      batch.push(thingName);
    }
    batch.forEach((thingName) => {
      book.removeWaiting(job.jobId, thingName);
      ledger.queue(job.jobId, thingName);
    });
    ledger.putJob({ ...job, ...waiting.size > 0 && { rollout: { reachedThings: reachedThings + batch.length, nextAt: clock.now() + MINUTE_MS } } });
  }
}

function isOpen(status: JobRecord['status']): boolean {
  return status === 'SCHEDULED' || status === 'IN_PROGRESS';
}

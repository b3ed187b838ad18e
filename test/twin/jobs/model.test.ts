import fc from 'fast-check';
import { JOB_LIMITS } from '../../../lib/twin/jobs/limits';
import { Desk } from './desk';
import type { Payload } from './desk';

const THINGS = ['a', 'b'];
const JOBS = ['j0', 'j1', 'j2'];
const DEVICE_STATUSES = ['IN_PROGRESS', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'];

/** What somebody does. */
type Step =
  | { readonly do: 'create'; readonly job: string; readonly things: readonly string[]; readonly minutes: number | undefined; readonly retries: number }
  | { readonly do: 'startNext'; readonly thing: string; readonly minutes: number | undefined }
  | { readonly do: 'update'; readonly thing: string; readonly job: string; readonly status: string; readonly version: number | undefined }
  | { readonly do: 'cancel' | 'delete'; readonly job: string; readonly force: boolean }
  | { readonly do: 'cancelOne' | 'deleteOne'; readonly thing: string; readonly job: string; readonly force: boolean }
  | { readonly do: 'wait'; readonly minutes: number };

const thing = fc.constantFrom(...THINGS);
const job = fc.constantFrom(...JOBS);
const force = fc.boolean();
const minutes = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), job, things: fc.subarray(THINGS, { minLength: 1 }), minutes, retries: fc.constantFrom(0, 0, 1, 2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('startNext' as const), thing, minutes }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('update' as const), thing, job, status: fc.constantFrom(...DEVICE_STATUSES), version: fc.constantFrom(undefined, undefined, 1, 2, 3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'delete' as const), job, force }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancelOne' as const, 'deleteOne' as const), thing, job, force }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 6 }) }) },
);

/** An execution as the model has it: it knows nothing of indexes, storage or timers. */
interface Attempt {
  readonly job: string;
  readonly thing: string;
  readonly number: number;
  readonly place: number;
  readonly limit: number | undefined;
  readonly triesLeft: number;
  status: string;
  version: number;
  endsAt: number;
  stepEndsAt: number;

  /** What changed last times out last of those whose time is over at once. */
  changed: number;
}

/** A slow and direct account of what jobs do: one list, looked through anew for everything. */
class Model {
  public attempts: Attempt[] = [];
  public readonly running = new Map<string, boolean>();
  private time = 0;
  private places = 0;
  private changes = 0;

  public pending(of: string): Attempt[] {
    const mine = this.attempts.filter(({ thing, status }) => thing === of && (status === 'QUEUED' || status === 'IN_PROGRESS'));
    const inOrder = (status: string): Attempt[] => mine.filter((one) => one.status === status).sort((a, b) => a.place - b.place);
    return [...inOrder('IN_PROGRESS'), ...inOrder('QUEUED')];
  }

  public apply(act: Step): void {
    switch (act.do) {
      case 'create':
        if (!this.running.has(act.job)) {
          this.running.set(act.job, true);
          act.things.forEach((one) => this.queue(act.job, one, 1, act.minutes, act.retries));
        }
        break;
      case 'startNext': {
        const [next] = this.pending(act.thing);
        if (next !== undefined && (next.status === 'QUEUED' || act.minutes !== undefined)) {
          this.progress(next, act.minutes);
        }
        break;
      }
      case 'update': {
        const one = this.latest(act.job, act.thing);
        if (one !== undefined && isOpen(one) && (act.version === undefined || act.version === one.version)) {
          if (act.status === 'IN_PROGRESS') {
            this.progress(one, undefined);
          } else {
            this.end(one, act.status);
          }
        }
        break;
      }
      case 'cancel':
        if (this.running.get(act.job) === true) {
          this.running.set(act.job, false);
          this.attempts.filter((one) => one.job === act.job && (one.status === 'QUEUED' || (act.force && one.status === 'IN_PROGRESS'))).forEach((one) => this.end(one, 'CANCELED'));
        }
        break;
      case 'delete':
        if (this.running.get(act.job) === false || (this.running.has(act.job) && act.force)) {
          this.running.delete(act.job);
          this.attempts = this.attempts.filter((one) => one.job !== act.job);
        }
        break;
      case 'cancelOne': {
        const one = this.latest(act.job, act.thing);
        if (one !== undefined && (one.status === 'QUEUED' || (one.status === 'IN_PROGRESS' && act.force))) {
          this.end(one, 'CANCELED');
        }
        break;
      }
      case 'deleteOne': {
        const one = this.attempts.find((each) => each.job === act.job && each.thing === act.thing && each.number === 1);
        if (one !== undefined && (!isOpen(one) || act.force)) {
          this.attempts = this.attempts.filter((each) => each !== one);
        }
        break;
      }
      case 'wait':
        this.wait(act.minutes);
        break;
    }
    // A job with nothing left to be done is complete.
    for (const [name, runs] of this.running) {
      this.running.set(name, runs && this.attempts.some((one) => one.job === name && isOpen(one)));
    }
  }

  /** How many things have come how far with a job. */
  public counts(name: string): Map<string, number> {
    const latest = THINGS.flatMap((of) => this.latest(name, of)?.status ?? []);
    return new Map(latest.map((status) => [status, latest.filter((one) => one === status).length]));
  }

  private latest(name: string, of: string): Attempt | undefined {
    return this.attempts.filter((one) => one.job === name && one.thing === of).sort((a, b) => b.number - a.number)[0];
  }

  private queue(name: string, of: string, number: number, limit: number | undefined, triesLeft: number): void {
    this.attempts.push({ job: name, thing: of, number, limit, triesLeft, place: this.places++, status: 'QUEUED', version: 1, endsAt: Infinity, stepEndsAt: Infinity, changed: 0 });
  }

  private progress(one: Attempt, step: number | undefined): void {
    if (one.status === 'QUEUED') {
      one.endsAt = this.time + (one.limit ?? Infinity);
    }
    one.status = 'IN_PROGRESS';
    one.stepEndsAt = step === undefined ? one.stepEndsAt : this.time + step;
    one.changed = ++this.changes;
    one.version++;
  }

  private end(one: Attempt, status: string): void {
    one.status = status;
    one.version++;
    if ((status === 'FAILED' || status === 'TIMED_OUT') && one.triesLeft > 0 && this.running.get(one.job) === true) {
      this.queue(one.job, one.thing, one.number + 1, one.limit, one.triesLeft - 1);
    }
  }

  private wait(time: number): void {
    for (let passed = 0; passed < time; passed++) {
      this.time++;
      this.attempts.filter(({ status, endsAt, stepEndsAt }) => status === 'IN_PROGRESS' && Math.min(endsAt, stepEndsAt) <= this.time).sort((a, b) => a.changed - b.changed).forEach((one) => this.end(one, 'TIMED_OUT'));
    }
  }
}

function isOpen({ status }: Attempt): boolean {
  return status === 'QUEUED' || status === 'IN_PROGRESS';
}

/** Do it to the twin; what it refuses changes nothing, which is for the model to confirm. */
function perform(desk: Desk, act: Step): void {
  const call = (operation: string, input: object): void => {
    try {
      desk.call(operation, input);
    } catch (error) {
      expect((error as Error).name).toMatch(/^(ResourceNotFound|ResourceAlreadyExists|InvalidRequest|InvalidStateTransition)Exception$/);
    }
  };
  switch (act.do) {
    case 'create':
      return call('createJob', {
        jobId: act.job, targets: act.things.map((name) => desk.account.arn(`thing/${name}`)), document: '{}',
        ...(act.minutes === undefined ? {} : { timeoutConfig: { inProgressTimeoutInMinutes: act.minutes } }),
        jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'ALL', numberOfRetries: act.retries }] },
      });
    case 'startNext': return void desk.ask(`${act.thing}/jobs/start-next`, { stepTimeoutInMinutes: act.minutes });
    case 'update': return void desk.ask(`${act.thing}/jobs/${act.job}/update`, { status: act.status, expectedVersion: act.version });
    case 'cancel': return call('cancelJob', { jobId: act.job, force: act.force });
    case 'delete': return call('deleteJob', { jobId: act.job, force: act.force });
    case 'cancelOne': return call('cancelJobExecution', { jobId: act.job, thingName: act.thing, force: act.force });
    case 'deleteOne': return call('deleteJobExecution', { jobId: act.job, thingName: act.thing, executionNumber: 1, force: act.force });
    case 'wait': return desk.clock.advance(act.minutes * 60);
  }
}

const key = ({ job: name, number }: Attempt): string => `${name}/${number}`;

test('whatever happens, things are told of their jobs as a simple account of it says', () => {
  fc.assert(fc.property(fc.array(step, { minLength: 20, maxLength: 40 }), (steps) => {
    const [desk, model] = [new Desk(), new Model()];
    desk.things(...THINGS);
    desk.hear();
    let versions = new Map<string, { readonly version: number; readonly status: string }>();
    for (const act of steps) {
      const pendingBefore = new Map(THINGS.map((name) => [name, model.pending(name).map(key)]));
      model.apply(act);
      perform(desk, act);
      const told = desk.hear();
      for (const name of THINGS) {
        const wanted = model.pending(name);
        const { inProgressJobs, queuedJobs } = desk.ask(`${name}/jobs/get`);
        expect([...inProgressJobs, ...queuedJobs].map((one) => `${one.jobId}/${one.executionNumber}/${one.versionNumber}`)).toEqual(wanted.slice(0, JOB_LIMITS.pendingListed).map((one) => `${key(one)}/${one.version}`));
        const [old, now] = [pendingBefore.get(name)!, wanted.map(key)];
        const to = (topic: string): Payload[] => told.filter(([each]) => each === `$aws/things/${name}/jobs/${topic}`).map(([, payload]) => payload);
        // Time may pass over several ends: each is told, the last one as things then are.
        if (act.do !== 'wait') {
          expect(to('notify')).toHaveLength([...old].sort().join() === [...now].sort().join() ? 0 : 1);
          expect(to('notify-next')).toHaveLength(old[0] === now[0] ? 0 : 1);
        }
        expect(to('notify-next').at(-1)?.execution?.jobId).toBe(to('notify-next').length > 0 ? wanted[0]?.job : undefined);
        if (old[0] !== now[0]) {
          expect(to('notify-next').length).toBeGreaterThan(0);
        }
      }
      // Of those that are there: a job that is made anew has attempts of the same names.
      const before = versions;
      versions = new Map();
      for (const { thing: of, status, version, ...attempt } of model.attempts) {
        const found = desk.service.jobs.book.find(attempt.job, of, attempt.number);
        expect([found?.status, found?.versionNumber]).toEqual([status, version]);
        const id = `${of}/${attempt.job}/${attempt.number}`;
        const last = before.get(id);
        if (last !== undefined && act.do !== 'delete' && act.do !== 'deleteOne' && act.do !== 'create') {
          expect(version).toBeGreaterThanOrEqual(last.version);
          expect(['QUEUED', 'IN_PROGRESS', status]).toContain(last.status);
        }
        versions.set(id, { version, status });
      }
      for (const name of JOBS) {
        expect(desk.service.jobs.book.jobs.get(name)?.status === 'IN_PROGRESS').toBe(model.running.get(name) === true);
        const counted = Object.entries(desk.service.jobs.book.countsOf(name)).filter(([, count]) => count > 0);
        expect(new Map(counted)).toEqual(model.counts(name));
      }
    }
    desk.service.stop();
    expect(desk.clock.pending).toBe(0);
  }), { numRuns: 60 });
});

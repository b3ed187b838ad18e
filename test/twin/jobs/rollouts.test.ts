import fc from 'fast-check';
import { metCriterion } from '../../../lib/twin/jobs/abort';
import { rateOf } from '../../../lib/twin/jobs/rollout-rate';
import { MemoryStorage } from '../support/memory-storage';
import { Desk } from './desk';
import type { Entry } from './desk';

const NAMES = Array.from({ length: 12 }, (_, index) => `thing-${String(index).padStart(2, '0')}`);
const MINUTE = 60;

let desk: Desk;
let arns: readonly string[];

beforeEach(() => {
  desk = new Desk();
  arns = desk.things(...NAMES);
});

interface Shown extends Entry {
  readonly isConcurrent: boolean;
  readonly comment?: string;
  readonly reasonCode?: string;
  readonly jobProcessDetails: Readonly<Record<string, number>> & { readonly processingTargets?: readonly string[] };
}

const job = (of = desk, jobId = 'j'): Shown => of.call('describeJob', { jobId }).job as Shown;

/** The things that have an execution, with its status. */
function reached(of = desk, jobId = 'j'): Readonly<Record<string, string>> {
  const { executionSummaries } = of.call('listJobExecutionsForJob', { jobId, maxResults: 100 });
  return Object.fromEntries(executionSummaries.map(({ thingArn, jobExecutionSummary: { status } }) => [thingArn.split('/')[1]!, status]));
}

/** What a device says of its execution, which is taken. */
function report(thing: string, status: string): void {
  expect(desk.ask(`${thing}/jobs/j/update`, { status }).outcome).toBe('accepted');
}

/** How a job is refused. */
function failure(input: object): string {
  try {
    desk.call('createJob', { jobId: 'refused', targets: arns, document: '{}', ...input });
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error('it was taken');
}

describe('a constant rate', () => {
  test('reaches so many things each minute, and tells nobody else', () => {
    desk.job('j', arns, { jobExecutionsRolloutConfig: { maximumPerMinute: 5 } });
    const topics = (): string[] => desk.hear().flatMap(([topic]) => (topic.endsWith('/notify-next') ? [topic.split('/')[2]!] : []));
    expect(topics()).toEqual(NAMES.slice(0, 5));
    expect(job()).toMatchObject({ status: 'IN_PROGRESS', isConcurrent: true, jobProcessDetails: { numberOfQueuedThings: 5, processingTargets: arns } });
    expect(desk.ask('thing-05/jobs/get')).toMatchObject({ queuedJobs: [] });
    expect(desk.ask('thing-05/jobs/j/get')).toMatchObject({ code: 'ResourceNotFound' });
    desk.clock.advance(MINUTE - 1);
    expect(topics()).toEqual([]);
    desk.clock.advance(1);
    expect(topics()).toEqual(NAMES.slice(5, 10));
    desk.clock.advance(MINUTE);
    expect(topics()).toEqual(NAMES.slice(10));
    expect(job()).toMatchObject({ isConcurrent: false, jobProcessDetails: { numberOfQueuedThings: 12 } });
    expect(job().jobProcessDetails.processingTargets).toBeUndefined();
  });

  test('is a thousand where none is given', () => {
    expect(rateOf(undefined, { reachedThings: 0, succeededThings: 0 })).toBe(1000);
  });

  test('can be changed while the job rolls out', () => {
    desk.job('j', arns, { jobExecutionsRolloutConfig: { maximumPerMinute: 1 } });
    desk.call('updateJob', { jobId: 'j', jobExecutionsRolloutConfig: { maximumPerMinute: 10 } });
    desk.clock.advance(MINUTE);
    expect(Object.keys(reached())).toHaveLength(11);
  });
});

test('a job is not complete before it has reached its last thing', () => {
  desk.job('j', arns.slice(0, 2), { jobExecutionsRolloutConfig: { maximumPerMinute: 1 } });
  report('thing-00', 'SUCCEEDED');
  expect(job().status).toBe('IN_PROGRESS');
  desk.clock.advance(MINUTE);
  report('thing-01', 'SUCCEEDED');
  expect(job().status).toBe('COMPLETED');
});

test('canceling and deleting a job ends its rollout', () => {
  for (const end of ['cancelJob', 'deleteJob']) {
    desk.job(end, arns, { jobExecutionsRolloutConfig: { maximumPerMinute: 1 } });
    desk.call(end, { jobId: end, ...end === 'deleteJob' && { force: true } });
  }
  desk.clock.advance(10 * MINUTE);
  expect(reached(desk, 'cancelJob')).toEqual({ 'thing-00': 'CANCELED' });
  expect(job(desk, 'cancelJob')).toMatchObject({ status: 'CANCELED', isConcurrent: false });
  desk.job('deleteJob', arns.slice(0, 1));
  expect(reached(desk, 'deleteJob')).toEqual({ 'thing-00': 'QUEUED' });
  expect(desk.clock.pending).toBe(0);
});

test('a thing that is deleted while it waits is not reached, and does not keep the job from its end', () => {
  desk.job('j', arns.slice(0, 2), { jobExecutionsRolloutConfig: { maximumPerMinute: 1 } });
  report('thing-00', 'SUCCEEDED');
  desk.account.deleteThing({ thingName: 'thing-01' });
  expect(job().status).toBe('COMPLETED');
  desk.clock.advance(MINUTE);
  expect(reached()).toEqual({ 'thing-00': 'SUCCEEDED' });
});

test('a continuous job keeps its rate for who was there when it was created, and reaches who joins later at once', () => {
  const { thingGroupArn } = desk.account.createThingGroup({ thingGroupName: 'g' });
  NAMES.slice(0, 4).forEach((thingName) => desk.account.addThingToThingGroup({ thingName, thingGroupName: 'g' }));
  desk.job('j', [thingGroupArn], { targetSelection: 'CONTINUOUS', jobExecutionsRolloutConfig: { maximumPerMinute: 1 } });
  desk.account.addThingToThingGroup({ thingName: 'thing-09', thingGroupName: 'g' });
  desk.account.removeThingFromThingGroup({ thingName: 'thing-01', thingGroupName: 'g' });
  expect(reached()).toEqual({ 'thing-00': 'QUEUED', 'thing-09': 'QUEUED' });
  desk.call('associateTargetsWithJob', { jobId: 'j', targets: [arns[3], arns[8]] });
  expect(Object.keys(reached())).toEqual(['thing-00', 'thing-09', 'thing-08']);
  desk.clock.advance(10 * MINUTE);
  expect(Object.keys(reached()).sort()).toEqual(['thing-00', 'thing-02', 'thing-03', 'thing-08', 'thing-09']);
});

describe('an exponential rate', () => {
  const config = { exponentialRate: { baseRatePerMinute: 50, incrementFactor: 2, rateIncreaseCriteria: { numberOfNotifiedThings: 1000 } }, maximumPerMinute: 1000 };

  test.each([[0, 50], [999, 50], [1000, 100], [2000, 200], [3000, 400], [5000, 1000], [1e6, 1000]])('grows as in the table of the guide: after %d things it is %d', (reachedThings, rate) => {
    expect(rateOf(config, { reachedThings, succeededThings: 0 })).toBe(rate);
  });

  test('grows with what succeeds, where that is the criterion', () => {
    desk.job('j', arns, { jobExecutionsRolloutConfig: { exponentialRate: { baseRatePerMinute: 1, incrementFactor: 3, rateIncreaseCriteria: { numberOfSucceededThings: 2 } } } });
    desk.clock.advance(MINUTE);
    expect(Object.keys(reached())).toHaveLength(2);
    report('thing-00', 'SUCCEEDED');
    report('thing-01', 'FAILED');
    desk.clock.advance(MINUTE);
    expect(Object.keys(reached())).toHaveLength(3);
    report('thing-02', 'SUCCEEDED');
    desk.clock.advance(MINUTE);
    expect(Object.keys(reached())).toHaveLength(6);
  });

  test.each([
    ['a rate beyond the limit', { maximumPerMinute: 1001 }, "'maximumPerMinute' must be a whole number from 1 to 1000"],
    ['a rate of nothing', { maximumPerMinute: 0 }, "'maximumPerMinute' must be a whole number from 1 to 1000"],
    ['a factor that slows down', { exponentialRate: { ...config.exponentialRate, incrementFactor: 0.5 } }, "'incrementFactor' must be a multiple of 0.1 from 1.1 to 5"],
    ['a factor with two decimals', { exponentialRate: { ...config.exponentialRate, incrementFactor: 1.55 } }, "'incrementFactor' must be a multiple of 0.1 from 1.1 to 5"],
    ['no criterion', { exponentialRate: { ...config.exponentialRate, rateIncreaseCriteria: {} } }, "'rateIncreaseCriteria' needs 'numberOfNotifiedThings' or 'numberOfSucceededThings'"],
    ['a criterion of nothing', { exponentialRate: { ...config.exponentialRate, rateIncreaseCriteria: { numberOfNotifiedThings: 0 } } }, "'numberOfNotifiedThings' must be a whole number of at least 1"],
  ])('is refused with %s', (_, jobExecutionsRolloutConfig, message) => {
    expect(failure({ jobExecutionsRolloutConfig })).toBe(`InvalidRequestException: ${message}`);
  });
});

describe('abort criteria', () => {
  const criterion = (failureType: string, minNumberOfExecutedThings: number, thresholdPercentage: number): object => ({ action: 'CANCEL', failureType, minNumberOfExecutedThings, thresholdPercentage });

  test('cancel a job with what is queued and what it has yet to reach, and leave alone what is in progress', () => {
    desk.account.updateEventConfigurations({ eventConfigurations: { JOB: { Enabled: true } } });
    desk.job('j', arns, { jobExecutionsRolloutConfig: { maximumPerMinute: 6 }, abortConfig: { criteriaList: [criterion('FAILED', 3, 50)] } });
    report('thing-00', 'FAILED');
    report('thing-01', 'FAILED');
    report('thing-02', 'IN_PROGRESS');
    expect(job().status).toBe('IN_PROGRESS');
    report('thing-03', 'SUCCEEDED');
    expect(job()).toMatchObject({ status: 'CANCELED', isConcurrent: false, reasonCode: 'ABORT_CRITERIA_MET', comment: 'At least 50% of 3 or more executions are FAILED' });
    desk.clock.advance(5 * MINUTE);
    expect(reached()).toEqual({ 'thing-00': 'FAILED', 'thing-01': 'FAILED', 'thing-02': 'IN_PROGRESS', 'thing-03': 'SUCCEEDED', 'thing-04': 'CANCELED', 'thing-05': 'CANCELED' });
    expect(desk.hear().filter(([topic]) => topic.startsWith('$aws/events/job/')).map(([topic]) => topic)).toEqual(['$aws/events/job/j/cancellation_in_progress', '$aws/events/job/j/canceled']);
    report('thing-02', 'SUCCEEDED');
  });

  test('count attempts that are tried again, and end the trying', () => {
    desk.job('j', arns.slice(0, 2), { jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries: 5 }] }, abortConfig: { criteriaList: [criterion('FAILED', 2, 100)] } });
    report('thing-00', 'FAILED');
    report('thing-00', 'FAILED');
    expect(job().status).toBe('CANCELED');
    expect(desk.ask('thing-00/jobs/get')).toMatchObject({ queuedJobs: [], inProgressJobs: [] });
  });

  test('are met by timers too', () => {
    desk.job('j', arns.slice(0, 2), { timeoutConfig: { inProgressTimeoutInMinutes: 1 }, abortConfig: { criteriaList: [criterion('TIMED_OUT', 1, 10)] } });
    desk.ask('thing-00/jobs/start-next');
    desk.clock.advance(MINUTE);
    expect([job().status, reached()]).toEqual(['CANCELED', { 'thing-00': 'TIMED_OUT', 'thing-01': 'CANCELED' }]);
  });

  test.each([
    ['too few have run it', { FAILED: 99 }, undefined],
    ['as many as needed have failed', { FAILED: 20, SUCCEEDED: 80 }, 'FAILED'],
    ['one less has failed', { FAILED: 19, SUCCEEDED: 81 }, undefined],
    ['others do not count', { FAILED: 19, SUCCEEDED: 81, CANCELED: 50, REMOVED: 50, QUEUED: 50, IN_PROGRESS: 50 }, undefined],
    ['the second is met', { TIMED_OUT: 100, SUCCEEDED: 100 }, 'TIMED_OUT'],
    ['nobody has run it', {}, undefined],
  ])('as in the example of the guide: %s', (_, attempts, met) => {
    const criteriaList = [criterion('FAILED', 100, 20), criterion('TIMED_OUT', 200, 50)] as never;
    expect(metCriterion({ criteriaList }, attempts)?.failureType).toBe(met);
    expect(metCriterion(undefined, attempts)).toBeUndefined();
  });

  test('of ALL count every failure, and of REJECTED only that', () => {
    const attempts = { FAILED: 1, REJECTED: 1, TIMED_OUT: 1, SUCCEEDED: 1 };
    expect(metCriterion({ criteriaList: [criterion('ALL', 4, 75)] as never }, attempts)).toBeDefined();
    expect(metCriterion({ criteriaList: [criterion('REJECTED', 4, 25.01)] as never }, attempts)).toBeUndefined();
    expect(metCriterion({ criteriaList: [criterion('REJECTED', 4, 25)] as never }, attempts)).toBeDefined();
  });

  test.each([
    ['no criterion', [], "'abortConfig' needs a 'criteriaList' with at least one criterion"],
    ['another action', [{ ...criterion('ALL', 1, 1), action: 'STOP' }], "the 'action' of an abort criterion must be CANCEL"],
    ['another failure', [criterion('LOST', 1, 1)], "the 'failureType' of an abort criterion must be FAILED, REJECTED, TIMED_OUT or ALL"],
    ['no things', [criterion('ALL', 0, 1)], "'minNumberOfExecutedThings' must be a whole number of at least 1"],
    ['too much', [criterion('ALL', 1, 101)], "'thresholdPercentage' must be a multiple of 0.01 from 0.01 to 100"],
    ['three decimals', [criterion('ALL', 1, 10.999)], "'thresholdPercentage' must be a multiple of 0.01 from 0.01 to 100"],
  ])('are refused with %s', (_, criteriaList, message) => {
    expect(failure({ abortConfig: { criteriaList } })).toBe(`InvalidRequestException: ${message}`);
  });
});

test('a rollout goes on where it was when the twin starts again', () => {
  const storage = new MemoryStorage();
  const before = new Desk(desk.clock, storage, desk.account);
  before.job('j', arns, { jobExecutionsRolloutConfig: { exponentialRate: { baseRatePerMinute: 2, incrementFactor: 2, rateIncreaseCriteria: { numberOfNotifiedThings: 2 } } } });
  before.service.stop();
  desk.clock.advance(MINUTE / 2);
  const after = new Desk(desk.clock, storage, desk.account);
  expect(Object.keys(reached(after))).toHaveLength(2);
  desk.clock.advance(MINUTE / 2);
  expect(Object.keys(reached(after))).toHaveLength(6);
  expect(after.hear().filter(([topic]) => topic.endsWith('/notify')).map(([topic]) => topic.split('/')[2])).toEqual(NAMES.slice(2, 6));
  after.service.stop();
});

test('every thing is reached once, in its turn, whatever the rate and however often the twin starts again', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 11, max: 30 }), fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (base, tenths, step, restarts) => {
    const first = new Desk();
    const targets = first.things(...NAMES);
    const storage = new MemoryStorage();
    const config = { exponentialRate: { baseRatePerMinute: base, incrementFactor: tenths / 10, rateIncreaseCriteria: { numberOfNotifiedThings: step } }, maximumPerMinute: 9 };
    let now = new Desk(first.clock, storage, first.account);
    now.job('j', targets, { jobExecutionsRolloutConfig: config });
    let wanted = 0;
    for (const restart of restarts) {
      wanted = Math.min(NAMES.length, wanted + Math.min(9, Math.floor(base * (tenths / 10) ** Math.floor(wanted / step))));
      expect(Object.keys(reached(now))).toEqual(NAMES.slice(0, wanted));
      if (restart) {
        now.service.stop();
        now = new Desk(first.clock, storage, first.account);
      }
      first.clock.advance(MINUTE);
    }
    now.service.stop();
    expect(first.clock.pending).toBe(0);
  }), { numRuns: 40 });
});

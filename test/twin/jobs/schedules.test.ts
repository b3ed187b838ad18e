import { MemoryStorage } from '../support/memory-storage';
import { Desk } from './desk';

const HOUR = 3600;

let desk: Desk;
let arns: readonly string[];

beforeEach(() => {
  desk = new Desk();
  arns = desk.things('a', 'b', 'c');
});

/** A time so many hours from now, as the API takes it. */
const at = (hours: number): string => new Date(desk.clock.now() + hours * HOUR * 1000).toISOString().replace(/\.000Z$/, '');
const status = (of = desk): string => (of.call('describeJob', { jobId: 'j' }) as { readonly job: { readonly status: string } }).job.status;
const statusOf = (thingName: string): string | undefined => desk.service.jobs.book.find('j', thingName)?.status;
const schedule = (schedulingConfig: object, more: object = {}): void => desk.job('j', arns, { schedulingConfig, ...more });

describe('a job with a start', () => {
  test('is SCHEDULED, and reaches nobody before its time', () => {
    schedule({ startTime: at(2) });
    expect(desk.call('describeJob', { jobId: 'j' })).toMatchObject({ job: { status: 'SCHEDULED', schedulingConfig: { startTime: at(2) } } });
    expect(desk.call('listJobs', { status: 'SCHEDULED' })).toMatchObject({ jobs: [{ jobId: 'j' }] });
    desk.clock.advance(2 * HOUR - 1);
    expect([status(), desk.hear(), desk.ask('a/jobs/get').queuedJobs]).toEqual(['SCHEDULED', [], []]);
    desk.clock.advance(1);
    expect(status()).toBe('IN_PROGRESS');
    expect(desk.hear().filter(([topic]) => topic.endsWith('/notify-next')).map(([topic]) => topic)).toEqual(['a', 'b', 'c'].map((name) => `$aws/things/${name}/jobs/notify-next`));
  });

  test('is for who is there at its start, at its rate', () => {
    const { thingGroupArn } = desk.account.createThingGroup({ thingGroupName: 'g' });
    desk.account.addThingToThingGroup({ thingName: 'a', thingGroupName: 'g' });
    desk.job('j', [thingGroupArn, arns[1]!], { schedulingConfig: { startTime: at(1) }, jobExecutionsRolloutConfig: { maximumPerMinute: 1 } });
    desk.account.addThingToThingGroup({ thingName: 'c', thingGroupName: 'g' });
    desk.account.deleteThing({ thingName: 'b' });
    desk.clock.advance(HOUR);
    expect(['a', 'b', 'c'].map(statusOf)).toEqual(['QUEUED', undefined, undefined]);
    desk.clock.advance(60);
    expect(['a', 'b', 'c'].map(statusOf)).toEqual(['QUEUED', undefined, 'QUEUED']);
  });

  test('is complete at its start when nobody is there any more', () => {
    desk.job('j', [arns[0]!], { schedulingConfig: { startTime: at(1) } });
    desk.account.deleteThing({ thingName: 'a' });
    expect(status()).toBe('SCHEDULED');
    desk.clock.advance(HOUR);
    expect(status()).toBe('COMPLETED');
  });

  test('can be changed, canceled, and by force deleted before it', () => {
    schedule({ startTime: at(1) });
    desk.call('updateJob', { jobId: 'j', description: 'later' });
    expect(() => desk.call('deleteJob', { jobId: 'j' })).toThrow('Job j is SCHEDULED: cancel it first');
    desk.call('cancelJob', { jobId: 'j' });
    desk.clock.advance(2 * HOUR);
    expect([status(), statusOf('a')]).toEqual(['CANCELED', undefined]);
    desk.call('deleteJob', { jobId: 'j' });
    schedule({ startTime: at(1) });
    desk.call('deleteJob', { jobId: 'j', force: true });
    expect(desk.clock.pending).toBe(0);
  });

  test('takes more targets before it when it is continuous', () => {
    desk.job('j', [arns[0]!], { targetSelection: 'CONTINUOUS', schedulingConfig: { startTime: at(1) } });
    desk.call('associateTargetsWithJob', { jobId: 'j', targets: [arns[1]] });
    expect(desk.ask('b/jobs/get').queuedJobs).toEqual([]);
    desk.clock.advance(HOUR);
    expect(['a', 'b'].map(statusOf)).toEqual(['QUEUED', 'QUEUED']);
  });
});

describe('a job with an end', () => {
  /** A job of which one thing is in progress and another is queued when its time is over. */
  function reachEnd(endBehavior: string | undefined): void {
    desk.job('j', arns.slice(0, 2), {
      schedulingConfig: { startTime: at(1), endTime: at(2), ...endBehavior !== undefined && { endBehavior } },
      jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries: 1 }] },
    });
    desk.clock.advance(HOUR);
    desk.ask('a/jobs/start-next');
    desk.clock.advance(HOUR);
  }

  test.each([['STOP_ROLLOUT'], [undefined]])('lets go on what has been reached (endBehavior: %s), tries nothing again, and is complete after that', (endBehavior) => {
    reachEnd(endBehavior);
    expect([status(), statusOf('a'), statusOf('b')]).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'QUEUED']);
    desk.ask('a/jobs/j/update', { status: 'FAILED' });
    expect([status(), statusOf('a')]).toEqual(['IN_PROGRESS', 'FAILED']);
    desk.ask('b/jobs/j/update', { status: 'SUCCEEDED' });
    expect(status()).toBe('COMPLETED');
  });

  test('cancels what is queued (CANCEL), and is complete once the rest is', () => {
    reachEnd('CANCEL');
    expect([status(), statusOf('a'), statusOf('b')]).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'CANCELED']);
    desk.ask('a/jobs/j/update', { status: 'SUCCEEDED' });
    expect(status()).toBe('COMPLETED');
  });

  test('cancels everything (FORCE_CANCEL), and is complete', () => {
    reachEnd('FORCE_CANCEL');
    expect([status(), statusOf('a'), statusOf('b')]).toEqual(['COMPLETED', 'CANCELED', 'CANCELED']);
    expect(desk.ask('a/jobs/j/update', { status: 'SUCCEEDED' })).toMatchObject({ code: 'InvalidStateTransition' });
  });

  test('reaches nobody after it', () => {
    const many = desk.things(...Array.from({ length: 40 }, (_, index) => `many-${index}`));
    desk.job('j', many, { schedulingConfig: { endTime: at(0.5) }, jobExecutionsRolloutConfig: { maximumPerMinute: 1 } });
    desk.clock.advance(2 * HOUR);
    expect([...desk.service.jobs.book.executionsOfJob('j')].map(({ status: each }) => each)).toEqual(Array.from({ length: 30 }, () => 'QUEUED'));
    expect(desk.call('describeJob', { jobId: 'j' })).toMatchObject({ job: { status: 'IN_PROGRESS', isConcurrent: false } });
  });

  test('takes nobody more who joins its groups, and no targets, and ends though it is continuous', () => {
    const { thingGroupArn } = desk.account.createThingGroup({ thingGroupName: 'g' });
    desk.job('j', [thingGroupArn], { targetSelection: 'CONTINUOUS', schedulingConfig: { endTime: at(1) } });
    desk.account.addThingToThingGroup({ thingName: 'a', thingGroupName: 'g' });
    desk.clock.advance(HOUR);
    desk.account.addThingToThingGroup({ thingName: 'b', thingGroupName: 'g' });
    expect(['a', 'b'].map(statusOf)).toEqual(['QUEUED', undefined]);
    expect(() => desk.call('associateTargetsWithJob', { jobId: 'j', targets: [arns[1]] })).toThrow('Job j is at its end, and takes no more targets');
    expect(status()).toBe('IN_PROGRESS');
    desk.ask('a/jobs/j/update', { status: 'SUCCEEDED' });
    expect(status()).toBe('COMPLETED');
  });
});

test('what fell due while the twin was not there is done when it starts again', () => {
  for (const [hours, wanted] of [[1.5, 'IN_PROGRESS'], [3, 'COMPLETED']] as const) {
    const [clock, storage] = [desk.clock, new MemoryStorage()];
    const before = new Desk(clock, storage, desk.account);
    before.job('j', arns, { schedulingConfig: { startTime: at(1), endTime: at(2), endBehavior: 'CANCEL' } });
    before.service.stop();
    clock.advance(hours * HOUR);
    const after = new Desk(clock, storage, desk.account);
    clock.advance(0);
    expect([status(after), [...after.service.jobs.book.executionsOfJob('j')].length]).toEqual([wanted, wanted === 'IN_PROGRESS' ? 3 : 0]);
    after.service.stop();
  }
});

test('a wait that is longer than a timer can be goes on after it', () => {
  schedule({ startTime: at(24 * 200) });
  const longest = (2 ** 31 - 1) / 1000;
  const after = desk.clock.after.bind(desk.clock);
  // As the clock of a computer does it.
  desk.clock.after = (milliseconds, callback) => after(Math.min(milliseconds, longest * 1000), callback);
  desk.call('updateJob', { jobId: 'j', description: 'waits' });
  desk.clock.advance(24 * 200 * HOUR - 1);
  expect(status()).toBe('SCHEDULED');
  desk.clock.advance(1);
  expect(status()).toBe('IN_PROGRESS');
});

test.each([
  ['2023-11-15 09:13', 'a space', 'IN_PROGRESS'],
  ['2023-11-15T09:13', 'a T', 'IN_PROGRESS'],
  ['2023-11-15T09:13:00Z', 'UTC', 'IN_PROGRESS'],
  ['2023-11-15T10:13:00+01:00', 'a zone', 'IN_PROGRESS'],
  ['2023-11-15T09:14:00.000Z', 'milliseconds, a minute later', 'SCHEDULED'],
])('times are taken as %s, with %s', (startTime, _, wanted) => {
  // Eleven hours after 2023-11-14T22:13:20Z.
  schedule({ startTime });
  desk.clock.advance(11 * HOUR);
  expect(status()).toBe(wanted);
});

test.each([
  ['a start too soon', () => ({ startTime: at(0.4) }), "'startTime' must be from 30 minutes to a year from now"],
  ['a start too far', () => ({ startTime: at(24 * 366) }), "'startTime' must be from 30 minutes to a year from now"],
  ['an end too soon', () => ({ endTime: at(0.4) }), "'endTime' must be from 30 minutes to two years from now"],
  ['an end too far', () => ({ endTime: at(24 * 731) }), "'endTime' must be from 30 minutes to two years from now"],
  ['an end before the start', () => ({ startTime: at(2), endTime: at(1) }), "'endTime' must be from 30 minutes to two years after 'startTime'"],
  ['a behavior without an end', () => ({ startTime: at(2), endBehavior: 'CANCEL' }), "'endBehavior' needs an 'endTime'"],
  ['a behavior that is none', () => ({ endTime: at(2), endBehavior: 'EXPLODE' }), "'endBehavior' must be one of STOP_ROLLOUT, CANCEL, FORCE_CANCEL"],
  ['no time', () => ({ startTime: 'tomorrow' }), "'startTime' must be a date and a time such as 2030-01-31T18:00, in UTC unless it says otherwise"],
  ['a day that is not', () => ({ startTime: '2024-02-40T00:00' }), "'startTime' must be a date and a time such as 2030-01-31T18:00, in UTC unless it says otherwise"],
  ['maintenance windows', () => ({ startTime: at(2), maintenanceWindows: [{ startTime: 'cron(0 18 ? * MON *)', durationInMinutes: 60 }] }), 'the twin does not take maintenanceWindows: a job runs from its startTime to its endTime'],
])('a schedule is refused with %s', (_, config, message) => {
  expect(() => schedule(config())).toThrow(message);
  expect(desk.call('listJobs')).toMatchObject({ jobs: [] });
});

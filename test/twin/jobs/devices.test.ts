import { sizeOfDetails } from '../../../lib/twin/jobs/job-book';
import { JOB_SAFETY } from '../../../lib/twin/jobs/limits';
import { Desk } from './desk';
import { MemoryStorage } from '../support/memory-storage';

let desk: Desk;
let arn: string;

beforeEach(() => {
  desk = new Desk();
  [arn] = desk.things('pump', 'other') as [string, string];
});

const NOW = 1_700_000_000;

describe('a thing', () => {
  test('is told what it is to do, in order, and what is next', () => {
    desk.job('one', [arn]);
    const one = { jobId: 'one', queuedAt: NOW, lastUpdatedAt: NOW, executionNumber: 1, versionNumber: 1 };
    expect(desk.hear()).toEqual([
      ['$aws/things/pump/jobs/notify', { timestamp: NOW, jobs: { QUEUED: [one] } }],
      ['$aws/things/pump/jobs/notify-next', { timestamp: NOW, execution: { ...one, status: 'QUEUED', jobDocument: { do: 'one' } } }],
    ]);
    desk.job('two', [arn]);
    expect(desk.hear().map(([topic, { jobs }]) => [topic, jobs.QUEUED!.map(({ jobId }) => jobId)])).toEqual([['$aws/things/pump/jobs/notify', ['one', 'two']]]);
    // Neither the list nor the next one has changed.
    desk.ask('pump/jobs/start-next');
    expect(desk.hear()).toEqual([]);
  });

  test('is told of a later job that it starts before its turn, and at last that there is nothing', () => {
    desk.job('one', [arn]);
    desk.job('two', [arn]);
    desk.hear();
    desk.ask('pump/jobs/two/update', { status: 'IN_PROGRESS' });
    expect(desk.hear()).toEqual([['$aws/things/pump/jobs/notify-next', expect.objectContaining({ execution: expect.objectContaining({ jobId: 'two', status: 'IN_PROGRESS', startedAt: NOW, versionNumber: 2 }) })]]);
    desk.ask('pump/jobs/one/update', { status: 'REJECTED' });
    expect(desk.hear().map(([topic]) => topic)).toEqual(['$aws/things/pump/jobs/notify']);
    desk.call('deleteJob', { jobId: 'two', force: true });
    expect(desk.hear()).toEqual([['$aws/things/pump/jobs/notify', { timestamp: NOW, jobs: {} }], ['$aws/things/pump/jobs/notify-next', { timestamp: NOW }]]);
  });

  test('sees what is in progress and what is queued, ten at most', () => {
    for (let index = 0; index < 12; index++) {
      desk.job(`job-${index}`, [arn]);
    }
    desk.ask('pump/jobs/job-5/update', { status: 'IN_PROGRESS' });
    const answer = desk.ask('pump/jobs/get', { clientToken: 'mine' });
    expect(answer).toMatchObject({ outcome: 'accepted', clientToken: 'mine', timestamp: NOW, inProgressJobs: [{ jobId: 'job-5', startedAt: NOW }] });
    expect(answer.queuedJobs.map(({ jobId }) => jobId)).toEqual(['job-0', 'job-1', 'job-2', 'job-3', 'job-4', 'job-6', 'job-7', 'job-8', 'job-9']);
  });

  test('starts the next one, and is shown it again while it is in progress', () => {
    desk.job('one', [arn]);
    const started = { thingName: 'pump', jobId: 'one', status: 'IN_PROGRESS', statusDetails: { step: '1' }, queuedAt: NOW, startedAt: NOW, lastUpdatedAt: NOW, versionNumber: 2, executionNumber: 1, jobDocument: { do: 'one' } };
    expect(desk.ask('pump/jobs/start-next', { statusDetails: { step: '1' }, clientToken: 'c' })).toEqual({ outcome: 'accepted', clientToken: 'c', timestamp: NOW, execution: started });
    expect(desk.ask('pump/jobs/start-next', { statusDetails: { step: '2' } }).execution).toEqual(started);
    desk.ask('pump/jobs/one/update', { status: 'SUCCEEDED' });
    expect(desk.ask('pump/jobs/start-next')).toEqual({ outcome: 'accepted', timestamp: NOW });
  });

  test('need say nothing in a request', () => {
    desk.job('one', [arn]);
    const nothing = Buffer.alloc(0);
    expect(desk.ask('pump/jobs/get', nothing)).toMatchObject({ outcome: 'accepted', queuedJobs: [{ jobId: 'one' }] });
    expect(desk.ask('pump/jobs/$next/get', nothing)).toMatchObject({ outcome: 'accepted', execution: { jobId: 'one', jobDocument: { do: 'one' } } });
    expect(desk.ask('pump/jobs/start-next', nothing)).toMatchObject({ outcome: 'accepted', execution: { jobId: 'one', status: 'IN_PROGRESS' } });
  });

  test('reads a job by its id or as the next one, with and without its document', () => {
    desk.job('one', [arn]);
    desk.job('two', [arn]);
    expect(desk.ask('pump/jobs/two/get').execution).toMatchObject({ jobId: 'two', jobDocument: { do: 'two' } });
    expect(desk.ask('pump/jobs/$next/get', { includeJobDocument: false }).execution).toEqual(expect.not.objectContaining({ jobDocument: expect.anything() }));
    expect(desk.ask('pump/jobs/$next/get', { includeJobDocument: null }).execution).toMatchObject({ jobId: 'one', jobDocument: { do: 'one' } });
  });

  test('reports, and is told the state and the document when it asks', () => {
    desk.job('one', [arn]);
    expect(desk.ask('pump/jobs/one/update', { status: 'IN_PROGRESS', expectedVersion: 1 })).toEqual({ outcome: 'accepted', timestamp: NOW });
    expect(desk.ask('pump/jobs/one/update', { status: 'SUCCEEDED', statusDetails: { took: '3 s' }, includeJobExecutionState: true, includeJobDocument: true })).toEqual({
      outcome: 'accepted', timestamp: NOW, executionState: { status: 'SUCCEEDED', statusDetails: { took: '3 s' }, versionNumber: 3 }, jobDocument: { do: 'one' },
    });
    expect(desk.call('describeJob', { jobId: 'one' }).job).toMatchObject({ status: 'COMPLETED', completedAt: new Date(NOW * 1000), jobProcessDetails: { numberOfSucceededThings: 1, numberOfQueuedThings: 0 } });
  });
});

describe('rejects', () => {
  const wrong = (code: string, message: RegExp | string, more: object = {}) => ({ outcome: 'rejected', code, message: typeof message === 'string' ? message : expect.stringMatching(message), timestamp: NOW, ...more });

  test('an update of another version, with the state', () => {
    desk.job('one', [arn]);
    expect(desk.ask('pump/jobs/one/update', { status: 'IN_PROGRESS', expectedVersion: 7, clientToken: 'c' })).toEqual(
      wrong('VersionMismatch', 'Expected version 7 does not match the version 1 of the job execution', { clientToken: 'c', executionState: { status: 'QUEUED', statusDetails: {}, versionNumber: 1 } }),
    );
  });

  test('an update of what has ended, with the state', () => {
    desk.job('one', [arn]);
    desk.ask('pump/jobs/one/update', { status: 'FAILED' });
    expect(desk.ask('pump/jobs/one/update', { status: 'IN_PROGRESS' })).toEqual(
      wrong('InvalidStateTransition', 'A job execution in status FAILED cannot be changed to IN_PROGRESS', { executionState: { status: 'FAILED', statusDetails: {}, versionNumber: 2 } }),
    );
    expect(desk.ask('pump/jobs/one/get')).toEqual(wrong('TerminalStateReached', 'The job execution is in terminal status FAILED'));
  });

  test.each<readonly [string, unknown, string, RegExp]>([
    ['pump/jobs/none/get', {}, 'ResourceNotFound', /^There is no job execution for thing pump and job none$/],
    ['pump/jobs/none/update', { status: 'FAILED' }, 'ResourceNotFound', /no job execution/],
    ['other/jobs/one/get', {}, 'ResourceNotFound', /thing other and job one/],
    ['pump/jobs/one/get', { executionNumber: 2 }, 'ResourceNotFound', /no job execution 2 for/],
    ['stranger/jobs/get', {}, 'ResourceNotFound', /Thing stranger was not found/],
    ['pump/jobs/a b/get', {}, 'InvalidTopic', /1 to 64 characters/],
    ['pump/jobs/one/update', Buffer.alloc(0), 'InvalidRequest', /status must be one of/],
    ['pump/jobs/get', Buffer.from(' '), 'InvalidJson', /UTF-8/],
    ['pump/jobs/get', Buffer.from([0x22, 0xff, 0x22]), 'InvalidJson', /UTF-8/],
    ['pump/jobs/get', Buffer.from('{"a":'), 'InvalidJson', /UTF-8/],
    ['pump/jobs/start-next', Buffer.from('['.repeat(60_000) + ']'.repeat(60_000)), 'InvalidRequest', /JSON object/],
    ['pump/jobs/start-next', Buffer.from('{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000)), 'accepted', /./],
    ['pump/jobs/get', { clientToken: 'x'.repeat(5000) }, 'InvalidRequest', /clientToken/],
    ['pump/jobs/get', { clientToken: 5 }, 'InvalidRequest', /clientToken/],
    ['pump/jobs/one/update', {}, 'InvalidRequest', /status must be one of/],
    ['pump/jobs/one/update', { status: 'CANCELED' }, 'InvalidRequest', /A device cannot set status CANCELED/],
    ['pump/jobs/one/update', { status: 'FAILED', statusDetails: { 'a b': 'x' } }, 'InvalidRequest', /a name in statusDetails/],
    ['pump/jobs/one/update', { status: 'FAILED', statusDetails: { a: 'x'.repeat(1025) } }, 'InvalidRequest', /the value of 'a'/],
    ['pump/jobs/one/update', { status: 'FAILED', statusDetails: { a: 1 } }, 'InvalidRequest', /the value of 'a'/],
    ['pump/jobs/one/update', { status: 'FAILED', statusDetails: ['a'] }, 'InvalidRequest', /must be an object/],
    ['pump/jobs/one/update', { status: 'FAILED', statusDetails: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, 'x'.repeat(1000)])) }, 'InvalidRequest', /more than the 32768 bytes/],
    ['pump/jobs/one/update', { status: 'FAILED', expectedVersion: 'x' }, 'InvalidRequest', /expectedVersion must be a whole number/],
    ['pump/jobs/one/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: 0 }, 'InvalidRequest', /from 1 to 10080 or -1/],
    ['pump/jobs/start-next', { stepTimeoutInMinutes: -1 }, 'InvalidRequest', /from 1 to 10080$/],
    ['pump/jobs/one/get', { includeJobDocument: 'no' }, 'InvalidRequest', /includeJobDocument must be true or false/],
  ])('%s %#', (topic, request, code, message) => {
    desk.job('one', [arn]);
    const answer = desk.ask(topic, request);
    if (code === 'accepted') {
      expect(answer.outcome).toBe('accepted');
    } else {
      expect(answer).toEqual(wrong(code, message));
    }
    expect(desk.service.jobs.execution('one', 'pump').versionNumber).toBe(code === 'accepted' ? 2 : 1);
  });
});

test('no device fills the memory with what it reports', () => {
  const details = Object.fromEntries(Array.from({ length: 29 }, (_, index) => [`k${index}`, 'x'.repeat(1024)]));
  const things = desk.things(...Array.from({ length: 100 }, (_, index) => `t${index}`));
  let kept = 0;
  for (let round = 0; round < 25; round++) {
    desk.job(`job-${round}`, things);
    kept += things.filter((_, index) => desk.ask(`t${index}/jobs/job-${round}/update`, { status: 'SUCCEEDED', statusDetails: details }).outcome === 'accepted').length;
  }
  expect(kept).toBe(Math.floor(JOB_SAFETY.allDetailsBytes / sizeOfDetails(details)));
  desk.job('one', [arn]);
  expect(desk.ask('pump/jobs/start-next', { statusDetails: details })).toMatchObject({ code: 'RequestThrottled' });
  desk.call('deleteJob', { jobId: 'job-0' });
  expect(desk.ask('pump/jobs/start-next', { statusDetails: details }).outcome).toBe('accepted');
});

describe('time', () => {
  const LIMIT = { timeoutConfig: { inProgressTimeoutInMinutes: 20 } };

  test('runs from when an execution starts, and ends it', () => {
    desk.job('one', [arn], LIMIT);
    desk.clock.advance(3600);
    desk.ask('pump/jobs/start-next');
    expect(desk.call('describeJobExecution', { jobId: 'one', thingName: 'pump' }).execution.approximateSecondsBeforeTimedOut).toBe(1200);
    desk.clock.advance(1199);
    expect(desk.service.jobs.execution('one', 'pump').status).toBe('IN_PROGRESS');
    desk.hear();
    desk.clock.advance(1);
    expect(desk.service.jobs.execution('one', 'pump')).toMatchObject({ status: 'TIMED_OUT', versionNumber: 3 });
    expect(desk.hear().map(([topic]) => topic)).toEqual(['$aws/things/pump/jobs/notify', '$aws/things/pump/jobs/notify-next']);
    expect(desk.call('describeJob', { jobId: 'one' }).job).toMatchObject({ status: 'COMPLETED', jobProcessDetails: { numberOfTimedOutThings: 1 } });
  });

  // The example of https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html#job-timeout-timers-works
  test('of a step is set anew by each report, and never lasts longer than that of the job', () => {
    desk.job('one', [arn], LIMIT);
    desk.ask('pump/jobs/start-next');
    const left = (): number => desk.call('describeJobExecution', { jobId: 'one', thingName: 'pump' }).execution.approximateSecondsBeforeTimedOut / 60;
    for (const [minute, step, expected] of [[5, 7, 7], [5, 5, 5], [3, 9, 7]] as const) {
      desk.clock.advance(minute * 60);
      desk.ask('pump/jobs/one/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: step });
      expect(left()).toBe(expected);
    }
    desk.clock.advance(7 * 60);
    expect(desk.service.jobs.execution('one', 'pump').status).toBe('TIMED_OUT');
  });

  test('of a step is lifted by -1, and kept by a report that says nothing of it', () => {
    desk.job('one', [arn]);
    desk.ask('pump/jobs/start-next', { stepTimeoutInMinutes: 5 });
    desk.ask('pump/jobs/one/update', { status: 'IN_PROGRESS' });
    expect(desk.clock.pending).toBe(1);
    desk.ask('pump/jobs/one/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: -1 });
    expect(desk.clock.pending).toBe(0);
    desk.ask('pump/jobs/start-next', { stepTimeoutInMinutes: 5 });
    expect(desk.clock.pending).toBe(1);
    desk.ask('pump/jobs/one/update', { status: 'SUCCEEDED' });
    expect(desk.clock.pending).toBe(0);
  });

  test('that passed while nobody ran ends executions at the next start', () => {
    const storage = new MemoryStorage();
    const first = new Desk(desk.clock, storage, desk.account);
    first.job('one', [arn], LIMIT);
    first.job('two', [arn], LIMIT);
    first.ask('pump/jobs/start-next');
    first.service.stop();
    desk.clock.advance(24 * 3600);
    const second = new Desk(desk.clock, storage, desk.account);
    desk.clock.advance(0);
    expect(second.service.jobs.execution('one', 'pump').status).toBe('TIMED_OUT');
    expect(second.ask('pump/jobs/get')).toMatchObject({ inProgressJobs: [], queuedJobs: [{ jobId: 'two', queuedAt: NOW }] });
  });
});

describe('a job with retries', () => {
  test('queues another attempt until the retries are used up', () => {
    desk.job('one', [arn], { jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries: 2 }] } });
    desk.hear();
    for (const attempt of [1, 2, 3]) {
      expect(desk.ask('pump/jobs/start-next').execution).toMatchObject({ executionNumber: attempt, versionNumber: 2 });
      desk.ask('pump/jobs/one/update', { status: 'FAILED', executionNumber: attempt });
      expect(desk.hear().map(([topic]) => topic)).toEqual(['$aws/things/pump/jobs/notify', '$aws/things/pump/jobs/notify-next']);
    }
    expect(desk.call('describeJob', { jobId: 'one' }).job).toMatchObject({ status: 'COMPLETED', jobProcessDetails: { numberOfFailedThings: 1 } });
    expect(desk.call('listJobExecutionsForJob', { jobId: 'one' }).executionSummaries.map((one) => [one.jobExecutionSummary.status, one.jobExecutionSummary.retryAttempt])).toEqual([['FAILED', 0], ['FAILED', 1], ['FAILED', 2]]);
  });

  test('does not retry what was rejected, or failed in a way it has no retries for', () => {
    for (const [jobId, failureType, status] of [['a', 'FAILED', 'REJECTED'], ['b', 'TIMED_OUT', 'FAILED']] as const) {
      desk.job(jobId, [arn], { jobExecutionsRetryConfig: { criteriaList: [{ failureType, numberOfRetries: 5 }] } });
      desk.ask(`pump/jobs/${jobId}/update`, { status });
    }
    expect(desk.ask('pump/jobs/get')).toMatchObject({ inProgressJobs: [], queuedJobs: [] });
  });

  test('does not retry once it is canceled', () => {
    desk.job('one', [arn], { jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'ALL', numberOfRetries: 5 }] } });
    desk.ask('pump/jobs/start-next');
    desk.call('cancelJob', { jobId: 'one' });
    desk.ask('pump/jobs/one/update', { status: 'FAILED' });
    expect(desk.ask('pump/jobs/get')).toMatchObject({ inProgressJobs: [], queuedJobs: [] });
  });
});

import { Desk } from './desk';
import { MemoryStorage } from '../support/memory-storage';

let desk: Desk;
let arn: string;

beforeEach(() => {
  desk = new Desk();
  [arn] = desk.things('pump', 'other') as [string, string];
});

const NOW = 1_700_000_000_000;
const ARN = 'arn:aws:iot:us-east-1:123456789012:';

/** How a call fails: its name and its message. */
function failure(operation: string, input: object): readonly [string, string] {
  try {
    desk.call(operation, input);
  } catch (error) {
    return [(error as Error).name, (error as Error).message];
  }
  throw new Error(`${operation} did not fail`);
}

function statuses(jobId: string): Record<string, string> {
  return Object.fromEntries(desk.call('listJobExecutionsForJob', { jobId }).executionSummaries.map((one) => [one.thingArn.split('/')[1], one.jobExecutionSummary.status]));
}

/** A static group, and its ARN. */
function group(thingGroupName: string, things: readonly string[] = [], parentGroupName?: string): string {
  const { thingGroupArn } = desk.account.createThingGroup({ thingGroupName, ...(parentGroupName === undefined ? {} : { parentGroupName }) });
  things.forEach((thingName) => desk.account.addThingToThingGroup({ thingName, thingGroupName }));
  return thingGroupArn;
}

describe('a job', () => {
  test('is shown as it was created', () => {
    const given = {
      description: 'd', presignedUrlConfig: { roleArn: 'arn:aws:iam::123456789012:role/r', expiresInSec: 60 }, jobExecutionsRolloutConfig: { maximumPerMinute: 5 },
      abortConfig: { criteriaList: [{ failureType: 'FAILED', action: 'CANCEL', thresholdPercentage: 10, minNumberOfExecutedThings: 1 }] }, timeoutConfig: { inProgressTimeoutInMinutes: 5 },
      jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'ALL', numberOfRetries: 2 }] },
    };
    expect(desk.call('createJob', { jobId: 'one', targets: [arn], document: '{"a":1}', ...given })).toEqual({ jobArn: `${ARN}job/one`, jobId: 'one', description: 'd' });
    expect(desk.call('describeJob', { jobId: 'one' })).toEqual({
      job: {
        ...given, jobArn: `${ARN}job/one`, jobId: 'one', status: 'IN_PROGRESS', targetSelection: 'SNAPSHOT', targets: [arn], createdAt: new Date(NOW), lastUpdatedAt: new Date(NOW), isConcurrent: false,
        jobProcessDetails: expect.objectContaining({ numberOfQueuedThings: 1, numberOfFailedThings: 0 }),
      },
    });
    expect(desk.call('getJobDocument', { jobId: 'one' })).toEqual({ document: '{"a":1}' });
    desk.call('updateJob', { jobId: 'one', description: 'e', timeoutConfig: { inProgressTimeoutInMinutes: 9 } });
    expect(desk.call('describeJob', { jobId: 'one' }).job).toMatchObject({ description: 'e', timeoutConfig: { inProgressTimeoutInMinutes: 9 }, abortConfig: given.abortConfig });
  });

  test('gets its document from a bucket, by any form of the URL', () => {
    desk.objects.set('docs/fw/a b.json', Buffer.from('{"a":2}'));
    for (const [index, documentSource] of ['https://s3.amazonaws.com/docs/fw/a%20b.json', 'https://s3.eu-north-1.amazonaws.com/docs/fw/a%20b.json', 'https://docs.s3.eu-north-1.amazonaws.com/fw/a%20b.json', 's3://docs/fw/a%20b.json'].entries()) {
      desk.call('createJob', { jobId: `j${index}`, targets: [arn], documentSource });
      expect([desk.call('getJobDocument', { jobId: `j${index}` }).document, desk.call('describeJob', { jobId: `j${index}` }).documentSource]).toEqual(['{"a":2}', documentSource]);
    }
  });

  test('has tags as any resource, and so has a template', () => {
    const tags = [{ Key: 'site', Value: 'north' }];
    desk.call('createJobTemplate', { jobTemplateId: 't', description: 'd', document: '{}', tags });
    desk.job('one', [arn], { tags });
    for (const resourceArn of [`${ARN}job/one`, `${ARN}jobtemplate/t`]) {
      desk.account.tagResource({ resourceArn, tags: [{ Key: 'kind', Value: 'pump' }] });
      desk.account.untagResource({ resourceArn, tagKeys: ['site'] });
      expect(desk.account.listTagsForResource({ resourceArn })).toEqual({ tags: [{ Key: 'kind', Value: 'pump' }] });
    }
    desk.call('deleteJob', { jobId: 'one', force: true });
    desk.call('deleteJobTemplate', { jobTemplateId: 't' });
    for (const resourceArn of [`${ARN}job/one`, `${ARN}jobtemplate/t`]) {
      expect(() => desk.account.listTagsForResource({ resourceArn })).toThrow(`Resource ${resourceArn} not found`);
    }
    desk.job('one', [arn]);
    expect(desk.account.listTagsForResource({ resourceArn: `${ARN}job/one` })).toEqual({ tags: [] });
    expect(failure('createJob', { jobId: 'two', targets: [arn], document: '{}', tags: [{ Key: 'aws:x', Value: '' }] })).toEqual(['InvalidRequestException', expect.stringContaining("'aws:x' is not a tag key")]);
    expect(failure('describeJob', { jobId: 'two' })[0]).toBe('ResourceNotFoundException');
  });

  test('is listed, the latest first, by status and by group', () => {
    const grouped = group('g', ['pump']);
    desk.job('one', [arn]);
    desk.clock.advance(1);
    desk.job('two', [grouped], { targetSelection: 'CONTINUOUS' });
    desk.call('cancelJob', { jobId: 'one', comment: 'no', reasonCode: 'NOT_NOW' });
    const ids = (input: object): string[] => desk.call('listJobs', input).jobs.map(({ jobId }) => jobId);
    expect(ids({})).toEqual(['two', 'one']);
    expect(ids({ status: 'CANCELED' })).toEqual(['one']);
    expect(ids({ targetSelection: 'CONTINUOUS' })).toEqual(['two']);
    expect(ids({ thingGroupName: 'g' })).toEqual(['two']);
    const { jobs: [first], nextToken } = desk.call('listJobs', { maxResults: 1 });
    expect([first!.jobId, ids({ maxResults: 1, nextToken })]).toEqual(['two', ['one']]);
    expect(desk.call('describeJob', { jobId: 'one' }).job).toMatchObject({ comment: 'no', reasonCode: 'NOT_NOW' });
  });

  test.each<readonly [string, object, string, RegExp]>([
    ['no document', { document: undefined }, 'InvalidRequestException', /needs a 'document'/],
    ['a document that is no JSON', { document: '{' }, 'InvalidRequestException', /^the job document is not valid JSON$/],
    ['a long document', { document: JSON.stringify('x'.repeat(32_767)) }, 'InvalidRequestException', /at most 32768 characters/],
    ['a deep document', { document: '['.repeat(200) + ']'.repeat(200) }, 'InvalidRequestException', /deeper than the 128 levels/],
    ['two documents', { documentSource: 's3://b/k' }, 'InvalidRequestException', /either 'document' or 'documentSource'/],
    ['a document that is not there', { document: undefined, documentSource: 's3://b/k' }, 'InvalidRequestException', /cannot be read: the bucket b has no object k/],
    ['a source that is no object', { document: undefined, documentSource: 'https://example.com/x' }, 'InvalidRequestException', /must be the URL of an object/],
    ['no targets', { targets: [] }, 'InvalidRequestException', /from 1 to 100 targets, got 0/],
    ['targets that are no list', { targets: 5 }, 'InvalidRequestException', /must be a list/],
    ['an unknown thing', { targets: [`${ARN}thing/nobody`] }, 'ResourceNotFoundException', /^Thing nobody not found$/],
    ['an unknown group', { targets: [`${ARN}thinggroup/nowhere`] }, 'ResourceNotFoundException', /^Thing group nowhere not found$/],
    ['a target of another account', { targets: ['arn:aws:iot:us-east-1:999999999999:thing/pump'] }, 'InvalidRequestException', /is not the ARN of a thing or thing group/],
    ['an id with a slash', { jobId: 'a/b' }, 'InvalidRequestException', /at 'jobId' failed to satisfy constraint/],
    ['the id of another job', { jobId: 'one' }, 'ResourceAlreadyExistsException', /^Job one already exists$/],
    ['maintenance windows', { schedulingConfig: { maintenanceWindows: [{ startTime: 'cron(0 18 ? * MON *)', durationInMinutes: 60 }] } }, 'InvalidRequestException', /the twin does not take maintenanceWindows/],
    ['a namespace', { namespaceId: 'n' }, 'InvalidRequestException', /the twin does not take namespaceId/],
    ['parameters', { documentParameters: { a: 'b' } }, 'InvalidRequestException', /documentParameters: they are for templates that AWS manages/],
    ['a long time', { timeoutConfig: { inProgressTimeoutInMinutes: 20_000 } }, 'InvalidRequestException', /from 1 to 10080/],
    ['many retries', { jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries: 6 }, { failureType: 'TIMED_OUT', numberOfRetries: 6 }] } }, 'InvalidRequestException', /at most 10 retries together/],
    ['an unknown template', { document: undefined, jobTemplateArn: `${ARN}jobtemplate/none` }, 'ResourceNotFoundException', /^Job template none not found$/],
    ['a selection that is none', { targetSelection: 'SOME' }, 'InvalidRequestException', /SNAPSHOT or CONTINUOUS/],
  ])('fails with %s', (_, input, name, message) => {
    desk.job('one', [arn]);
    desk.hear();
    expect(failure('createJob', { jobId: 'two', targets: [arn], document: '{}', ...input })).toEqual([name, expect.stringMatching(message)]);
    expect([desk.hear(), desk.call('listJobs').jobs.length]).toEqual([[], 1]);
  });

  test('is canceled without what is in progress, or by force with it', () => {
    for (const force of [false, true]) {
      const jobId = `job-${force}`;
      desk.job(jobId, [arn, `${ARN}thing/other`]);
      desk.ask(`pump/jobs/${jobId}/update`, { status: 'IN_PROGRESS' });
      desk.call('cancelJob', { jobId, force });
      expect(statuses(jobId)).toEqual({ pump: force ? 'CANCELED' : 'IN_PROGRESS', other: 'CANCELED' });
      expect(desk.call('describeJob', { jobId }).job).toMatchObject({ status: 'CANCELED', ...(force ? { forceCanceled: true } : {}) });
    }
    expect(failure('cancelJob', { jobId: 'job-true' })).toEqual(['InvalidRequestException', 'Job job-true is CANCELED already']);
    // What goes on may come to its end.
    expect(desk.ask('pump/jobs/job-false/update', { status: 'SUCCEEDED' }).outcome).toBe('accepted');
  });

  test('is deleted when it has ended, or by force', () => {
    desk.job('one', [arn]);
    expect(failure('deleteJob', { jobId: 'one' })).toEqual(['InvalidStateTransitionException', "Job one is IN_PROGRESS: cancel it first, or delete it with 'force'"]);
    desk.call('deleteJob', { jobId: 'one', force: true });
    expect(failure('describeJob', { jobId: 'one' })).toEqual(['ResourceNotFoundException', 'Job one not found']);
    expect(desk.ask('pump/jobs/one/get')).toMatchObject({ code: 'ResourceNotFound' });
    expect(desk.ask('pump/jobs/get')).toMatchObject({ queuedJobs: [] });
  });

  test('is complete at once when nobody is in its groups, and by the deletion of what was left of it', () => {
    desk.job('empty', [group('g')]);
    expect(desk.call('describeJob', { jobId: 'empty' }).job.status).toBe('COMPLETED');
    desk.job('one', [arn]);
    expect(failure('deleteJobExecution', { jobId: 'one', thingName: 'pump', executionNumber: 1 })).toEqual(['InvalidStateTransitionException', expect.stringContaining('QUEUED')]);
    desk.call('deleteJobExecution', { jobId: 'one', thingName: 'pump', executionNumber: 1, force: true });
    expect(desk.call('describeJob', { jobId: 'one' }).job.status).toBe('COMPLETED');
  });
});

describe('one execution', () => {
  test('is canceled in its version, and by force when it is in progress', () => {
    desk.job('one', [arn]);
    expect(failure('cancelJobExecution', { jobId: 'one', thingName: 'pump', expectedVersion: 4 })).toEqual(['VersionConflictException', expect.stringContaining('4 does not match the version 1')]);
    desk.ask('pump/jobs/start-next');
    expect(failure('cancelJobExecution', { jobId: 'one', thingName: 'pump' })).toEqual(['InvalidStateTransitionException', "The job execution is IN_PROGRESS: cancel it with 'force'"]);
    desk.call('cancelJobExecution', { jobId: 'one', thingName: 'pump', force: true, expectedVersion: 2, statusDetails: { why: 'so' } });
    expect(desk.call('describeJobExecution', { jobId: 'one', thingName: 'pump' }).execution).toMatchObject({ status: 'CANCELED', forceCanceled: true, versionNumber: 3, statusDetails: { detailsMap: { why: 'so' } }, thingArn: arn });
    expect(failure('cancelJobExecution', { jobId: 'one', thingName: 'pump', force: true })).toEqual(['InvalidStateTransitionException', 'The job execution is CANCELED and cannot be canceled']);
    expect(desk.ask('pump/jobs/one/update', { status: 'SUCCEEDED' })).toMatchObject({ code: 'InvalidStateTransition' });
  });

  test('is found by thing and by number', () => {
    desk.job('one', [arn]);
    desk.job('two', [arn]);
    const of = (input: object): unknown[] => desk.call('listJobExecutionsForThing', { thingName: 'pump', ...input }).executionSummaries.map((one) => [one.jobId, one.jobExecutionSummary.executionNumber]);
    expect(of({})).toEqual([['one', 1], ['two', 1]]);
    expect(of({ jobId: 'two' })).toEqual([['two', 1]]);
    expect(of({ status: 'FAILED' })).toEqual([]);
    expect(failure('listJobExecutionsForThing', { thingName: 'nobody' })[0]).toBe('ResourceNotFoundException');
    expect(failure('describeJobExecution', { jobId: 'one', thingName: 'pump', executionNumber: 3 })).toEqual(['ResourceNotFoundException', 'Job execution 3 of thing pump for job one not found']);
  });
});

describe('a group', () => {
  test('stands for its things and those below it, as they are when a snapshot is taken', () => {
    const plant = group('plant', ['pump']);
    group('hall', ['other'], 'plant');
    desk.job('one', [plant, arn]);
    expect(statuses('one')).toEqual({ pump: 'QUEUED', other: 'QUEUED' });
    desk.things('late');
    desk.account.addThingToThingGroup({ thingName: 'late', thingGroupName: 'hall' });
    desk.account.removeThingFromThingGroup({ thingName: 'other', thingGroupName: 'hall' });
    expect(statuses('one')).toEqual({ pump: 'QUEUED', other: 'QUEUED' });
  });

  test('brings a continuous job to who joins, and takes it from who leaves', () => {
    const plant = group('plant', ['pump']);
    group('hall', [], 'plant');
    desk.job('one', [plant], { targetSelection: 'CONTINUOUS' });
    desk.ask('pump/jobs/one/update', { status: 'SUCCEEDED' });
    expect(desk.call('describeJob', { jobId: 'one' }).job.status).toBe('IN_PROGRESS');
    desk.hear();
    desk.account.addThingToThingGroup({ thingName: 'other', thingGroupName: 'hall' });
    expect(desk.hear().map(([topic]) => topic)).toEqual(['$aws/things/other/jobs/notify', '$aws/things/other/jobs/notify-next']);
    desk.ask('other/jobs/start-next');
    desk.account.removeThingFromThingGroup({ thingName: 'other', thingGroupName: 'hall' });
    expect(statuses('one')).toEqual({ pump: 'SUCCEEDED', other: 'REMOVED' });
    desk.account.addThingToThingGroup({ thingName: 'other', thingGroupName: 'plant' });
    expect(desk.ask('other/jobs/start-next').execution).toMatchObject({ executionNumber: 2 });
    desk.account.deleteThing({ thingName: 'other' });
    expect(statuses('one')).toEqual({ pump: 'SUCCEEDED', other: 'REMOVED' });
  });

  test('can be added to a continuous job alone', () => {
    const [a, b] = [group('a', ['pump']), group('b', ['pump', 'other'])];
    desk.job('one', [a], { targetSelection: 'CONTINUOUS' });
    expect(desk.call('associateTargetsWithJob', { jobId: 'one', targets: [b], comment: 'more' })).toEqual({ jobArn: `${ARN}job/one`, jobId: 'one' });
    expect(desk.call('listJobExecutionsForJob', { jobId: 'one' }).executionSummaries).toHaveLength(2);
    expect(desk.call('describeJob', { jobId: 'one' }).job).toMatchObject({ targets: [a, b], comment: 'more' });
    desk.things('late');
    desk.account.addThingToThingGroup({ thingName: 'late', thingGroupName: 'b' });
    expect(statuses('one')).toMatchObject({ late: 'QUEUED' });
    desk.job('two', [a]);
    expect(failure('associateTargetsWithJob', { jobId: 'two', targets: [b] })).toEqual(['InvalidRequestException', expect.stringContaining('Job two is not CONTINUOUS')]);
  });
});

describe('a job template', () => {
  test('gives a job what it does not have of its own', () => {
    expect(desk.call('createJobTemplate', { jobTemplateId: 't', description: 'from t', document: '{"t":1}', timeoutConfig: { inProgressTimeoutInMinutes: 3 } })).toEqual({ jobTemplateArn: `${ARN}jobtemplate/t`, jobTemplateId: 't' });
    desk.call('createJob', { jobId: 'one', targets: [arn], jobTemplateArn: `${ARN}jobtemplate/t`, description: 'own' });
    expect(desk.call('describeJob', { jobId: 'one' }).job).toMatchObject({ description: 'own', timeoutConfig: { inProgressTimeoutInMinutes: 3 }, jobTemplateArn: `${ARN}jobtemplate/t` });
    expect(desk.call('getJobDocument', { jobId: 'one' }).document).toBe('{"t":1}');
    expect(desk.call('describeJobTemplate', { jobTemplateId: 't' })).toMatchObject({ document: '{"t":1}', createdAt: new Date(NOW) });
  });

  test('is made from a job, listed and deleted', () => {
    desk.job('one', [arn], { timeoutConfig: { inProgressTimeoutInMinutes: 3 } });
    desk.call('createJobTemplate', { jobTemplateId: 't', description: 'd', jobArn: `${ARN}job/one` });
    expect(desk.call('describeJobTemplate', { jobTemplateId: 't' })).toMatchObject({ document: '{"do":"one"}', timeoutConfig: { inProgressTimeoutInMinutes: 3 }, description: 'd' });
    expect(desk.call('listJobTemplates').jobTemplates).toEqual([{ jobTemplateArn: `${ARN}jobtemplate/t`, jobTemplateId: 't', description: 'd', createdAt: new Date(NOW) }]);
    expect(failure('createJobTemplate', { jobTemplateId: 't', description: 'd', document: '{}' })[0]).toBe('ConflictException');
    desk.call('deleteJobTemplate', { jobTemplateId: 't' });
    expect(failure('deleteJobTemplate', { jobTemplateId: 't' })).toEqual(['ResourceNotFoundException', 'Job template t not found']);
    expect(failure('createJobTemplate', { jobTemplateId: 'u', document: '{}' })[1]).toBe("a job template needs a 'description'");
  });
});

describe('events', () => {
  const enable = (...types: string[]): void => void desk.account.updateEventConfigurations({ eventConfigurations: Object.fromEntries(types.map((type) => [type, { Enabled: true }])) });
  const events = (): unknown[] => desk.hear().filter(([topic]) => topic.startsWith('$aws/events/')).map(([topic, { eventType, operation, status }]) => [topic, eventType, operation, status]);

  test('are published when they are switched on', () => {
    desk.job('quiet', [arn]);
    desk.ask('pump/jobs/quiet/update', { status: 'FAILED' });
    expect(events()).toEqual([]);
    enable('JOB', 'JOB_EXECUTION');
    desk.job('one', [arn], { description: 'd' });
    desk.ask('pump/jobs/one/update', { status: 'SUCCEEDED', statusDetails: { a: 'b' } });
    const told = desk.hear().filter(([topic]) => topic.startsWith('$aws/events/'));
    const common = { eventId: expect.any(String), timestamp: NOW / 1000, jobId: 'one' };
    expect(told).toEqual([
      ['$aws/events/jobExecution/one/succeeded', { ...common, eventType: 'JOB_EXECUTION', operation: 'succeeded', thingArn: arn, status: 'SUCCEEDED', statusDetails: { a: 'b' } }],
      ['$aws/events/job/one/completed', {
        ...common, eventType: 'JOB', operation: 'completed', status: 'COMPLETED', targetSelection: 'SNAPSHOT', targets: [arn], description: 'd', createdAt: NOW, lastUpdatedAt: NOW, completedAt: NOW,
        jobProcessDetails: { numberOfCanceledThings: 0, numberOfRejectedThings: 0, numberOfFailedThings: 0, numberOfRemovedThings: 0, numberOfSucceededThings: 1, numberOfTimedOutThings: 0 },
      }],
    ]);
  });

  test('tell the beginning and the end of a cancellation and a deletion', () => {
    enable('JOB', 'JOB_EXECUTION');
    desk.job('one', [arn]);
    desk.call('cancelJob', { jobId: 'one' });
    expect(events()).toEqual([
      ['$aws/events/job/one/cancellation_in_progress', 'JOB', 'cancellation_in_progress', 'CANCELLATION_IN_PROGRESS'],
      ['$aws/events/jobExecution/one/canceled', 'JOB_EXECUTION', 'canceled', 'CANCELED'],
      ['$aws/events/job/one/canceled', 'JOB', 'canceled', 'CANCELED'],
    ]);
    desk.call('deleteJob', { jobId: 'one' });
    expect(events()).toEqual([
      ['$aws/events/job/one/deletion_in_progress', 'JOB', 'deletion_in_progress', 'DELETION_IN_PROGRESS'],
      ['$aws/events/jobExecution/one/deleted', 'JOB_EXECUTION', 'deleted', 'DELETED'],
      ['$aws/events/job/one/deleted', 'JOB', 'deleted', 'DELETED'],
    ]);
  });
});

test('everything is there again at the next start', () => {
  const storage = new MemoryStorage();
  const before = new Desk(desk.clock, storage, desk.account);
  const grouped = group('g', ['pump']);
  before.job('one', [grouped], { targetSelection: 'CONTINUOUS' });
  before.job('two', [arn, `${ARN}thing/other`]);
  before.job('gone', [arn]);
  before.call('deleteJob', { jobId: 'gone', force: true });
  before.ask('pump/jobs/two/update', { status: 'IN_PROGRESS', statusDetails: { a: 'b' } });
  before.ask('other/jobs/two/update', { status: 'FAILED' });
  before.call('createJobTemplate', { jobTemplateId: 't', description: 'd', document: '{}' });
  const view = ({ call, ask }: { call: (operation: string, input?: object) => unknown; ask: (topic: string) => unknown }): unknown => [
    call('listJobs'), call('describeJob', { jobId: 'two' }), call('listJobExecutionsForJob', { jobId: 'two' }), call('listJobTemplates'), ask('pump/jobs/get'), ask('pump/jobs/$next/get'),
  ];
  const bound = (one: Desk) => ({ call: one.call.bind(one), ask: one.ask.bind(one) });
  before.service.stop();
  const after = new Desk(desk.clock, storage, desk.account);
  expect(view(bound(after))).toEqual(view(bound(before)));
  desk.account.addThingToThingGroup({ thingName: 'other', thingGroupName: 'g' });
  expect(after.ask('other/jobs/get').queuedJobs).toMatchObject([{ jobId: 'one' }]);
});

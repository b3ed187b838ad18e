import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeployment } from '../../../lib/deployment';
import type { Deployment } from '../../../lib/deployment';
import { Desk } from './desk';
import { MemoryStorage } from '../support/memory-storage';

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const TEMPLATE = { JobTemplateId: 't', Description: 'd', Document: '{}', JobExecutionsRetryConfig: { RetryCriteriaList: [{ FailureType: 'ALL', NumberOfRetries: 2 }] }, Tags: [{ Key: 'a', Value: 'b' }] };
const JOB = { JobId: 'j', Targets: [`${ARN}thing/pump`], Document: '{"a":1}', JobExecutionsRetryConfig: { CriteriaList: [{ FailureType: 'FAILED', NumberOfRetries: 1 }] } };

let desk: Desk;

beforeEach(() => {
  desk = new Desk();
  desk.things('pump', 'other');
});

function deployment(resources: Readonly<Record<string, readonly [type: string, properties: object]>>): Deployment {
  const folder = mkdtempSync(join(tmpdir(), 'declared-jobs-'));
  try {
    const file = join(folder, 'App.json');
    const entries = Object.entries(resources).map(([id, [type, Properties]]) => [id, { Type: `AWS::IoT::${type}`, Properties }]);
    writeFileSync(file, JSON.stringify({ Resources: Object.fromEntries(entries) as object }));
    return readDeployment(file, { accountId: '123456789012', region: 'us-east-1' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const follow = (resources: Parameters<typeof deployment>[0]): readonly string[] => desk.service.follow(deployment(resources));

test('makes jobs after the templates that they name', () => {
  expect(follow({ A: ['Job', { JobId: 'j', Targets: JOB.Targets, JobTemplateArn: { 'Fn::GetAtt': ['B', 'Arn'] } }], B: ['JobTemplate', TEMPLATE] })).toEqual([]);
  expect(desk.call('describeJob', { jobId: 'j' }).job).toMatchObject({ description: 'd', jobTemplateArn: `${ARN}jobtemplate/t`, jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'ALL', numberOfRetries: 2 }] } });
});

test('changes of a job what CloudFormation changes, and makes it anew for the rest', () => {
  follow({ A: ['Job', JOB] });
  desk.ask('pump/jobs/start-next');
  expect(follow({ A: ['Job', { ...JOB, Description: 'new', TimeoutConfig: { InProgressTimeoutInMinutes: 7 } }] })).toEqual([]);
  expect(desk.call('describeJob', { jobId: 'j' }).job).toMatchObject({ description: 'new', timeoutConfig: { inProgressTimeoutInMinutes: 7 }, jobProcessDetails: { numberOfInProgressThings: 1 } });
  expect(follow({ A: ['Job', { ...JOB, Document: '{"a":2}' }] })).toEqual([]);
  expect(desk.call('describeJob', { jobId: 'j' }).job).toMatchObject({ jobProcessDetails: { numberOfQueuedThings: 1, numberOfInProgressThings: 0 } });
  expect(desk.ask('pump/jobs/$next/get').execution).toMatchObject({ jobDocument: { a: 2 }, versionNumber: 1 });
});

test('tags what is declared, and changes the tags of a job that is over without making it anew', () => {
  const tags = (resource: string): object => desk.account.listTagsForResource({ resourceArn: `${ARN}${resource}` }).tags;
  follow({ A: ['Job', { ...JOB, Tags: [{ Key: 'site', Value: 'north' }] }], B: ['JobTemplate', TEMPLATE] });
  expect([tags('job/j'), tags('jobtemplate/t')]).toEqual([[{ Key: 'site', Value: 'north' }], [{ Key: 'a', Value: 'b' }]]);
  desk.ask('pump/jobs/j/update', { status: 'SUCCEEDED' });
  expect(follow({ A: ['Job', { ...JOB, Tags: [{ Key: 'site', Value: 'south' }] }] })).toEqual([]);
  expect(tags('job/j')).toEqual([{ Key: 'site', Value: 'south' }]);
  expect(desk.call('describeJob', { jobId: 'j' })).toMatchObject({ job: { status: 'COMPLETED' } });
  expect(() => tags('jobtemplate/t')).toThrow('not found');
});

test('leaves alone what was done while the twin ran, also at the next start', () => {
  const storage = new MemoryStorage();
  const first = new Desk(desk.clock, storage, desk.account);
  const declared = deployment({ A: ['Job', JOB], B: ['JobTemplate', TEMPLATE] });
  first.service.follow(declared);
  first.job('own', [`${ARN}thing/pump`]);
  first.ask('pump/jobs/j/update', { status: 'SUCCEEDED' });
  first.call('deleteJobTemplate', { jobTemplateId: 't' });
  const second = new Desk(desk.clock, storage, desk.account);
  expect(second.service.follow(declared)).toEqual([]);
  expect(second.call('listJobs').jobs.map(({ jobId, status }) => [jobId, status])).toEqual([['own', 'IN_PROGRESS'], ['j', 'COMPLETED']]);
  expect(second.call('listJobTemplates').jobTemplates).toEqual([]);
  expect(second.service.follow(deployment({}))).toEqual([]);
  expect(second.call('listJobs').jobs).toHaveLength(1);
});

test('says what it leaves out, and makes it once it can', () => {
  expect(follow({
    A: ['Job', { ...JOB, Targets: [`${ARN}thing/late`] }],
    B: ['Job', { ...JOB, JobId: 'k', Document: { 'Fn::ImportValue': 'x' } }],
    C: ['Job', { ...JOB, JobId: 'l', SchedulingConfig: { StartTime: '2030-01-01 00:00' } }],
  })).toEqual([
    expect.stringMatching(/B.*: not everything of it is known offline, so it is left out$/),
    expect.stringMatching(/A.*: not made: Thing late not found$/),
    expect.stringMatching(/C.*: not made: 'startTime' must be from 30 minutes to a year from now/),
  ]);
  desk.things('late');
  expect(follow({ A: ['Job', { ...JOB, Targets: [`${ARN}thing/late`] }] })).toEqual([]);
  expect(desk.ask('late/jobs/get').queuedJobs).toMatchObject([{ jobId: 'j' }]);
});

test('does not take the place of a job that somebody else made', () => {
  desk.job('j', [`${ARN}thing/other`]);
  expect(follow({ A: ['Job', JOB] })).toEqual([expect.stringMatching(/: not made: Job j already exists$/)]);
  expect(follow({})).toEqual([]);
  expect(desk.call('listJobs').jobs).toHaveLength(1);
});

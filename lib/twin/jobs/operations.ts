import type * as api from '@aws-sdk/client-iot';
import { IotError, byDate, checkName, invalidRequest, nextToken, notFound, tagsOf } from '../account';
import type { Account, CommonRecord } from '../account';
import type { Clock } from '../clock';
import { check, checkReason, checkSettings, objectToDetails } from './checks';
import { documentOf } from './document-source';
import type { ReadObject } from './document-source';
import { isPending } from './execution';
import { executionDetails, executionSummary, jobSummary, jobView, templateView } from './job-views';
import { targetsOf } from './jobs';
import type { Jobs } from './jobs';
import { JOB_LIMITS, JOB_SAFETY } from './limits';
import type { ExecutionRecord, JobRecord, JobSettings, JobTemplateRecord } from './records';
import { scheduleOf } from './schedule';

export interface OperationsProps {
  readonly jobs: Jobs;
  readonly account: Account;
  readonly clock: Clock;
  readonly readObject: ReadObject;
}

type JobAnswer = Required<Pick<api.CancelJobResponse, 'jobArn' | 'jobId'>> & Pick<api.CancelJobResponse, 'description'>;

/** What a job or a template may be made of, beside its document. */
type Configured = Pick<api.CreateJobRequest,
  'abortConfig' | 'description' | 'destinationPackageVersions' | 'jobExecutionsRetryConfig' | 'jobExecutionsRolloutConfig' | 'presignedUrlConfig' | 'timeoutConfig'>;

/**
 * What operators may ask of jobs, by the names of the calls of the `iot` API.
 *
 * What the twin does not do, such as maintenance windows, is refused by name.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jobs-control-plane-api.html
 */
export class JobOperations {
  constructor(private readonly props: OperationsProps) {}

  public createJob({ jobId, targets = [], document, documentSource, jobTemplateArn, targetSelection = 'SNAPSHOT', ...input }: api.CreateJobRequest): JobAnswer {
    const { jobs, clock } = this.props;
    const id = checkName('jobId', jobId);
    if (jobs.book.jobs.get(id) !== undefined) {
      throw new IotError('ResourceAlreadyExistsException', `Job ${id} already exists`, { resourceId: id, resourceArn: this.props.account.arn(`job/${id}`) });
    }
    refuse(input.namespaceId, 'namespaceId: it has no namespaces');
    refuse(Object.keys(input.documentParameters ?? {})[0], 'documentParameters: they are for templates that AWS manages');
    checkList(targets);
    check(targetSelection !== 'SNAPSHOT' && targetSelection !== 'CONTINUOUS' ? "'targetSelection' must be SNAPSHOT or CONTINUOUS" : undefined);
    const template = jobTemplateArn === undefined ? undefined : this.templateOf(jobTemplateArn);
    const given = document === undefined && documentSource === undefined && template !== undefined ? {} : documentOf(document, documentSource, this.props.readObject);
    const now = clock.now();
    const tagged = taggedNow(input.tags, now);
    const schedule = scheduleOf(input.schedulingConfig, now);
    const { jobTemplateId, createdAt, ...inherited } = template ?? {};
    jobs.create({
      ...inherited,
      ...settingsOf(input),
      ...given as Pick<JobSettings, 'document'>,
      jobId: id,
      status: schedule.startsAt === undefined ? 'IN_PROGRESS' : 'SCHEDULED',
      ...schedule,
      targetSelection,
      targets: targetsOf([], targets, JOB_LIMITS.targets),
      ...(jobTemplateArn === undefined ? {} : { jobTemplateArn }),
      createdAt: now,
      lastUpdatedAt: now,
    });
    this.props.account.store.put('jobTags', id, tagged);
    return this.answer(id);
  }

  public describeJob({ jobId }: api.DescribeJobRequest): api.DescribeJobResponse {
    const job = this.job(jobId);
    return { ...(job.documentSource === undefined ? {} : { documentSource: job.documentSource }), job: jobView(this.props.account, this.props.jobs, job) };
  }

  public getJobDocument({ jobId }: api.GetJobDocumentRequest): api.GetJobDocumentResponse {
    return { document: this.job(jobId).document };
  }

  public listJobs({ status, targetSelection, thingGroupName, thingGroupId, maxResults, nextToken: token }: api.ListJobsRequest): api.ListJobsResponse {
    const { account, jobs } = this.props;
    const group = thingGroupName ?? (thingGroupId === undefined ? undefined : [...account.store.all('thingGroups')].find((one) => one.thingGroupId === thingGroupId)?.thingGroupName ?? '');
    const target = group === undefined ? undefined : account.arn(`thinggroup/${group}`);
    const fitting = [...jobs.book.jobs.values()].filter((job) => (
      (status === undefined || job.status === status) && (targetSelection === undefined || job.targetSelection === targetSelection) && (target === undefined || job.targets.includes(target))
    ));
    const page = account.page(fitting, ({ createdAt, jobId }) => byDate(createdAt, jobId), { limit: maxResults, token, descending: true });
    return { jobs: page.items.map((job) => jobSummary(account, job)), ...nextToken(page) };
  }

  public updateJob({ jobId, namespaceId, ...input }: api.UpdateJobRequest): object {
    refuse(namespaceId, 'namespaceId: it has no namespaces');
    const job = this.job(jobId);
    check(isOpen(job) ? undefined : `Job ${job.jobId} is ${job.status} and cannot be changed`);
    this.props.jobs.update({ ...job, ...settingsOf(input) });
    return {};
  }

  /** Change the tags of a job, and nothing else. */
  public retagJob(jobId: string, tags: readonly api.Tag[] | undefined): void {
    this.props.account.store.put('jobTags', this.job(jobId).jobId, taggedNow(tags, this.props.clock.now()));
  }

  public cancelJob({ jobId, comment, reasonCode, force = false }: api.CancelJobRequest): JobAnswer {
    checkReason(reasonCode, comment);
    const job = this.job(jobId);
    check(isOpen(job) ? undefined : `Job ${job.jobId} is ${job.status} already`);
    this.props.jobs.cancel(job.jobId, { force, comment, reasonCode });
    return this.answer(job.jobId);
  }

  public deleteJob({ jobId, force = false }: api.DeleteJobRequest): object {
    const job = this.job(jobId);
    if (isOpen(job) && !force) {
      throw new IotError('InvalidStateTransitionException', `Job ${job.jobId} is ${job.status}: cancel it first, or delete it with 'force'`);
    }
    this.props.jobs.remove(job.jobId);
    return {};
  }

  public associateTargetsWithJob({ jobId, targets = [], comment }: api.AssociateTargetsWithJobRequest): JobAnswer {
    checkReason(undefined, comment);
    checkList(targets);
    const job = this.job(jobId);
    check(job.targetSelection !== 'CONTINUOUS' ? `Job ${job.jobId} is not CONTINUOUS, and its targets are those that it was created with`
      : !isOpen(job) || job.hasEnded === true ? `Job ${job.jobId} is ${isOpen(job) ? 'at its end' : job.status}, and takes no more targets` : undefined);
    targetsOf([], targets, JOB_LIMITS.targets);
    targetsOf(job.targets, targets, JOB_LIMITS.targets);
    this.props.jobs.associate(job.jobId, targets, comment);
    return this.answer(job.jobId);
  }

  public describeJobExecution({ jobId, thingName, executionNumber }: api.DescribeJobExecutionRequest): api.DescribeJobExecutionResponse {
    return { execution: executionDetails(this.props.account, this.execution(jobId, thingName, executionNumber), this.props.clock.now()) };
  }

  public listJobExecutionsForJob({ jobId, status, maxResults, nextToken: token }: api.ListJobExecutionsForJobRequest): api.ListJobExecutionsForJobResponse {
    const { account, jobs } = this.props;
    const page = this.executions(jobs.book.executionsOfJob(this.job(jobId).jobId), { status, limit: maxResults, token });
    return {
      executionSummaries: page.items.map((execution) => ({ thingArn: account.arn(`thing/${execution.thingName}`), jobExecutionSummary: executionSummary(execution) })),
      ...nextToken(page),
    };
  }

  public listJobExecutionsForThing({ thingName, jobId, status, namespaceId, maxResults, nextToken: token }: api.ListJobExecutionsForThingRequest): api.ListJobExecutionsForThingResponse {
    refuse(namespaceId, 'namespaceId: it has no namespaces');
    const { account, jobs } = this.props;
    const { thingName: name } = account.describeThing({ thingName });
    const all = jobId === undefined ? jobs.book.executionsOfThing(name!) : jobs.book.executions(checkName('jobId', jobId), name!);
    const page = this.executions(all, { status, limit: maxResults, token });
    return { executionSummaries: page.items.map((execution) => ({ jobId: execution.jobId, jobExecutionSummary: executionSummary(execution) })), ...nextToken(page) };
  }

  public cancelJobExecution({ jobId, thingName, force = false, expectedVersion, statusDetails }: api.CancelJobExecutionRequest): object {
    const execution = this.execution(jobId, thingName);
    const { status, versionNumber } = execution;
    check(statusDetails === undefined ? undefined : objectToDetails(statusDetails));
    if (expectedVersion !== undefined && expectedVersion !== versionNumber) {
      throw new IotError('VersionConflictException', `The expected version ${expectedVersion} does not match the version ${versionNumber} of the job execution`);
    }
    if (!isPending(execution) || (status === 'IN_PROGRESS' && !force)) {
      throw new IotError('InvalidStateTransitionException', `The job execution is ${status}${status === 'IN_PROGRESS' ? ": cancel it with 'force'" : ' and cannot be canceled'}`);
    }
    this.props.jobs.cancelExecution(execution, force, statusDetails);
    return {};
  }

  public deleteJobExecution({ jobId, thingName, executionNumber, force = false }: api.DeleteJobExecutionRequest): object {
    const execution = this.execution(jobId, thingName, executionNumber);
    if (isPending(execution) && !force) {
      throw new IotError('InvalidStateTransitionException', `The job execution is ${execution.status}: cancel it first, or delete it with 'force'`);
    }
    this.props.jobs.removeExecution(execution);
    return {};
  }

  public createJobTemplate({ jobTemplateId, jobArn, document, documentSource, ...input }: api.CreateJobTemplateRequest): api.CreateJobTemplateResponse {
    const { account, clock, jobs: { book } } = this.props;
    const id = checkName('jobTemplateId', jobTemplateId);
    if (book.templates.get(id) !== undefined) {
      throw new IotError('ConflictException', `Job template ${id} already exists`, { resourceId: id });
    }
    refuse(input.maintenanceWindows?.[0], 'maintenanceWindows: a job starts when it is created, or at its startTime');
    check(input.description === undefined || input.description === '' ? "a job template needs a 'description'" : undefined);
    const from = jobArn === undefined ? undefined : this.job(nameIn(account.arn('job/'), jobArn));
    const given = document === undefined && documentSource === undefined && from !== undefined
      ? { document: from.document, ...(from.documentSource === undefined ? {} : { documentSource: from.documentSource }) } : documentOf(document, documentSource, this.props.readObject);
    if (book.templates.size >= JOB_SAFETY.templates) {
      throw new IotError('LimitExceededException', `the twin keeps at most ${JOB_SAFETY.templates} job templates`);
    }
    this.props.jobs.makeRoom(0, given.document.length, 0);
    const tagged = taggedNow(input.tags, clock.now());
    const template: JobTemplateRecord = { ...from && settingsOf({ ...from, destinationPackageVersions: undefined }), ...settingsOf(input), ...given, jobTemplateId: id, createdAt: clock.now() };
    book.putTemplate(template);
    account.store.put('jobTemplateTags', id, tagged);
    return { jobTemplateArn: account.arn(`jobtemplate/${id}`), jobTemplateId: id };
  }

  public describeJobTemplate({ jobTemplateId }: api.DescribeJobTemplateRequest): api.DescribeJobTemplateResponse {
    return templateView(this.props.account, this.template(jobTemplateId));
  }

  public listJobTemplates({ maxResults, nextToken: token }: api.ListJobTemplatesRequest): api.ListJobTemplatesResponse {
    const { account, jobs } = this.props;
    const page = account.page(jobs.book.templates.values(), ({ createdAt, jobTemplateId }) => byDate(createdAt, jobTemplateId), { limit: maxResults, token, descending: true });
    return {
      jobTemplates: page.items.map(({ jobTemplateId, description, createdAt }) => ({
        jobTemplateArn: account.arn(`jobtemplate/${jobTemplateId}`), jobTemplateId, ...(description === undefined ? {} : { description }), createdAt: new Date(createdAt),
      })),
      ...nextToken(page),
    };
  }

  public deleteJobTemplate({ jobTemplateId }: api.DeleteJobTemplateRequest): object {
    this.props.jobs.removeTemplate(this.template(jobTemplateId).jobTemplateId);
    return {};
  }

  private job(jobId: string | undefined): JobRecord {
    return this.props.jobs.job(checkName('jobId', jobId));
  }

  private template(jobTemplateId: string | undefined): JobTemplateRecord {
    const id = checkName('jobTemplateId', jobTemplateId);
    const template = this.props.jobs.book.templates.get(id);
    if (template === undefined) {
      throw notFound(`Job template ${id}`);
    }
    return template;
  }

  private templateOf(arn: string): JobTemplateRecord {
    return this.template(nameIn(this.props.account.arn('jobtemplate/'), arn));
  }

  private execution(jobId: string | undefined, thingName: string | undefined, executionNumber?: number): ExecutionRecord {
    const [id, thing] = [checkName('jobId', jobId), checkName('thingName', thingName)];
    // A number in the path of a request comes as text.
    const execution = this.props.jobs.book.find(id, thing, executionNumber === undefined ? undefined : Number(executionNumber));
    if (execution === undefined) {
      throw notFound(`Job execution ${executionNumber === undefined ? '' : `${executionNumber} `}of thing ${thing} for job ${id}`);
    }
    return execution;
  }

  private executions(all: Iterable<ExecutionRecord>, { status, ...asked }: { readonly status: string | undefined; readonly limit: number | undefined; readonly token: string | undefined }) {
    return this.props.account.page([...all].filter((execution) => status === undefined || execution.status === status), ({ order }) => String(order).padStart(15, '0'), asked);
  }

  private answer(jobId: string): JobAnswer {
    const { description } = this.props.jobs.job(jobId);
    return { jobArn: this.props.account.arn(`job/${jobId}`), jobId, ...(description === undefined ? {} : { description }) };
  }
}

/** @throws IotError for tags that no resource can have. */
function taggedNow(tags: readonly api.Tag[] = [], now: number): CommonRecord {
  check(Array.isArray(tags) ? undefined : "'tags' must be a list of keys and values");
  return { creationDate: now, tags: tagsOf(tags) };
}

/** Whether a job has yet to come to its end. */
function isOpen({ status }: JobRecord): boolean {
  return status === 'SCHEDULED' || status === 'IN_PROGRESS';
}

/** @throws IotError where something is asked for that the twin does not do. */
function refuse(given: unknown, what: string): void {
  check(given === undefined ? undefined : `the twin does not take ${what}`);
}

function checkList(targets: unknown): void {
  check(Array.isArray(targets) ? undefined : "'targets' must be a list of ARNs");
}

/** The settings among what was given. */
function settingsOf({ description, presignedUrlConfig, jobExecutionsRolloutConfig, abortConfig, timeoutConfig, jobExecutionsRetryConfig, destinationPackageVersions }: Configured): Omit<JobSettings, 'document'> {
  const all = { description, presignedUrlConfig, jobExecutionsRolloutConfig, abortConfig, timeoutConfig, jobExecutionsRetryConfig, destinationPackageVersions };
  const settings = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Omit<JobSettings, 'document'>;
  checkSettings(settings);
  return settings;
}

function nameIn(prefix: string, arn: string): string {
  if (!arn.startsWith(prefix)) {
    throw invalidRequest(`'${arn.slice(0, 300)}' is not an ARN of this account that begins with ${prefix}`);
  }
  return arn.slice(prefix.length);
}

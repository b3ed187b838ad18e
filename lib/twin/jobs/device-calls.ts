import type { Clock } from '../clock';
import { objectToDetails, objectToMinutes } from './checks';
import { Rejection } from './errors';
import { NO_STEP_TIMER, REPORTED, STATUSES, isPending } from './execution';
import type { Jobs, Report } from './jobs';
import { JOB_LIMITS } from './limits';
import type { ExecutionRecord, ExecutionStatus, JobRecord } from './records';
import { executionView, stateOf, summaryOf, timeLeft } from './views';

/** What a request says, as JSON had it. */
export type Members = Readonly<Record<string, unknown>>;

/** The job id that stands for whatever is next. */
export const NEXT = '$next';

export interface DeviceCallsProps {
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly hasThing: (thingName: string) => boolean;

  /** The document of a job for an execution as it is told: text over HTTPS, what it says over MQTT. */
  readonly tellDocument: (job: JobRecord, execution: ExecutionRecord) => unknown;
}

const JOB_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * What devices may ask, however they ask it. Answers are without what MQTT adds to all of them.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
 */
export class DeviceCalls {
  constructor(private readonly props: DeviceCallsProps) {}

  public getPending(thingName: string): object {
    this.checkThing(thingName);
    const listed = this.props.jobs.book.pendingOf(thingName).slice(0, JOB_LIMITS.pendingListed);
    const of = (wanted: ExecutionStatus): object[] => listed.filter(({ status }) => status === wanted).map(summaryOf);
    return { inProgressJobs: of('IN_PROGRESS'), queuedJobs: of('QUEUED') };
  }

  public startNext(thingName: string, members: Members): object {
    this.checkThing(thingName);
    return this.show(this.props.jobs.startNext(thingName, stepOf(members, [])), true);
  }

  public describe(thingName: string, jobId: string, members: Members): object {
    this.checkThing(thingName);
    const includes = flag(members, 'includeJobDocument') ?? true;
    if (jobId === NEXT) {
      return this.show(this.props.jobs.next(thingName), includes);
    }
    const execution = this.props.jobs.execution(checkJobId(jobId), thingName, wholeNumber(members, 'executionNumber'));
    if (!isPending(execution)) {
      throw new Rejection('TerminalStateReached', `The job execution is in terminal status ${execution.status}`);
    }
    return this.show(execution, includes);
  }

  public update(thingName: string, jobId: string, members: Members): object {
    this.checkThing(thingName);
    const { jobs, tellDocument } = this.props;
    const report: Report = {
      status: statusOf(members),
      ...stepOf(members, [NO_STEP_TIMER]),
      expectedVersion: wholeNumber(members, 'expectedVersion'),
      executionNumber: wholeNumber(members, 'executionNumber'),
    };
    const [tellsState, tellsDocument] = [flag(members, 'includeJobExecutionState'), flag(members, 'includeJobDocument')];
    const execution = jobs.report(checkJobId(jobId), thingName, report);
    return {
      ...(tellsState === true && { executionState: stateOf(execution) }),
      ...(tellsDocument === true && { jobDocument: tellDocument(jobs.job(jobId), execution) }),
    };
  }

  private show(execution: ExecutionRecord | undefined, includesDocument: boolean): object {
    const { jobs, clock, tellDocument } = this.props;
    return execution === undefined ? {} : {
      execution: {
        thingName: execution.thingName,
        ...executionView(execution, includesDocument ? tellDocument(jobs.job(execution.jobId), execution) : undefined),
        ...timeLeft(execution, clock.now()),
      },
    };
  }

  private checkThing(thingName: string): void {
    if (!this.props.hasThing(thingName)) {
      throw new Rejection('ResourceNotFound', `Thing ${thingName.slice(0, 128)} was not found`);
    }
  }
}

function checkJobId(jobId: string): string {
  if (!JOB_ID.test(jobId)) {
    throw new Rejection('InvalidTopic', 'A job id has from 1 to 64 characters of [a-zA-Z0-9_-]');
  }
  return jobId;
}

function statusOf({ status }: Members): Report['status'] {
  const reported = REPORTED.find((one) => one === status);
  if (reported === undefined) {
    throw new Rejection('InvalidRequest', STATUSES.some((one) => one === status)
      ? `A device cannot set status ${String(status)}: it must be one of ${REPORTED.join(', ')}` : `status must be one of ${REPORTED.join(', ')}`);
  }
  return reported;
}

function stepOf({ statusDetails, stepTimeoutInMinutes }: Members, others: readonly number[]): Pick<Report, 'statusDetails' | 'stepTimeoutInMinutes'> {
  const objection = isAbsent(statusDetails) ? undefined : objectToDetails(statusDetails);
  check(objection ?? (isAbsent(stepTimeoutInMinutes) ? undefined : objectToMinutes('stepTimeoutInMinutes', stepTimeoutInMinutes, others)));
  return {
    ...(!isAbsent(statusDetails) && { statusDetails: statusDetails as Record<string, string> }),
    ...(!isAbsent(stepTimeoutInMinutes) && { stepTimeoutInMinutes: stepTimeoutInMinutes as number }),
  };
}

function wholeNumber(members: Members, name: string): number | undefined {
  const value = members[name];
  check(isAbsent(value) || (Number.isSafeInteger(value) && (value as number) >= 0) ? undefined : `${name} must be a whole number`);
  return isAbsent(value) ? undefined : value as number;
}

function flag(members: Members, name: string): boolean | undefined {
  const value = members[name];
  check(isAbsent(value) || typeof value === 'boolean' ? undefined : `${name} must be true or false`);
  return isAbsent(value) ? undefined : value as boolean;
}

/** Some clients write null for what they do not set. */
function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function check(objection: string | undefined): void {
  if (objection !== undefined) {
    throw new Rejection('InvalidRequest', objection);
  }
}

import type * as api from '@aws-sdk/client-iot';

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html#iot-job-execution-states */
export type ExecutionStatus = 'QUEUED' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'REJECTED' | 'REMOVED' | 'CANCELED';

/** How an attempt ends that may be followed by another. */
export type FailureType = 'FAILED' | 'TIMED_OUT';

/** The settings that a job has of its own or from its template. */
export interface JobSettings {
  readonly description?: string;
  readonly document: string;
  readonly documentSource?: string;
  readonly presignedUrlConfig?: api.PresignedUrlConfig;
  readonly jobExecutionsRolloutConfig?: api.JobExecutionsRolloutConfig;
  readonly abortConfig?: api.AbortConfig;
  readonly timeoutConfig?: api.TimeoutConfig;
  readonly jobExecutionsRetryConfig?: api.JobExecutionsRetryConfig;
  readonly destinationPackageVersions?: readonly string[];
}

/** A job, as plain data; times are milliseconds since the epoch. */
export interface JobRecord extends JobSettings {
  readonly jobId: string;
  readonly status: 'SCHEDULED' | 'IN_PROGRESS' | 'COMPLETED' | 'CANCELED';
  readonly targetSelection: 'CONTINUOUS' | 'SNAPSHOT';

  /** ARNs of things and static thing groups. */
  readonly targets: readonly string[];
  readonly jobTemplateArn?: string;
  readonly comment?: string;
  readonly reasonCode?: string;
  readonly forceCanceled?: boolean;
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  readonly completedAt?: number;
  readonly schedulingConfig?: Schedule;

  /** When it starts and ends by its schedule, and whether it has ended: then it reaches no more things. */
  readonly startsAt?: number;
  readonly endsAt?: number;
  readonly hasEnded?: boolean;

  /** While things wait for it: how many it has reached, and when it reaches the next. */
  readonly rollout?: { readonly reachedThings: number; readonly nextAt: number };
}

/** When a job runs, as it was asked for. */
export type Schedule = Pick<api.SchedulingConfig, 'startTime' | 'endTime' | 'endBehavior'>;

/** A thing that a job has yet to reach. */
export interface WaitingRecord {
  readonly jobId: string;
  readonly thingName: string;
}

/** A job template, as plain data. */
export interface JobTemplateRecord extends JobSettings {
  readonly jobTemplateId: string;
  readonly createdAt: number;
}

/** One attempt of one thing at one job. */
export interface ExecutionRecord {
  readonly jobId: string;
  readonly thingName: string;

  /** The first attempt is 1. */
  readonly executionNumber: number;
  readonly status: ExecutionStatus;
  readonly statusDetails?: Readonly<Record<string, string>>;
  readonly forceCanceled?: boolean;

  /** Its place in the queue of the thing: two may be queued within one millisecond. */
  readonly order: number;
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly lastUpdatedAt: number;
  readonly versionNumber: number;

  /** When the in-progress timer of the job and the step timer of the device end. */
  readonly endsAt?: number;
  readonly stepEndsAt?: number;

  /** How many attempts before this one ended how, since the thing became a target. */
  readonly retries?: Readonly<Partial<Record<FailureType, number>>>;
}

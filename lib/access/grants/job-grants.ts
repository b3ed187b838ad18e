import { Token } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { FleetThings } from './fleet-things';
import { grantControl } from './grant-iot';
import { invalid, quote } from '../../private/errors';
import type { TopicSpace } from '../../topics';
import { placed } from '../placed';

/** Options for permitting something with jobs. */
export interface JobGrantOptions {
  /**
   * The name of the one thing that it is permitted for.
   *
   * @default - all things of the fleet and, for creating jobs, its thing groups
   */
  readonly thing?: string;

  /**
   * What the ids of the jobs begin with: some of a-z, A-Z, 0-9, `_` and `-`. It keeps apart the jobs of other fleets, which
   * AWS IoT does not.
   *
   * @default - the fleet's `thingNamePrefix`, with `-` for `:`
   */
  readonly jobIdPrefix?: string;
}

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateJob.html */
const JOB_ID_PREFIX = /^[a-zA-Z0-9_-]{1,63}$/;

/**
 * The calls that each use takes. IAM checks some against the job, some against the thing, and some against both.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
 */
const ACTIONS = {
  create: ['iot:CreateJob'],
  describe: ['iot:DescribeJob', 'iot:DescribeJobExecution', 'iot:GetJobDocument', 'iot:ListJobExecutionsForJob', 'iot:ListJobExecutionsForThing'],
  cancel: ['iot:CancelJob', 'iot:CancelJobExecution'],
  delete: ['iot:DeleteJob', 'iot:DeleteJobExecution'],
} as const;

/** What IAM checks against the job alone, whoever runs it: it cannot be permitted for one thing. */
const OF_JOB_ALONE: ReadonlySet<string> = new Set(['iot:DescribeJob', 'iot:GetJobDocument', 'iot:ListJobExecutionsForJob', 'iot:CancelJob', 'iot:DeleteJob']);

/**
 * What apps and users of AWS can be permitted with the jobs of a fleet. All of it is HTTPS; to run jobs is for devices,
 * which have their permission from `jobs` of the fleet.
 */
export class JobGrants {
  /** @internal */
  public static _of(scope: IConstruct, things: FleetThings, thingGroups: string[], defaultPrefix: string, topicSpace: TopicSpace): JobGrants {
    return new JobGrants(scope, things, thingGroups, defaultPrefix, topicSpace);
  }

  private constructor(
    private readonly scope: IConstruct,
    private readonly things: FleetThings,
    private readonly thingGroups: string[],
    private readonly defaultPrefix: string,
    private readonly topicSpace: TopicSpace,
  ) {}

  /**
   * Permits to create jobs for things and thing groups of the fleet.
   *
   * A job whose document is in Amazon S3, or has presigned URLs, takes permissions there as well.
   */
  public create(grantee: iam.IGrantable, options?: JobGrantOptions): iam.Grant {
    return this.grant(grantee, 'create', options);
  }

  /** Permits to read jobs and how far their things are with them. */
  public describe(grantee: iam.IGrantable, options?: JobGrantOptions): iam.Grant {
    return this.grant(grantee, 'describe', options);
  }

  /** Permits to cancel jobs, for all of their things or for one. */
  public cancel(grantee: iam.IGrantable, options?: JobGrantOptions): iam.Grant {
    return this.grant(grantee, 'cancel', options);
  }

  /** Permits to delete jobs and what is known of how they went. */
  public delete(grantee: iam.IGrantable, options?: JobGrantOptions): iam.Grant {
    return this.grant(grantee, 'delete', options);
  }

  /** Permits to list the ids of all jobs in the account: AWS knows no resource for less. */
  public list(grantee: iam.IGrantable): iam.Grant {
    return grantControl(grantee, this.scope, ['iot:ListJobs']);
  }

  private grant(grantee: iam.IGrantable, use: keyof typeof ACTIONS, { thing, jobIdPrefix = this.defaultPrefix }: JobGrantOptions = {}): iam.Grant {
    if (this.topicSpace.jobs === undefined) {
      throw invalid(this.scope, "the devices have no access to jobs; set 'jobs' of the fleet, such as to JobAccess.EXECUTE");
    }
    if (!Token.isUnresolved(jobIdPrefix) && !JOB_ID_PREFIX.test(jobIdPrefix)) {
      throw invalid(this.scope, `'jobIdPrefix' must have 1 to 63 of a-z, A-Z, 0-9, "_" and "-", got ${quote(jobIdPrefix)}`);
    }
    return placed(this.scope, () => this.things.grant({ thing }, (patterns) => grantControl(grantee, this.scope, ACTIONS[use].filter((action) => thing === undefined || !OF_JOB_ALONE.has(action)), {
      job: [`${jobIdPrefix}*`],
      thing: patterns,
      ...use === 'create' && thing === undefined && { thinggroup: this.thingGroups },
    })));
  }
}

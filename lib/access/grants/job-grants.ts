import { Token } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { FleetThings } from './fleet-things';
import { grantControl, grantIot, passRole } from './grant-iot';
import type { IJobTemplate } from '../../jobs';
import { invalid, quote } from '../../private/errors';
import { requireSameEnvironment } from '../../private/same-environment';
import type { DeviceScope, TopicSpace } from '../../topics';
import { appJobEvents } from '../../topics/app-side';
import { IotAction } from '../iot-action';
import { IotResource } from '../iot-resource';
import { placed } from '../placed';
import { topicStatements } from '../topic-statements';

/** Which jobs something is permitted with. */
export interface JobEventGrantOptions {
  /**
   * What the ids of the jobs begin with: some of a-z, A-Z, 0-9, `_` and `-`. It keeps apart the jobs of other fleets, which
   * AWS IoT does not; `Sensors-` also covers those of a fleet with `Sensors-EU-`.
   *
   * @default - the fleet's `thingNamePrefix`, with `-` for `:`
   */
  readonly jobIdPrefix?: string;
}

/** Options for permitting something with jobs. */
export interface JobGrantOptions extends JobEventGrantOptions {
  /**
   * The name of the one thing that it is permitted for.
   *
   * @default - all things of the fleet and, for creating jobs, its thing groups
   */
  readonly thing?: string;
}

/** Options for permitting to create jobs. */
export interface JobCreationGrantOptions extends JobGrantOptions {
  /**
   * The templates that jobs may be made of, besides those that say all themselves, which IAM cannot forbid.
   *
   * @default - none
   */
  readonly templates?: IJobTemplate[];
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
  remove: ['iot:DeleteJob', 'iot:DeleteJobExecution'],
} as const;

/** What IAM checks against the job alone, whoever runs it: it cannot be permitted for one thing. */
const OF_JOB_ALONE: ReadonlySet<string> = new Set(['iot:DescribeJob', 'iot:GetJobDocument', 'iot:ListJobExecutionsForJob', 'iot:CancelJob', 'iot:DeleteJob']);

/** What runs a job in place of MQTT. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiotjobsdataplane.html */
const EXECUTION = [
  IotAction.DESCRIBE_JOB_EXECUTION, IotAction.GET_PENDING_JOB_EXECUTIONS, IotAction.START_NEXT_PENDING_JOB_EXECUTION, IotAction.UPDATE_JOB_EXECUTION,
];

/**
 * What apps and users of AWS can be permitted with the jobs of a fleet, over HTTPS but for events. To run jobs is for devices,
 * which have their permission over MQTT from `jobs` of the fleet.
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
   * The role that presigns the URLs of one of `templates` may be passed. A job with a document in Amazon S3 or a role of its own
   * takes permissions there as well.
   */
  public create(grantee: iam.IGrantable, options: JobCreationGrantOptions = {}): iam.Grant {
    const { templates = [], ...others } = options;
    templates.forEach((template) => requireSameEnvironment(this.scope, 'templates', template));
    const grants = [
      this.grant(grantee, 'create', others),
      ...templates.length === 0 ? [] : [grantControl(grantee, this.scope, ['iot:CreateJob', 'iot:DescribeJobTemplate'], { jobtemplate: templates.map(({ jobTemplateId }) => jobTemplateId) })],
      ...templates.flatMap(({ presignedUrlRole }) => (presignedUrlRole ? [passRole(grantee, presignedUrlRole)] : [])),
    ];
    return grants.reduce((all, one) => all.combine(one));
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
  public remove(grantee: iam.IGrantable, options?: JobGrantOptions): iam.Grant {
    return this.grant(grantee, 'remove', options);
  }

  /**
   * Permits to run jobs over HTTPS in place of a device: to read those that wait for it, to start them and to report on them.
   *
   * For a device that has its credentials from a role alias, name `CredentialVariable.THING_NAME` as the thing.
   *
   * @param grantee Who may run them.
   * @param devices Name one `thing`; by default all of the fleet.
   */
  public execute(grantee: iam.IGrantable, devices: DeviceScope = {}): iam.Grant {
    this.requireJobs();
    return placed(this.scope, () => this.things.grant(devices, (patterns) => (
      grantIot(grantee, this.scope, [{ actions: EXECUTION, resources: patterns.map((thing) => IotResource.thing(thing)) }])
    )));
  }

  /**
   * Permits to hear with MQTT what becomes of jobs, and of each thing with them. Besides it takes `fleet.grants.connect`, and
   * `EventConfigurations` that switches these events on.
   *
   * One may subscribe to the events of all jobs, such as `$aws/events/job/+/completed`, and gets those of jobs whose ids begin
   * with the prefix.
   */
  public subscribeEvents(grantee: iam.IGrantable, options: JobEventGrantOptions = {}): iam.Grant {
    return grantIot(grantee, this.scope, topicStatements(appJobEvents(this.prefixOf(options))));
  }

  /** Permits to list the ids of all jobs in the account: AWS knows no resource for less. */
  public list(grantee: iam.IGrantable): iam.Grant {
    return grantControl(grantee, this.scope, ['iot:ListJobs']);
  }

  private requireJobs(): void {
    if (this.topicSpace.jobs === undefined) {
      throw invalid(this.scope, "the devices have no access to jobs; set 'jobs' of the fleet, such as to JobAccess.EXECUTE");
    }
  }

  private prefixOf({ jobIdPrefix = this.defaultPrefix }: JobEventGrantOptions): string {
    this.requireJobs();
    if (!Token.isUnresolved(jobIdPrefix) && !JOB_ID_PREFIX.test(jobIdPrefix)) {
      throw invalid(this.scope, `'jobIdPrefix' must have 1 to 63 of a-z, A-Z, 0-9, "_" and "-", got ${quote(jobIdPrefix)}`);
    }
    return jobIdPrefix;
  }

  private grant(grantee: iam.IGrantable, use: keyof typeof ACTIONS, options: JobGrantOptions = {}): iam.Grant {
    const { thing } = options;
    const jobIdPrefix = this.prefixOf(options);
    return placed(this.scope, () => this.things.grant({ thing }, (patterns) => grantControl(grantee, this.scope, ACTIONS[use].filter((action) => thing === undefined || !OF_JOB_ALONE.has(action)), {
      job: [`${jobIdPrefix}*`],
      thing: patterns,
      ...use === 'create' && thing === undefined && { thinggroup: this.thingGroups },
    })));
  }
}

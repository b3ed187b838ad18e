import { createHash } from 'node:crypto';
import { Lazy, Names, PhysicalName, Resource, Stack, Token, type Duration, type IResource } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct, IConstruct } from 'constructs';
import { presigningRole } from './iot-read-role';
import { renderAbort, renderRetries, type JobAbortCriterion, type JobRetry } from './job-criteria';
import type { JobDocument } from './job-document';
import type { JobRollout } from './job-rollout';
import { durationIn } from './limits';
import { PLACEHOLDER, type PresignedUrls } from './presigned-urls';
import { iotArn, nameFromArn } from '../private/arns';
import { invalid, quote } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateJobTemplate.html */
const JOB_TEMPLATE_ID: TextRule = { pattern: /^[a-zA-Z0-9_-]+$/, characters: 'letters, digits, "_" and "-"', maxLength: 64 };
const DESCRIPTION: TextRule = { pattern: /^[^\p{C}]+$/u, characters: 'one or more characters, none of them a control character', maxLength: 2028 };
const CRON = /^cron\((\S+ ){5}\S+\)$/;

const MINUTE = 60;
const MAX_TIMEOUT = 7 * 24 * 60 * MINUTE;
const MAX_WINDOW = 1430 * MINUTE;

/** Tells one version of a template from the next. */
const HASH_CHARS = 8;

/** Represents a job template, owned by this app or not. */
export interface IJobTemplate extends IResource, iot.IJobTemplateRef {
  /**
   * The id of this job template.
   *
   * @attribute
   */
  readonly jobTemplateId: string;

  /**
   * The ARN of this job template.
   *
   * @attribute
   */
  readonly jobTemplateArn: string;

  /** The role with which AWS IoT presigns the URLs in the document, where the template has one and it is known. */
  readonly presignedUrlRole?: iam.IRole;
}

/** When devices may run jobs, again and again. */
export interface JobMaintenanceWindow {
  /** When it begins, in UTC: `cron(MINUTES HOURS DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR)`, such as `cron(0 18 ? * MON *)`. */
  readonly startTime: string;

  /** How long it is open, from 1 minute to 23 hours and 50 minutes. */
  readonly duration: Duration;
}

/** Properties for defining a job template. */
export interface JobTemplateProps {
  /** What jobs of it are for: at most 2028 characters. */
  readonly description: string;

  /** What a job tells a device to do. */
  readonly document: JobDocument;

  /**
   * The id of the job template: 1 to 64 letters, digits, `_` and `-`.
   *
   * A template never changes. With an id of its own, change the id with everything else, tags included, or the deployment fails.
   * `PhysicalName.GENERATE_IF_NEEDED` is refused: such an id would stay as it is. Name one for a template that another account or
   * Region refers to.
   *
   * @default - a name made of the construct's path, and a hash of what the template says
   */
  readonly jobTemplateId?: string;

  /**
   * The URLs that the document has. The template gets a role for these objects alone.
   *
   * @default - the document has none
   */
  readonly presignedUrls?: PresignedUrls;

  /**
   * How long a device may take once it has begun, from 1 minute to 7 days. Then AWS IoT counts it as failed.
   *
   * @default - a device may take for ever
   */
  readonly timeout?: Duration;

  /**
   * How fast a job reaches its things.
   *
   * @default - AWS IoT tells them as fast as it can
   */
  readonly rollout?: JobRollout;

  /**
   * When a job is given up for all things: as soon as one of these is met.
   *
   * @default - never
   */
  readonly abort?: JobAbortCriterion[];

  /**
   * How often a thing tries again, by how it failed.
   *
   * @default - not at all
   */
  readonly retries?: JobRetry[];

  /**
   * When devices may run the job.
   *
   * @default - at any time
   */
  readonly maintenanceWindows?: JobMaintenanceWindow[];

  /**
   * The software that a device has after the job, which AWS IoT then notes in a shadow of its thing.
   *
   * @default - nothing is noted
   */
  readonly destinationPackageVersions?: iot.ISoftwarePackageVersionRef[];
}

abstract class JobTemplateBase extends Resource implements IJobTemplate {
  public abstract readonly jobTemplateId: string;
  public abstract readonly jobTemplateArn: string;

  public get jobTemplateRef(): iot.JobTemplateReference {
    return { jobTemplateId: this.jobTemplateId, jobTemplateArn: this.jobTemplateArn };
  }
}

/**
 * Defines a job template: what a job tells devices to do, and how it is rolled out. Jobs are made of it, with things or thing
 * groups as their targets, by those who have `fleet.jobs.grants.create`.
 *
 * Every change replaces it; jobs that were made of it go on. There is no construct for jobs: a job is done once, and deploying
 * again what it says would not run it again. `CfnJob` of aws-cdk-lib is there for jobs that stay, for all who join a thing group.
 *
 * @resource AWS::IoT::JobTemplate
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/job-templates.html
 */
export class JobTemplate extends JobTemplateBase {
  /** Refers to a job template that exists outside this app, in the account and Region of the stack. */
  public static fromJobTemplateId(scope: Construct, id: string, jobTemplateId: string): IJobTemplate {
    requireText(scope, 'jobTemplateId', jobTemplateId, JOB_TEMPLATE_ID);
    class Import extends JobTemplateBase {
      public readonly jobTemplateId = jobTemplateId;
      public readonly jobTemplateArn = iotArn(this, 'jobtemplate', jobTemplateId);
    }
    return new Import(scope, id);
  }

  /** Refers to a job template that exists outside this app, in the account and Region that the ARN names. */
  public static fromJobTemplateArn(scope: Construct, id: string, jobTemplateArn: string): IJobTemplate {
    const jobTemplateId = nameFromArn(scope, 'jobTemplateArn', jobTemplateArn, 'jobtemplate');
    class Import extends JobTemplateBase {
      public readonly jobTemplateId = jobTemplateId;
      public readonly jobTemplateArn = jobTemplateArn;
    }
    return new Import(scope, id, { environmentFromArn: jobTemplateArn });
  }

  public readonly jobTemplateId: string;
  public readonly jobTemplateArn: string;
  public readonly presignedUrlRole?: iam.IRole;

  constructor(scope: Construct, id: string, props: JobTemplateProps) {
    super(scope, id, { physicalName: props.jobTemplateId });

    requireText(this, 'jobTemplateId', props.jobTemplateId, JOB_TEMPLATE_ID);
    if (props.jobTemplateId === PhysicalName.GENERATE_IF_NEEDED) {
      throw invalid(this, "'jobTemplateId' must be left out or named, got PhysicalName.GENERATE_IF_NEEDED: an id that stays the same keeps a template from being replaced");
    }
    requireText(this, 'description', props.description, DESCRIPTION);
    const { text, ...document } = props.document._render(this);
    if (text?.includes(PLACEHOLDER) && props.presignedUrls === undefined) {
      throw invalid(this, "'presignedUrls' must be given for a document with their URLs, or AWS IoT has no role to presign them with");
    }
    props.presignedUrls?._checkDocument(this, text ?? '');
    const settings = renderSettings(this, props);
    const expiresInSec = props.presignedUrls?._expiresInSec(this);
    if (props.presignedUrls) {
      this.presignedUrlRole = presigningRole(this, { bucket: props.presignedUrls._bucket, keyPrefix: props.presignedUrls._keyPrefix });
    }
    const says = {
      description: props.description,
      ...document,
      ...this.presignedUrlRole && { presignedUrlConfig: { RoleArn: this.presignedUrlRole.roleArn, ExpiresInSec: expiresInSec } },
      ...settings,
    };

    const resource: iot.CfnJobTemplate = new iot.CfnJobTemplate(this, 'Resource', {
      ...says,
      jobTemplateId: props.jobTemplateId ?? Lazy.string({ produce: () => this.nameFor([says, resource.tags.renderTags()]) }),
    });
    if (this.presignedUrlRole) {
      resource.node.addDependency(this.presignedUrlRole);
    }
    this.jobTemplateId = this.getResourceNameAttribute(resource.ref);
    this.jobTemplateArn = this.getResourceArnAttribute(resource.attrArn, { service: 'iot', resource: 'jobtemplate', resourceName: this.physicalName });
  }

  /** Another name for whatever changes: a new template comes before the old one goes, and both need an id. */
  private nameFor(content: unknown): string {
    const hash = createHash('sha256').update(JSON.stringify(Stack.of(this).resolve(content))).digest('hex').slice(0, HASH_CHARS);
    return `${Names.uniqueResourceName(this, { maxLength: JOB_TEMPLATE_ID.maxLength - HASH_CHARS - 1, separator: '-', allowedSpecialCharacters: '_-' })}-${hash}`;
  }
}

/** As the L1 takes them: what it has no types for, by the names of CloudFormation, which it does not translate. */
function renderSettings(scope: IConstruct, props: JobTemplateProps): Partial<iot.CfnJobTemplateProps> {
  const { timeout, rollout, abort = [], retries = [], maintenanceWindows = [], destinationPackageVersions = [] } = props;
  return {
    ...timeout && { timeoutConfig: { InProgressTimeoutInMinutes: durationIn('minutes', scope, 'timeout', timeout, MINUTE, MAX_TIMEOUT) } },
    ...rollout && { jobExecutionsRolloutConfig: rollout._render(scope) },
    ...abort.length > 0 && { abortConfig: renderAbort(scope, abort) },
    ...retries.length > 0 && { jobExecutionsRetryConfig: { retryCriteriaList: renderRetries(scope, retries) } },
    ...maintenanceWindows.length > 0 && { maintenanceWindows: maintenanceWindows.map((window, index) => renderWindow(scope, window, index)) },
    ...destinationPackageVersions.length > 0 && {
      destinationPackageVersions: destinationPackageVersions.map(({ softwarePackageVersionRef: { packageName, versionName } }) => (
        iotArn(scope, 'package', `${packageName}/version/${versionName}`)
      )),
    },
  };
}

function renderWindow(scope: IConstruct, { startTime, duration }: JobMaintenanceWindow, index: number): iot.CfnJobTemplate.MaintenanceWindowProperty {
  if (!Token.isUnresolved(startTime) && !CRON.test(startTime)) {
    throw invalid(scope, `'maintenanceWindows[${index}].startTime' must be a cron expression of six fields, such as "cron(0 18 ? * MON *)", got ${quote(startTime)}`);
  }
  return { startTime, durationInMinutes: durationIn('minutes', scope, `maintenanceWindows[${index}].duration`, duration, MINUTE, MAX_WINDOW) };
}

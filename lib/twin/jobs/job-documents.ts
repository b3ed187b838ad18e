import type { Account } from '../account';
import type { ObjectRequest, RoleSession } from '../aws';
import type { RolePermissions } from '../iam';
import type { Journal } from '../journal';
import { JOB_LIMITS } from './limits';
import { fillPlaceholders } from './placeholders';
import type { Names } from './placeholders';
import type { JobRecord } from './records';

/** A URL with which anybody who has it does as a session may, for so many seconds. */
export type Presign = (request: ObjectRequest, session: RoleSession, expiresSec: number) => string;

export interface JobDocumentsProps {
  readonly account: Account;
  readonly journal: Journal;
  readonly presign: Presign;

  /** The roles of what is deployed; undefined before anything is. */
  readonly roles: () => RolePermissions | undefined;
}

/** What a role must allow. */
const ACTIONS = { GET: 's3:GetObject', PUT: 's3:PutObject' } as const satisfies Record<ObjectRequest['method'], string>;

/**
 * Documents as devices are told them: with URLs that are made anew each time. Where the role of the job may not be assumed
 * or does not allow it, there is no URL, what stands for it stays, and the journal says why. On AWS, a URL of a role that
 * allows too little answers 403; what devices are told under a role that cannot be assumed is not documented.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/create-manage-jobs.html#create-manage-jobs-presigned-URLs
 */
export class JobDocuments {
  constructor(private readonly props: JobDocumentsProps) {}

  /** The document of a job, for one execution. */
  public tell(job: JobRecord, names: Names): string {
    const { journal } = this.props;
    return fillPlaceholders(job.document, names, (request, placeholder) => {
      const found = request === undefined ? { objection: 'it is no URL of an object in Amazon S3 as AWS IoT takes them' } : this.urlOf(job, request);
      if ('objection' in found) {
        journal.note({ thingName: names.thingName }, 'refused', `job ${job.jobId}: ${placeholder.slice(0, 300)} stays in the document: ${found.objection}`);
        return undefined;
      }
      return found.url;
    });
  }

  private urlOf({ jobId, presignedUrlConfig: { roleArn, expiresInSec = JOB_LIMITS.presignedSec.most } = {} }: JobRecord, request: ObjectRequest): { readonly url: string } | { readonly objection: string } {
    const { account, presign } = this.props;
    const roles = this.props.roles();
    if (roleArn === undefined) {
      return { objection: "the job has no 'presignedUrlConfig' with a role" };
    }
    if (roles?.has(roleArn) !== true) {
      return { objection: `the assembly declares no role ${roleArn}` };
    }
    const source = { 'aws:SourceArn': account.arn(`job/${jobId}`), 'aws:SourceAccount': account.scope.accountId };
    if (!roles.trustsService(roleArn, 'iot.amazonaws.com', source)) {
      return { objection: `the role ${roleArn} does not let iot.amazonaws.com assume it for this job` };
    }
    const session: RoleSession = { kind: 'role', roleArn, sessionName: 'iot' };
    const action = request.versionId === undefined ? ACTIONS[request.method] : 's3:GetObjectVersion';
    const resource = `arn:${account.scope.partition}:s3:::${request.bucket}/${request.key}`;
    const answer = roles.answer(session, action, resource);
    return answer === 'yes' ? { url: presign(request, session, expiresInSec) }
      : { objection: `the role ${roleArn} ${answer === 'no' ? 'does not allow' : 'has policies that do not tell offline whether it allows'} ${action} on ${resource}` };
  }
}

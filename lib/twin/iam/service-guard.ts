import type { AccountScope } from '../../policy';
import type { RoleSession } from '../aws/access-keys';
import type { KnownKeys, Need } from './need';
import { userArn } from './role-permissions';
import type { RolePermissions } from './role-permissions';

/** More than any call of AWS is about: what asks for more is not read to its end. */
const MAX_NEEDS = 1000;

/** Characters of a resource that a message shows. */
const MAX_SHOWN = 300;

/** What the guard of services needs. */
export interface ServiceGuardProps {
  readonly roles: RolePermissions;
  readonly scope: AccountScope;

  /** Told of each refusal, with the reason for a person. */
  readonly onRefused: (session: RoleSession, reason: string) => void;
}

/** The one place where IAM is asked whether a role may make a call of an AWS service: what its policies, and those of the resource, certainly allow. */
export class ServiceGuard {
  constructor(private readonly props: ServiceGuardProps) {}

  /**
   * Why a role may not make a call, in the words of AWS where it is refused for certain; nothing when it may.
   *
   * @param call how a person calls it
   * @param needs what the call takes; undefined where that is not written down
   */
  public objectionTo(session: RoleSession, call: string, needs: readonly Need[] | undefined): string | undefined {
    const objection = needs === undefined ? `the twin does not know which permissions ${call} takes, so that no role may make it`
      : needs.length > MAX_NEEDS ? `${call} is about more than ${MAX_NEEDS} resources`
        : this.firstObjection(session, needs);
    if (objection !== undefined) {
      this.props.onRefused(session, objection);
    }
    return objection;
  }

  private firstObjection(session: RoleSession, needs: readonly Need[]): string | undefined {
    const common = this.keysOfEveryRequest();
    for (const need of needs) {
      const { answer, reason } = this.props.roles.judge(session, { ...need, values: { ...common, ...need.values } });
      const refused = `User: ${userArn(session)} is not authorized to perform: ${need.action} on resource: ${cut(need.resource ?? '*')}`;
      if (answer === 'no') {
        return `${refused} ${reason}`;
      }
      if (answer === 'unknown') {
        return `${refused}, as far as the twin can tell offline: ${reason}. Say in a policy of the assembly what the role may do`;
      }
    }
    return undefined;
  }

  /**
   * What is the same for all calls: they are for this Region and account, and no service of AWS makes them.
   *
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
   */
  private keysOfEveryRequest(): KnownKeys {
    const { scope: { accountId, region } } = this.props;
    return {
      'aws:RequestedRegion': region,
      'aws:ResourceAccount': accountId,
      'aws:PrincipalIsAWSService': 'false',
      'aws:ViaAWSService': 'false',
      'aws:CalledVia': undefined,
      'aws:CalledViaFirst': undefined,
      'aws:CalledViaLast': undefined,
      'aws:SourceArn': undefined,
      'aws:SourceAccount': undefined,
      'aws:TagKeys': undefined,
    };
  }
}

/** What a client chose, fit for a message. */
function cut(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f]+/g, '?');
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
}

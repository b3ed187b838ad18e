import { propertyOf } from '../../deployment';
import type { Deployment, Resource } from '../../deployment';
import type { Answer, ContextValue, Policy } from '../../policy';
import type { RoleSession, Session } from '../aws/access-keys';
import { allows, allowsSomewhere } from './decide';
import { readDocument } from './documents';
import { judge } from './judge';
import type { Judgement } from './judge';
import type { KnownKeys, Need } from './need';
import { trusting } from './principals';
import { resourcePoliciesOf } from './resource-policies';
import { boundaryOf, findRole, policiesOfRole } from './role-policies';

/** Who asks for credentials of a role, as far as its trust policy may ask. */
export interface WebIdentity {
  readonly provider: string;
  readonly values: KnownKeys;

  /** Whether the session is to have tags. */
  readonly tagged: boolean;
}

/** The policies of a role, and its permissions boundary if it has one: both must allow. */
interface Permissions {
  readonly policies: readonly Policy[];
  readonly boundary: readonly Policy[] | undefined;
}

/** What the roles of the deployment permit for any service, and whom they trust. */
export class RolePermissions {
  /** A deployment does not change, so what is read of it is good for as long as it is the one. */
  private readonly known = new WeakMap<Deployment, Map<string, Permissions>>();

  constructor(private readonly deployment: () => Deployment) {}

  /** Whether a caller may do something; without a resource, it is something that only `*` allows. */
  public allows(session: Session, action: string, resource?: string, values: KnownKeys = {}): boolean {
    return session.kind === 'operator' || this.answer(session, action, resource, values) === 'yes';
  }

  /** The same with what cannot be told apart from what is refused for certain. */
  public answer(session: RoleSession, action: string, resource?: string, values: KnownKeys = {}): Answer {
    return this.judge(session, { action, ...resource !== undefined && { resource }, values }).answer;
  }

  /** The same with the reason, in the words of AWS or in those of the twin where it cannot tell. */
  public judge(session: RoleSession, need: Need): Judgement {
    const { action, resource } = need;
    const permissions = this.permissionsOf(session.roleArn);
    if (permissions === undefined) {
      return { answer: 'no', reason: 'because the assembly does not declare its role' };
    }
    if (need.isUnknown) {
      return this.allowsSomewhere(session.roleArn, action) ? { answer: 'yes', reason: '' } : { answer: 'no', reason: `because no identity-based policy allows the ${action} action` };
    }
    const question = { action, ...resource !== undefined && { resource }, values: { ...need.values, ...valuesOf(session) } };
    const own = resourcePoliciesOf(this.deployment(), action, resource, { roleArn: session.roleArn, userArn: userArn(session) });
    return judge(permissions.policies, permissions.boundary, own, question);
  }

  /** Whether a role may do something to some resource, where it cannot be told to which. */
  public allowsSomewhere(roleArn: string, action: string): boolean {
    const { policies, boundary = policies } = this.permissionsOf(roleArn) ?? { policies: [] };
    return allowsSomewhere(policies, action) && allowsSomewhere(boundary, action);
  }

  /** Whether the deployment has a role. */
  public has(roleArn: string): boolean {
    return this.permissionsOf(roleArn) !== undefined;
  }

  /** Why a role does not trust who asks for it; nothing when it does. */
  public objectionTo(roleArn: string, { provider, values, tagged }: WebIdentity): string | undefined {
    const role = this.find(roleArn);
    if (role === undefined) {
      return `the assembly declares no role ${roleArn}`;
    }
    const trust = readDocument(`${role.path}.AssumeRolePolicyDocument`, trusting(propertyOf(role.properties, 'AssumeRolePolicyDocument'), 'Federated', provider));
    const refused = ['sts:AssumeRoleWithWebIdentity', ...tagged ? ['sts:TagSession'] : []].find((action) => !allows([trust], { action, values }));
    return refused === undefined ? undefined : `the trust policy of ${role.path} does not allow ${refused} to ${provider} for this identity`;
  }

  /** Whether a role lets a service of AWS assume it. */
  public trustsService(roleArn: string, service: string, values: Readonly<Record<string, ContextValue>>): boolean {
    const role = this.find(roleArn);
    return role !== undefined
      && allows([readDocument(`${role.path}.AssumeRolePolicyDocument`, trusting(propertyOf(role.properties, 'AssumeRolePolicyDocument'), 'Service', service))], { action: 'sts:AssumeRole', values });
  }

  private permissionsOf(roleArn: string): Permissions | undefined {
    const deployment = this.deployment();
    const known = this.known.get(deployment) ?? new Map<string, Permissions>();
    this.known.set(deployment, known);
    const role = known.has(roleArn) ? undefined : this.find(roleArn);
    if (role !== undefined) {
      known.set(roleArn, { policies: policiesOfRole(deployment, role), boundary: boundaryOf(deployment, role) });
    }
    return known.get(roleArn);
  }

  private find(roleArn: string): Resource | undefined {
    const role = findRole(this.deployment(), roleArn);
    return role?.condition === undefined ? role : undefined;
  }
}

/** The ARN of a session, as AWS STS gives it. */
export function userArn({ roleArn, sessionName }: RoleSession): string {
  return `${roleArn.replace(':iam:', ':sts:').replace(/:role\/(?:.*\/)?/, ':assumed-role/')}/${sessionName}`;
}

function valuesOf(session: RoleSession): Record<string, ContextValue> {
  const { roleArn, sessionName, tags = {}, keys = {}, identity } = session;
  return {
    ...keys,
    'aws:PrincipalArn': roleArn,
    'aws:PrincipalType': 'AssumedRole',
    'aws:PrincipalAccount': roleArn.split(':')[4] ?? '',
    'aws:userid': `${roleIdOf(roleArn)}:${sessionName}`,
    // On AWS nothing else gets through.
    'aws:SecureTransport': 'true',
    ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [`aws:PrincipalTag/${name}`, value])),
    ...identity && { 'cognito-identity.amazonaws.com:sub': identity.identityId, 'cognito-identity.amazonaws.com:aud': identity.identityPoolId, 'cognito-identity.amazonaws.com:amr': identity.amr },
  };
}

/** A stand-in for the id that AWS IAM gives a role. */
export function roleIdOf(roleArn: string): string {
  return `AROA${Buffer.from(roleArn).toString('hex').toUpperCase().slice(-16)}`;
}

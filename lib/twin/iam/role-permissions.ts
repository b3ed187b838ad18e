import { isList, isValueObject, propertyOf, textAt, textsAt } from '../../deployment';
import type { Deployment, Resource, Value } from '../../deployment';
import { parsePolicy, PolicyError } from '../../policy';
import type { Answer, ContextValue, Policy } from '../../policy';
import type { RoleSession, Session } from '../aws/access-keys';
import { ServiceError } from '../aws/service';
import { allows, allowsSomewhere, answer, weakest } from './decide';
import { boundaryOf, findRole, policiesOfRole } from './role-policies';

/** Who asks for credentials of a role, as far as its trust policy may ask. */
export interface WebIdentity {
  readonly provider: string;
  readonly values: Readonly<Record<string, ContextValue>>;

  /** Whether the session is to have tags. */
  readonly tagged: boolean;
}

/** The policies of a role, and its permissions boundary if it has one: all must allow. */
type Permissions = readonly (readonly Policy[])[];

/** What the roles of the deployment permit for any service, and whom they trust. */
export class RolePermissions {
  /** A deployment does not change, so what is read of it is good for as long as it is the one. */
  private readonly known = new WeakMap<Deployment, Map<string, Permissions>>();

  constructor(private readonly deployment: () => Deployment) {}

  /** Whether a caller may do something; without a resource, it is something that only `*` allows. */
  public allows(session: Session, action: string, resource?: string, values: Readonly<Record<string, ContextValue>> = {}): boolean {
    return session.kind === 'operator' || this.answer(session, action, resource, values) === 'yes';
  }

  /** The same with what cannot be told apart from what is refused for certain. */
  public answer(session: RoleSession, action: string, resource?: string, values: Readonly<Record<string, ContextValue>> = {}): Answer {
    const permissions = this.permissionsOf(session.roleArn);
    const question = { action, ...resource !== undefined && { resource }, values: { ...values, ...valuesOf(session) } };
    return permissions === undefined ? 'no' : weakest(permissions.map((policies) => answer(policies, question)));
  }

  /** Whether a role may do something to some resource, where it cannot be told to which. */
  public allowsSomewhere(roleArn: string, action: string): boolean {
    return this.permissionsOf(roleArn)?.every((policies) => allowsSomewhere(policies, action)) ?? false;
  }

  /** Whether the deployment has a role. */
  public has(roleArn: string): boolean {
    return this.permissionsOf(roleArn) !== undefined;
  }

  /** @throws ServiceError in the words of AWS unless a caller may do something. */
  public require(session: Session | undefined, action: string, resource?: string, values?: Readonly<Record<string, ContextValue>>): void {
    if (session === undefined) {
      throw new ServiceError('MissingAuthenticationToken', 'the request is not signed with Signature Version 4', 403);
    }
    if (!this.allows(session, action, resource, values)) {
      throw new ServiceError('AccessDeniedException', `User: ${session.kind === 'role' ? userArn(session) : ''} is not authorized to perform: ${action} on resource: ${resource ?? '*'} because no identity-based policy allows the ${action} action`);
    }
  }

  /** Why a role does not trust who asks for it; nothing when it does. */
  public objectionTo(roleArn: string, { provider, values, tagged }: WebIdentity): string | undefined {
    const role = this.find(roleArn);
    if (role === undefined) {
      return `the assembly declares no role ${roleArn}`;
    }
    const trust = parse(`${role.path}.AssumeRolePolicyDocument`, trusting(propertyOf(role.properties, 'AssumeRolePolicyDocument'), 'Federated', provider));
    const refused = ['sts:AssumeRoleWithWebIdentity', ...tagged ? ['sts:TagSession'] : []].find((action) => !allows([trust], { action, values }));
    return refused === undefined ? undefined : `the trust policy of ${role.path} does not allow ${refused} to ${provider} for this identity`;
  }

  /** Whether a role lets a service of AWS assume it. */
  public trustsService(roleArn: string, service: string, values: Readonly<Record<string, ContextValue>>): boolean {
    const role = this.find(roleArn);
    return role !== undefined
      && allows([parse(`${role.path}.AssumeRolePolicyDocument`, trusting(propertyOf(role.properties, 'AssumeRolePolicyDocument'), 'Service', service))], { action: 'sts:AssumeRole', values });
  }

  private permissionsOf(roleArn: string): Permissions | undefined {
    const deployment = this.deployment();
    const known = this.known.get(deployment) ?? new Map<string, Permissions>();
    this.known.set(deployment, known);
    const role = known.has(roleArn) ? undefined : this.find(roleArn);
    if (role !== undefined) {
      const boundary = boundaryOf(deployment, role);
      known.set(roleArn, [policiesOfRole(deployment, role), ...boundary === undefined ? [] : [boundary]]);
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

/** A document that IAM would refuse may say anything. */
function parse(name: string, document: unknown): Policy {
  try {
    return parsePolicy(document, { name, language: 'iam' });
  } catch (error) {
    if (error instanceof PolicyError) {
      return parsePolicy({ unknown: name }, { name });
    }
    throw error;
  }
}

/** The statements of a trust policy about a principal, without what only such policies have. */
function trusting(document: Value | undefined, kind: 'Federated' | 'Service', principal: string): object {
  const statements = propertyOf(document, 'Statement');
  return {
    Version: textAt(document, 'Version'),
    Statement: (isList(statements) ? statements : [statements]).flatMap((statement) => {
      if (!isValueObject(statement)) {
        return [];
      }
      const { Principal: _, ...rest } = statement;
      const trusted = propertyOf(statement, 'Principal', kind);
      const isMeant = textAt(statement, 'Principal') === '*' || (isList(trusted) ? textsAt(trusted) : [textAt(trusted)]).includes(principal);
      return isMeant ? [{ ...rest, Resource: '*' }] : [];
    }),
  };
}

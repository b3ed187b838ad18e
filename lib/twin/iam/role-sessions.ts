import type { Deployment } from '../../deployment';
import { Authorizer, CompiledPolicy, parsePolicy } from '../../policy';
import type { AccountScope, AuthorizationRequest, Decision, Policy, Principal, PrincipalPolicies } from '../../policy';
import type { Session } from '../aws';
import type { ConnectionFacts, Identity, Registry } from '../registry';
import { roleIdOf } from './role-permissions';
import { boundaryOf, findRole, policiesOfRole } from './role-policies';

/** Whoever runs the twin may do everything, as an administrator of the account. */
const ADMINISTRATOR = parsePolicy({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }, { name: 'operator of the twin', language: 'iam' });

export interface RoleSessionsProps {
  readonly registry: Registry;
  readonly deployment: () => Deployment;

  /** The names of the policies that are attached to an identity of Cognito. */
  readonly policiesOfIdentity: (identityId: string) => readonly string[];
}

/** Who callers are whose requests AWS credentials signed. */
export class RoleSessions {
  /** A deployment does not change, so what is compiled of it is good for as long as it is the one. */
  private readonly compiled = new WeakMap<Deployment, Map<string, Permissions>>();

  constructor(private readonly props: RoleSessionsProps) {}

  /**
   * An identity of Cognito needs both its role and the policies attached to it; a guest, and every other session, has
   * those of its role.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/cog-iot-policies.html
   */
  public identity(session: Session, facts: ConnectionFacts): Identity {
    const { registry, deployment, policiesOfIdentity } = this.props;
    const { identity, tags, keys } = session.kind === 'role' ? session : {};
    const names = (): readonly string[] => (identity?.authenticated === true ? policiesOfIdentity(identity.identityId) : []);
    const principal: Principal = {
      kind: identity === undefined ? 'iam' : identity.authenticated ? 'cognito-auth' : 'cognito-unauth',
      ...facts,
      principalTags: tags ?? {},
      ...(keys && { keys }),
      ...(identity === undefined ? {} : { cognitoIdentityId: identity.identityId }),
    };
    return registry.live(() => ({
      records: [deployment(), ...names().map((name) => registry.policyRecord(name))],
      make: () => {
        const { policies: iamPolicies, boundary } = this.permissions(session, deployment());
        const input = { principal, iamPolicies, policies: names().map((name) => registry.policy(name)) };
        return boundary === undefined ? new Authorizer(registry.scope, input)
          : new BoundedAuthorizer(registry.scope, input, new Authorizer(registry.scope, { principal: { ...principal, kind: 'iam' }, iamPolicies: boundary, policies: [] }));
      },
    }));
  }

  /** How a session is called, for a person. */
  public static nameOf(session: Session): string {
    return session.kind === 'operator' ? 'operator of the twin'
      : session.identity === undefined ? `${session.roleArn.split('/').at(-1)}/${session.sessionName}` : session.identity.identityId;
  }

  /** What rules call a session, that of a Cognito identity too: the id of its role and its own name. */
  public static userIdOf(session: Session): string | undefined {
    return session.kind === 'operator' ? undefined : `${roleIdOf(session.roleArn)}:${session.sessionName}`;
  }

  private permissions(session: Session, deployment: Deployment): Permissions {
    const key = session.kind === 'operator' ? '' : session.roleArn;
    const known = this.compiled.get(deployment) ?? new Map<string, Permissions>();
    this.compiled.set(deployment, known);
    const permissions = known.get(key) ?? this.compile(session, deployment);
    known.set(key, permissions);
    return permissions;
  }

  private compile(session: Session, deployment: Deployment): Permissions {
    const compile = (policies: readonly Policy[]): readonly CompiledPolicy[] => policies.map((policy) => new CompiledPolicy(policy, this.props.registry.scope));
    if (session.kind === 'operator') {
      return { policies: compile([ADMINISTRATOR]), boundary: undefined };
    }
    const role = findRole(deployment, session.roleArn);
    const boundary = role && boundaryOf(deployment, role);
    return { policies: role === undefined ? [] : compile(policiesOfRole(deployment, role)), boundary: boundary && compile(boundary) };
  }
}

/** What the policies of a role say, and its permissions boundary if it has one. */
interface Permissions {
  readonly policies: readonly CompiledPolicy[];
  readonly boundary: readonly CompiledPolicy[] | undefined;
}

/** Allows what a permissions boundary allows as well. */
class BoundedAuthorizer extends Authorizer {
  constructor(account: AccountScope, input: PrincipalPolicies<CompiledPolicy>, private readonly boundary: Authorizer) {
    super(account, input);
  }

  public override decide(request: AuthorizationRequest): Decision {
    const decision = super.decide(request);
    return decision.decision === 'allow' ? this.boundary.decide(request) : decision;
  }
}

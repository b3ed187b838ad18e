import type { Deployment } from '../../deployment';
import { Authorizer, CompiledPolicy, parsePolicy } from '../../policy';
import type { Policy, Principal } from '../../policy';
import type { Session } from '../aws';
import type { ConnectionFacts, Identity, Registry } from '../registry';
import { findRole, policiesOfRole } from './role-policies';

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
  private readonly compiled = new WeakMap<Deployment, Map<string, readonly CompiledPolicy[]>>();

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
      make: () => new Authorizer(registry.scope, {
        principal, iamPolicies: this.policies(session, deployment()), policies: names().map((name) => registry.policy(name)),
      }),
    }));
  }

  /** How a session is called, for a person. */
  public static nameOf(session: Session): string {
    return session.kind === 'operator' ? 'operator of the twin'
      : session.identity === undefined ? `${session.roleArn.split('/').at(-1)}/${session.sessionName}` : session.identity.identityId;
  }

  private policies(session: Session, deployment: Deployment): readonly CompiledPolicy[] {
    const key = session.kind === 'operator' ? '' : session.roleArn;
    const known = this.compiled.get(deployment) ?? new Map<string, readonly CompiledPolicy[]>();
    this.compiled.set(deployment, known);
    const compiled = known.get(key) ?? this.read(session, deployment).map((policy) => new CompiledPolicy(policy, this.props.registry.scope));
    known.set(key, compiled);
    return compiled;
  }

  private read(session: Session, deployment: Deployment): readonly Policy[] {
    if (session.kind === 'operator') {
      return [ADMINISTRATOR];
    }
    const role = findRole(deployment, session.roleArn);
    return role === undefined ? [] : policiesOfRole(deployment, role);
  }
}

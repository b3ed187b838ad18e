import { findAction } from './actions';
import type { AccountScope } from './arn';
import { CompiledPolicy } from './compile';
import { RequestContext, associationOf, connectionContext } from './context';
import type { Context, ContextValue, Principal, RequestDetails } from './context';
import { IMPLICIT_DENY, decide } from './decide';
import type { CandidateInForce, Decision } from './decide';
import { parsePolicy } from './parse';
import type { Policy } from './parse';

/** What a principal asks for: one action on one resource. */
export interface AuthorizationRequest extends RequestDetails {
  /** As AWS writes it, for example `iot:Publish`. */
  readonly action: string;

  /**
   * The name the action is about: client id, topic, topic filter, thing name (`thing/shadow` for a named shadow) or role
   * alias; `*` where the action has no resource.
   */
  readonly resource: string;
}

/** A static thing group that the thing is in, directly or through a child group. */
export interface GroupPolicies<P> {
  readonly name: string;
  readonly policies: readonly P[];
}

/** Everything that decides what one principal may do. `P` is how policies are given. */
export interface PrincipalPolicies<P> {
  readonly principal: Principal;

  /** IoT policies on the certificate or Cognito identity, or the documents of a custom authorizer. */
  readonly policies: readonly P[];

  /** Policies of the role of a Cognito identity pool. */
  readonly iamPolicies?: readonly P[];
  readonly thingGroups?: readonly GroupPolicies<P>[];
}

/**
 * Operations for which an authenticated Cognito identity needs both its role and an IoT policy on the identity; every
 * other is the role's alone.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/cog-iot-policies.html
 */
const SCOPED_BY_IDENTITY_POLICY = new Set([
  'iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive',
  'iot:GetThingShadow', 'iot:UpdateThingShadow', 'iot:DeleteThingShadow',
]);

/** A policy that counts; a doubtful one counts only perhaps. */
export interface PolicyInForce {
  readonly policy: CompiledPolicy;
  readonly doubtful: boolean;
}

type Sides = readonly [readonly PolicyInForce[], (readonly PolicyInForce[])?];
type BoundSides = readonly [readonly CandidateInForce[], (readonly CandidateInForce[])?];

/** Decides for one principal, for as long as its connection lasts. */
export class Authorizer {
  private readonly scopedSides: Sides;
  private readonly otherSides: Sides;
  private readonly principal: Principal;
  private readonly bound = { mqtt: new Map<string, BoundSides>(), https: new Map<string, BoundSides>() };
  private readonly connections: { [protocol: string]: ReadonlyMap<string, ContextValue> } = {};
  private readonly plain: { [protocol: string]: Context } = {};

  constructor(private readonly scope: AccountScope, input: PrincipalPolicies<CompiledPolicy>) {
    this.principal = input.principal;
    const iot = [...input.policies.map(certain), ...groupPolicies(input)];
    const iam = (input.iamPolicies ?? []).map(certain);
    const byIam = input.principal.kind === 'cognito-auth' || input.principal.kind === 'cognito-unauth';
    this.otherSides = [byIam ? iam : iot];
    this.scopedSides = input.principal.kind === 'cognito-auth' ? [iam, iot] : this.otherSides;
  }

  /** Decide one action on one resource. */
  public decide(request: AuthorizationRequest): Decision {
    if (this.principal.kind === 'custom' && this.principal.isAuthenticated !== true) {
      return { ...IMPLICIT_DENY, reason: 'not-authenticated' };
    }
    const context = this.context(request);
    const [first, second] = this.candidates(request);
    const decision = decide(first, request.resource, context);
    return second === undefined ? decision : both(decision, decide(second, request.resource, context));
  }

  /**
   * Decide an operation: the action and everything else it needs, such as `iot:RetainPublish` for a retained publish,
   * or `iot:Publish` on the will topic for a connect with a last will. The first refusal is the answer.
   */
  public decideOperation(request: AuthorizationRequest): Decision {
    return requirementsOf(request).map((needed) => this.decide(needed)).reduce(both);
  }

  /** The policies that are asked for an action: one list, or two of which both must allow. */
  public sides({ action }: AuthorizationRequest): Sides {
    return SCOPED_BY_IDENTITY_POLICY.has(action) ? this.scopedSides : this.otherSides;
  }

  /** The statements of each side that cover the action; variables are replaced once for the whole connection. */
  private candidates(request: AuthorizationRequest): BoundSides {
    const bound = request.protocol === 'https' ? this.bound.https : this.bound.mqtt;
    let sides = bound.get(request.action);
    if (sides === undefined) {
      const context = this.context({ protocol: request.protocol ?? 'mqtt' });
      const bind = (side: readonly PolicyInForce[]): readonly CandidateInForce[] => side.flatMap(({ policy, doubtful }) => (
        policy.candidates(request.action).map((candidate) => ({ candidate: candidate.bind(context), doubtful }))
      ));
      const [first, second] = this.sides(request);
      sides = second === undefined ? [bind(first)] : [bind(first), bind(second)];
      if (findAction(request.action) !== undefined) {
        bound.set(request.action, sides);
      }
    }
    return sides;
  }

  /** The values that variables and condition keys have in a request. */
  public context(request: RequestDetails): Context {
    const protocol = request.protocol ?? 'mqtt';
    const connection = (this.connections[protocol] ??= connectionContext(this.principal, protocol));
    return request.connectAttributes || request.lastWill || request.topic !== undefined
      ? new RequestContext(connection, this.scope, request)
      : (this.plain[protocol] ??= new RequestContext(connection, this.scope, {}));
  }
}

/** How documents are given to `createAuthorizer`: parsed, or as an object or JSON text. */
export interface AuthorizerOptions extends PrincipalPolicies<unknown> {
  readonly account: AccountScope;
}

/**
 * An authorizer from policy documents.
 *
 * @throws PolicyError for a document that AWS would refuse.
 */
export function createAuthorizer({ account, principal, policies, iamPolicies, thingGroups }: AuthorizerOptions): Authorizer {
  const compile = (language: 'iot' | 'iam', list: string) => (document: unknown, index: number): CompiledPolicy => (
    new CompiledPolicy(isPolicy(document) ? document : parsePolicy(document, { name: `${list}[${index}]`, language }), account)
  );
  return new Authorizer(account, {
    principal,
    policies: policies.map(compile('iot', 'policies')),
    iamPolicies: iamPolicies?.map(compile('iam', 'iamPolicies')) ?? [],
    thingGroups: thingGroups?.map((group) => ({
      name: group.name,
      policies: group.policies.map(compile('iot', `${group.name}.policies`)),
    })) ?? [],
  });
}

function isPolicy(document: unknown): document is Policy {
  return typeof document === 'object' && document !== null && Array.isArray((document as Policy).statements);
}

/** The action of a request, and everything else that its operation needs. */
export function requirementsOf(request: AuthorizationRequest): readonly AuthorizationRequest[] {
  const needed = [request];
  const also = (action: string, resource: string): void => {
    needed.push({ ...(request.protocol && { protocol: request.protocol }), action, resource });
  };
  if (request.action === 'iot:Publish' && request.retain === true) {
    also('iot:RetainPublish', request.resource);
  }
  if (request.action === 'iot:Connect' && request.lastWill !== undefined) {
    also('iot:Publish', request.lastWill.topic);
    if (request.lastWill.retain === true) {
      also('iot:RetainPublish', request.lastWill.topic);
    }
  }
  return needed;
}

function certain(policy: CompiledPolicy): PolicyInForce {
  return { policy, doubtful: false };
}

/**
 * Group policies count when the connection is associated with the thing. Whether they do with an exclusive thing and
 * another client id is unconfirmed.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html
 */
function groupPolicies({ principal, thingGroups }: PrincipalPolicies<CompiledPolicy>): readonly PolicyInForce[] {
  const association = principal.kind === 'certificate' ? associationOf(principal, {}) : 'none';
  if (association === 'none') {
    return [];
  }
  const doubtful = association === 'exclusive-other-client-id';
  return (thingGroups ?? []).flatMap((group) => group.policies.map((policy) => ({ policy, doubtful })));
}

/** Both must allow; a refusal speaks before a doubt. */
function both(a: Decision, b: Decision): Decision {
  if (a.decision === 'allow' && b.decision === 'allow') {
    return { ...a, by: [...a.by, ...b.by] };
  }
  const rank = { deny: 0, unknown: 1, allow: 2 };
  return rank[b.decision] < rank[a.decision] ? b : a;
}

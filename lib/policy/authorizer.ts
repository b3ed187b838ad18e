import { findAction } from './actions';
import type { AccountScope } from './arn';
import { CompiledPolicy } from './compile';
import { RequestContext, associationOf, connectionContext } from './context';
import type { Context, ContextValue, Principal, RequestDetails } from './context';
import { IMPLICIT_DENY, decide } from './decide';
import type { CandidateInForce, Decision } from './decide';
import { parsePolicy } from './parse';
import type { Policy } from './statement';

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

  /** Policies of the role of a Cognito identity pool, or of an IAM user or role. */
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

/** What is asked for one action over one connection, and the last answer. */
interface Bound {
  readonly sides: readonly [readonly CandidateInForce[], (readonly CandidateInForce[])?];
  resource?: string;
  decision?: Decision;
}
type Protocol = 'mqtt' | 'https';

/** Decides for one principal, for as long as its connection lasts. */
export class Authorizer {
  private readonly connections: { [protocol in Protocol]?: Connection } = {};

  constructor(public readonly account: AccountScope, private readonly input: PrincipalPolicies<CompiledPolicy>) {}

  /** Decide one action on one resource. */
  public decide(request: AuthorizationRequest): Decision {
    const { principal } = this.input;
    if (principal.kind === 'custom' && principal.isAuthenticated !== true) {
      return { ...IMPLICIT_DENY, reason: 'not-authenticated' };
    }
    const connection = this.connection(request);
    const bound = connection.bind(request.action);
    if (hasDetails(request)) {
      return decideSides(bound, request.resource, this.context(request));
    }
    // Devices use the same few topics over and over: this spares most decisions of a broker.
    if (bound.decision === undefined || bound.resource !== request.resource) {
      bound.decision = decideSides(bound, request.resource, connection.plain);
      bound.resource = request.resource;
    }
    return bound.decision;
  }

  /**
   * Decide an operation: the action and everything else it needs, such as `iot:RetainPublish` for a retained publish,
   * or `iot:Publish` on the will topic for a connect with a last will. The first refusal is the answer.
   */
  public decideOperation(request: AuthorizationRequest): Decision {
    return requirementsOf(request).map((needed) => this.decide(needed)).reduce(both);
  }

  /** The policies that are asked for an action: one list, or two of which both must allow. */
  public sides(request: Pick<AuthorizationRequest, 'action' | 'protocol'>): Sides {
    return this.connection(request).sides(request.action);
  }

  /** The values that variables and condition keys have in a request. */
  public context(request: RequestDetails): Context {
    const { values, plain } = this.connection(request);
    return hasDetails(request) ? new RequestContext(values, this.account, request) : plain;
  }

  private connection(request: RequestDetails): Connection {
    const protocol = request.protocol === 'https' ? 'https' : 'mqtt';
    return (this.connections[protocol] ??= new Connection(this.account, this.input, protocol));
  }
}

/** Whether a request has values of its own, that others over the same connection have not. */
function hasDetails({ connectAttributes, lastWill, topic }: RequestDetails): boolean {
  return connectAttributes !== undefined || lastWill !== undefined || topic !== undefined;
}

function decideSides({ sides: [first, second] }: Bound, resource: string, context: Context): Decision {
  const decision = decide(first, resource, context);
  return second === undefined ? decision : both(decision, decide(second, resource, context));
}

/** What stays the same for all requests over one protocol. */
class Connection {
  public readonly values: ReadonlyMap<string, ContextValue>;

  /** The context of a request without details of its own. */
  public readonly plain: Context;
  private readonly scopedSides: Sides;
  private readonly otherSides: Sides;
  private readonly bound = new Map<string, Bound>();

  constructor(account: AccountScope, input: PrincipalPolicies<CompiledPolicy>, protocol: Protocol) {
    this.values = connectionContext(input.principal, protocol);
    this.plain = new RequestContext(this.values, account, {});
    const { kind } = input.principal;
    const iot = [...input.policies.map(certain), ...groupPolicies(input, protocol)];
    const iam = (input.iamPolicies ?? []).map(certain);
    this.otherSides = [kind === 'certificate' || kind === 'custom' ? iot : iam];
    // Over HTTPS, one page asks an authenticated identity for both policies and another for the role's: ask for both.
    this.scopedSides = kind === 'cognito-auth' ? [iam, iot] : this.otherSides;
  }

  public sides(action: string): Sides {
    return SCOPED_BY_IDENTITY_POLICY.has(nameOf(action)) ? this.scopedSides : this.otherSides;
  }

  /** The statements of each side that cover the action; variables are replaced once for the whole connection. */
  public bind(action: string): Bound {
    let bound = this.bound.get(action);
    if (bound === undefined) {
      const bind = (side: readonly PolicyInForce[]): readonly CandidateInForce[] => side.flatMap(({ policy, doubtful }) => (
        policy.candidates(action).map((candidate) => ({ candidate: candidate.bind(this.plain), doubtful }))
      ));
      const [first, second] = this.sides(action);
      bound = { sides: second === undefined ? [bind(first)] : [bind(first), bind(second)] };
      // Only names of the table are kept: what a caller asks for must not fill the memory.
      if (findAction(action)?.name === action) {
        this.bound.set(action, bound);
      }
    }
    return bound;
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
  return typeof document === 'object' && document !== null
    && typeof (document as Policy).name === 'string' && Array.isArray((document as Policy).statements);
}

/** The action of a request, and everything else that its operation needs. */
export function requirementsOf(request: AuthorizationRequest): readonly AuthorizationRequest[] {
  const needed = [request];
  const also = (action: string, resource: string): void => {
    needed.push({ ...(request.protocol && { protocol: request.protocol }), action, resource });
  };
  const action = nameOf(request.action);
  if (action === 'iot:Publish' && request.retain === true) {
    also('iot:RetainPublish', request.resource);
  }
  if (action === 'iot:Connect' && request.lastWill !== undefined) {
    also('iot:Publish', request.lastWill.topic);
    if (request.lastWill.retain === true) {
      also('iot:RetainPublish', request.lastWill.topic);
    }
  }
  return needed;
}

/** An action as AWS writes it. */
function nameOf(action: string): string {
  return findAction(action)?.name ?? action;
}

function certain(policy: CompiledPolicy): PolicyInForce {
  return { policy, doubtful: false };
}

/**
 * Group policies count when the connection is associated with the thing, which over HTTPS it never is. Whether they do
 * with an exclusive thing and another client id is unconfirmed.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html
 */
function groupPolicies({ principal, thingGroups }: PrincipalPolicies<CompiledPolicy>, protocol: Protocol): readonly PolicyInForce[] {
  const association = principal.kind === 'certificate' ? associationOf(principal, { protocol }) : 'none';
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

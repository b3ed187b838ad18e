import { createHash } from 'node:crypto';
import { Lazy, RemovalPolicy, Resource } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct, IConstruct } from 'constructs';
import { requireProviders, requireRegion, requireTags, tagsByProvider } from './cognito-checks';
import { acknowledgeGuests, GuestAccess } from './guest-access';
import { IdentityPolicies } from './identity-policies';
import { identityRole } from './identity-role';
import type { LoginProvider } from './login-provider';
import { boundlessResource, principalTagsIn, sharedClientId, show } from './reach';
import { UserVariable } from './user-variable';
import { acknowledgeRoleWildcards } from '../../private/acknowledge';
import { iotArn } from '../../private/arns';
import { NO_RESOURCE } from '../../private/custom-resource';
import { invalid } from '../../private/errors';
import { requireSameEnvironment } from '../../private/same-environment';
import { requireClaimsOfOthers } from '../../private/user-claims';
import { IotAction } from '../iot-action';
import type { IotPolicyStatement } from '../iot-policy-statement';
import { IotResource } from '../iot-resource';

/** Distinguishes the principal tags of one provider from those of another. */
const HASH_CHARS = 8;

/** Properties for the access of an app's users. */
export interface CognitoAccessProps {
  /**
   * Where users sign in. For an identity pool that exists, those of its providers that are of interest here.
   *
   * App clients of one user pool share its principal tags.
   */
  readonly providers: LoginProvider[];

  /**
   * The identity pool.
   *
   * @default - a new one: no guests, no classic flow, tokens checked at the user pool
   */
  readonly identityPool?: cognito.IIdentityPoolRef;

  /**
   * Whether to set the roles and the principal tags of an `identityPool` that exists; they replace what it had.
   *
   * Otherwise make `authenticatedRole` its role, and map the tags, where the pool is looked after.
   *
   * @default false
   */
  readonly setsRolesOfIdentityPool?: boolean;

  /**
   * Whether a user's session may outlive its connection, so that AWS IoT keeps messages for an app that is away.
   *
   * @default false
   */
  readonly persistentSessions?: boolean;

  /**
   * Whether grants without a scope are accepted: with them, every user reaches the topics of every device.
   *
   * @default false
   */
  readonly everyUserReachesEveryDevice?: boolean;

  /**
   * What becomes of the IoT policies of the identities when they leave the stack.
   *
   * With `DESTROY` they are detached from all identities first, some ten in a second; a stack with many more than 5,000
   * has to be deleted more than once. With `RETAIN`, identities keep them.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * What users of an app may do on AWS IoT, once they have signed in: connect as themselves, and what is granted.
 *
 * Give it to grants like a role. AWS IoT asks two policies about a user, the role's and one that is attached to the
 * user's identity, and both must allow; so each grant is written into both. The second must be attached to each
 * identity, which exists only once the user has signed in: see `AttachService`.
 *
 * The client id of a connection is the identity id, alone or with `-` and more behind it, for each tab and device of the
 * user another. A user who knows the id of another cannot take the other's connection.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/cog-iot-policies.html
 */
export class CognitoAccess extends Resource implements iam.IGrantable {
  /**
   * The id of the identity pool, `REGION:UUID`.
   *
   * @attribute
   */
  public readonly identityPoolId: string;

  /** The role of users who have signed in. Grants take the `CognitoAccess` itself: the role alone lets nobody in at AWS IoT. */
  public readonly authenticatedRole: iam.IRole;
  public readonly grantPrincipal: iam.IPrincipal;

  /** @internal */
  public readonly _policies: IdentityPolicies;
  /** @internal */
  public readonly _userPools: readonly cognito.IUserPool[];

  private readonly role: iam.Role;
  private readonly identityPool?: cognito.CfnIdentityPool;
  private readonly principalTags: ReadonlySet<string>;
  private readonly guardedTags = new Set<string>();
  private readonly acceptsBoundless: boolean;
  private readonly isPoolForeign: boolean;
  private guests?: GuestAccess;

  constructor(scope: Construct, id: string, props: CognitoAccessProps) {
    super(scope, id);

    requireRegion(this);
    requireProviders(this, props);
    requireTags(this, props.providers);
    this.isPoolForeign = props.identityPool !== undefined;
    const isSet = !this.isPoolForeign || props.setsRolesOfIdentityPool === true;
    this.principalTags = new Set(props.providers.flatMap(({ _principalTags: tags }) => Object.keys(tags)));
    this.acceptsBoundless = props.everyUserReachesEveryDevice ?? false;
    this._userPools = [...new Map(props.providers.flatMap(({ _key: key, _userPool: userPool }) => (userPool ? [[key, userPool] as const] : []))).values()];
    if (props.identityPool === undefined) {
      this.identityPool = this.defineIdentityPool(props.providers);
    }
    this.identityPoolId = this.identityPool?.ref ?? props.identityPool!.identityPoolRef.identityPoolId;
    this.role = identityRole(this, 'AuthenticatedRole', {
      identityPoolId: this.identityPoolId, state: 'authenticated', hasPrincipalTags: this.principalTags.size > 0,
    });
    this.authenticatedRole = this.role;
    this.grantPrincipal = this.role;
    this._policies = new IdentityPolicies(this, 'Policies', props.removalPolicy ?? RemovalPolicy.DESTROY);
    this.permitConnect(props.persistentSessions ?? false);
    if (isSet) {
      this.setRoles();
      this.mapPrincipalTags(props.providers);
    }
    props.providers.forEach(({ _userPool: userPool, _principalTags: tags }) => userPool && requireClaimsOfOthers(
      this, userPool, Object.entries(tags).map(([tag, claim]) => [`the principal tag '${tag}'`, claim]), 'cdk-iot-warden:CognitoAccess.claimsNotChecked',
    ));
  }

  /**
   * Lets everybody in who knows the id of the identity pool, without login, and says what they may do.
   *
   * They have a role and client ids of their own and can do nothing but connect until something is granted to them. Whether an
   * `identityPool` that exists has guests is set there, and their role too unless `setsRolesOfIdentityPool` is set.
   */
  public allowGuestsWithoutLogin(): GuestAccess {
    if (this.guests === undefined) {
      this.guests = new GuestAccess(this, 'Guests', this.identityPoolId);
      if (this.identityPool !== undefined) {
        this.identityPool.allowUnauthenticatedIdentities = true;
        acknowledgeGuests(this.identityPool);
      }
    }
    return this.guests;
  }

  /**
   * Refuses what would let users reach each other's connections and devices. The policies are for one account and Region.
   *
   * @internal
   */
  public _checkStatements(statements: readonly IotPolicyStatement[], scope: IConstruct = this): void {
    requireSameEnvironment(scope, 'grantee', this);
    const shared = sharedClientId(statements);
    if (shared !== undefined) {
      throw invalid(this, `with ${show(shared)}, a user could end the connections of others; put UserVariable.identityId() into the client id`);
    }
    const boundless = this.acceptsBoundless ? undefined : boundlessResource(statements);
    if (boundless !== undefined) {
      throw invalid(
        this,
        `with ${show(boundless)}, every user would reach all that the wildcard stands for, such as every device; give the grant a scope, such as UserVariable.principalTag('device'), `
        + "or set 'everyUserReachesEveryDevice'",
      );
    }
    principalTagsIn(statements).forEach((tag) => this.guardTag(tag));
  }

  /**
   * Writes into the IoT policies of identities what a grant has written into the role.
   *
   * @internal
   */
  public _addIotStatements(statements: readonly IotPolicyStatement[], scope: IConstruct = this): void {
    this._checkStatements(statements, scope);
    this._policies.add(statements);
  }

  private defineIdentityPool(providers: readonly LoginProvider[]): cognito.CfnIdentityPool {
    const parts = providers.map(({ _part: part }) => part);
    const present = <T>(values: readonly (T | undefined)[]): T[] | undefined => {
      const given = values.filter((value): value is T => value !== undefined);
      return given.length === 0 ? undefined : given;
    };
    const social = present(parts.map((part) => part.social));
    return new cognito.CfnIdentityPool(this, 'Resource', {
      allowUnauthenticatedIdentities: false,
      allowClassicFlow: false,
      cognitoIdentityProviders: present(parts.map(({ userPool }) => userPool)),
      openIdConnectProviderArns: present(parts.map(({ openIdConnectArn }) => openIdConnectArn)),
      samlProviderArns: present(parts.map(({ samlArn }) => samlArn)),
      supportedLoginProviders: social && Object.fromEntries(social.map(({ domain, appId }) => [domain, appId])),
    });
  }

  /** A will is also checked as a publish on its topic. Role policies do not know what a connection asks for. */
  private permitConnect(persistentSessions: boolean): void {
    const clientIds = [UserVariable.identityId(), `${UserVariable.identityId()}-*`];
    this.role.addToPolicy(new iam.PolicyStatement({ actions: [IotAction.CONNECT], resources: clientIds.map((clientId) => iotArn(this, 'client', clientId)) }));
    this._policies.add([{
      actions: [IotAction.CONNECT],
      resources: clientIds.map((clientId) => IotResource.client(clientId)),
      conditions: { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['LastWill', ...persistentSessions ? ['PersistentConnect'] : []] } },
    }]);
    acknowledgeRoleWildcards(this.role, 'Client ids and topics begin with, or contain, what IAM fills in for each user');
  }

  /** Without role mappings, there is no role but these that a user could get. */
  private setRoles(): void {
    new cognito.CfnIdentityPoolRoleAttachment(this, 'Roles', {
      identityPoolId: this.identityPoolId,
      roles: Lazy.any({
        produce: () => ({ authenticated: this.role.roleArn, ...this.guests && { unauthenticated: this.guests.role.roleArn } }),
      }),
    });
  }

  /**
   * An identity pool has one map for each provider, whose place in the list may change: if another took over its id,
   * CloudFormation would make a map that is there already, and then delete it.
   */
  private mapPrincipalTags(providers: readonly LoginProvider[]): void {
    for (const [key, principalTags] of tagsByProvider(providers)) {
      new cognito.CfnIdentityPoolPrincipalTag(this, `PrincipalTags${createHash('sha256').update(key).digest('hex').slice(0, HASH_CHARS)}`, {
        identityPoolId: this.identityPoolId,
        identityProviderName: providers.find(({ _key: one }) => one === key)!._name,
        principalTags,
        useDefaults: false,
      });
    }
  }

  /**
   * A value may have a slash or a plus in it, with which a topic would reach into those of others. STS lets nothing else
   * through that topics or policies make something of.
   *
   * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html
   */
  private guardTag(tag: string): void {
    if (!this.isPoolForeign && !this.principalTags.has(tag)) {
      throw invalid(this, `no login provider has the principal tag '${tag}'; map it in 'principalTags'`);
    }
    if (!this.guardedTags.has(tag)) {
      this.guardedTags.add(tag);
      this.role.addToPolicy(new iam.PolicyStatement({
        effect: iam.Effect.DENY,
        actions: ['iot:*'],
        resources: [NO_RESOURCE],
        conditions: { StringLike: { [`aws:PrincipalTag/${tag}`]: ['*/*', '*+*'] } },
      }));
    }
  }
}

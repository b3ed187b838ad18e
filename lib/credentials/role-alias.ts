import { Annotations, Duration, Names, PhysicalName, Resource, Stack, Token, type IResource, type RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct, IConstruct } from 'constructs';
import { IotAction, IotResource, type IotPolicyStatement } from '../access';
import { iotArn, nameFromArn } from '../private/arns';
import { invalid } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateRoleAlias.html */
const ROLE_ALIAS_NAME: TextRule = { pattern: /^[\w=,@-]+$/, characters: 'letters, digits and _=,@-', maxLength: 128 };
const MIN_DURATION = Duration.minutes(15);
const MAX_DURATION = Duration.hours(12);

/** What a role allows unless told otherwise. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html */
const DEFAULT_SESSION = Duration.hours(1);

/** Credentials of a device outlive its certificate by as much; more than this is worth a warning. */
const LONG_DURATION = Duration.hours(1);

/** Not `iot.amazonaws.com`, with which devices get a 403. */
const SERVICE = 'credentials.iot.amazonaws.com';

/** Represents a role alias, owned by this app or not. */
export interface IRoleAlias extends IResource, iot.IRoleAliasRef {
  /**
   * The name of this role alias, which devices ask for: `GET /role-aliases/NAME/credentials`.
   *
   * @attribute
   */
  readonly roleAliasName: string;

  /**
   * The ARN of this role alias, not of its role.
   *
   * @attribute
   */
  readonly roleAliasArn: string;

  /**
   * What the AWS IoT policy of a device must say for it to get credentials through this alias, and no other.
   *
   * Put it into an `IotPolicy` and attach that to the certificates, beside the policies of their fleet.
   */
  deviceStatement(): IotPolicyStatement;
}

/** Properties for defining a role alias. */
export interface RoleAliasProps {
  /**
   * The role whose credentials devices get.
   *
   * It must trust `RoleAlias.servicePrincipal(scope, roleAliasName)`, and allow sessions as long as `credentialDuration`.
   *
   * @default - a role without permissions, which trusts AWS IoT for this alias alone; grant to `role`
   */
  readonly role?: iam.IRole;

  /**
   * The name of the role alias: 1 to 128 letters, digits and `_=,@-`.
   *
   * Devices have it in their firmware, so that another name, which replaces the alias, locks them out.
   *
   * @default - a name made of the construct's path, the same in each deployment
   */
  readonly roleAliasName?: string;

  /**
   * How long credentials are valid, from 15 minutes to 12 hours.
   *
   * They stay valid when the certificate is revoked: to cut a device off before, deny sessions that are older than
   * `aws:TokenIssueTime` in the role.
   *
   * @default Duration.hours(1)
   */
  readonly credentialDuration?: Duration;

  /**
   * What becomes of the alias when it leaves the stack or is replaced.
   *
   * AWS IoT deletes an alias that is in use, and then no device gets credentials. `RETAIN` keeps the alias, and the role
   * that was made for it; not what the role was granted in this stack, for which `role` must come from another stack.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

abstract class RoleAliasBase extends Resource implements IRoleAlias {
  public abstract readonly roleAliasName: string;
  public abstract readonly roleAliasArn: string;

  public get roleAliasRef(): iot.RoleAliasReference {
    return { roleAlias: this.roleAliasName, roleAliasArn: this.roleAliasArn };
  }

  public deviceStatement(): IotPolicyStatement {
    return { actions: [IotAction.ASSUME_ROLE_WITH_CERTIFICATE], resources: [IotResource.roleAlias(this)] };
  }
}

/**
 * Defines a role alias: the name under which devices exchange their certificate for AWS credentials.
 *
 * The device calls the credential provider endpoint (`aws iot describe-endpoint --endpoint-type iot:CredentialProvider`)
 * over mutual TLS. An account has at most 100 role aliases in a Region.
 *
 * @resource AWS::IoT::RoleAlias
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
 */
export class RoleAlias extends RoleAliasBase {
  /** Refers to a role alias that exists outside this app, in the account and Region of the stack. */
  public static fromRoleAliasName(scope: Construct, id: string, roleAliasName: string): IRoleAlias {
    requireText(scope, 'roleAliasName', roleAliasName, ROLE_ALIAS_NAME);
    class Import extends RoleAliasBase {
      public readonly roleAliasName = roleAliasName;
      public readonly roleAliasArn = iotArn(this, 'rolealias', roleAliasName);
    }
    return new Import(scope, id);
  }

  /** Refers to a role alias that exists outside this app, in the account and Region that the ARN names. */
  public static fromRoleAliasArn(scope: Construct, id: string, roleAliasArn: string): IRoleAlias {
    const roleAliasName = nameFromArn(scope, 'roleAliasArn', roleAliasArn, 'rolealias');
    class Import extends RoleAliasBase {
      public readonly roleAliasName = roleAliasName;
      public readonly roleAliasArn = roleAliasArn;
    }
    return new Import(scope, id, { environmentFromArn: roleAliasArn });
  }

  /**
   * Returns whom a role of your own must trust, `assumedBy`, to be used through one role alias and through no other.
   *
   * @param scope A construct in the account and Region of the alias.
   * @param roleAliasName The name that the alias has or will have.
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/cross-service-confused-deputy-prevention.html
   */
  public static servicePrincipal(scope: IConstruct, roleAliasName: string): iam.IPrincipal {
    requireText(scope, 'roleAliasName', roleAliasName, ROLE_ALIAS_NAME);
    return new iam.ServicePrincipal(SERVICE, {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Stack.of(scope).account },
        ArnLike: { 'aws:SourceArn': iotArn(scope, 'rolealias', roleAliasName) },
      },
    });
  }

  public readonly roleAliasName: string;
  public readonly roleAliasArn: string;

  /** The role whose credentials devices get; grant to it what they may do. */
  public readonly role: iam.IRole;

  constructor(scope: Construct, id: string, props: RoleAliasProps = {}) {
    super(scope, id, { physicalName: props.roleAliasName ?? PhysicalName.GENERATE_IF_NEEDED });

    const duration = props.credentialDuration ?? Duration.hours(1);
    requireText(this, 'roleAliasName', props.roleAliasName, ROLE_ALIAS_NAME);
    this.requireDuration(duration, props.role);

    // Known before deployment: the role names the alias in its trust, and the alias has the ARN of the role.
    const given = props.roleAliasName === PhysicalName.GENERATE_IF_NEEDED ? undefined : props.roleAliasName;
    const name = given ?? this.generatePhysicalName();
    this.role = props.role ?? this.defineRole(name, duration, props.removalPolicy);
    const resource = new iot.CfnRoleAlias(this, 'Resource', {
      roleAlias: name,
      roleArn: this.role.roleArn,
      credentialDurationSeconds: duration.toSeconds(),
    });
    if (props.removalPolicy !== undefined) {
      resource.applyRemovalPolicy(props.removalPolicy);
    }

    this.roleAliasName = this.getResourceNameAttribute(resource.ref);
    this.roleAliasArn = this.getResourceArnAttribute(resource.attrRoleAliasArn, { service: 'iot', resource: 'rolealias', resourceName: this.physicalName });
    this.node.addValidation({ validate: () => this.validateTrust() });
  }

  /** Makes the name of an alias that is given none. */
  protected override generatePhysicalName(): string {
    return Names.uniqueResourceName(this, { maxLength: ROLE_ALIAS_NAME.maxLength, separator: '-', allowedSpecialCharacters: '_-' });
  }

  private defineRole(name: string, duration: Duration, removalPolicy?: RemovalPolicy): iam.Role {
    const session = duration.isUnresolved() ? MAX_DURATION : duration;
    const role = new iam.Role(this, 'Role', {
      assumedBy: RoleAlias.servicePrincipal(this, name),
      description: `Credentials for devices through the AWS IoT role alias ${name}`,
      ...session.toSeconds() > DEFAULT_SESSION.toSeconds() && { maxSessionDuration: session },
    });
    if (removalPolicy !== undefined) {
      role.applyRemovalPolicy(removalPolicy);
    }
    return role;
  }

  private requireDuration(duration: Duration, role?: iam.IRole): void {
    if (duration.isUnresolved()) {
      return;
    }
    const seconds = duration.toSeconds();
    if (seconds < MIN_DURATION.toSeconds() || seconds > MAX_DURATION.toSeconds()) {
      throw invalid(this, `'credentialDuration' must be between 15 minutes and 12 hours, got ${duration.toHumanString()}`);
    }
    const session = role && sessionOf(role);
    if (session !== undefined && seconds > session.toSeconds()) {
      throw invalid(this, `'credentialDuration' must be at most the 'maxSessionDuration' of the role, ${session.toHumanString()}, `
        + `got ${duration.toHumanString()}; raise the one or lower the other`);
    }
    if (seconds > LONG_DURATION.toSeconds()) {
      Annotations.of(this).addWarningV2(
        'cdk-iot-warden:RoleAlias.longDuration',
        `credentials stay valid for ${duration.toHumanString()} after a device's certificate is revoked; lower 'credentialDuration' if the devices can fetch them more often`,
      );
    }
  }

  /** The deployment succeeds without trust, and then no device gets credentials. */
  private validateTrust(): string[] {
    const resource = resourceOf(this.role);
    const document = resource && Stack.of(resource).resolve(resource.assumeRolePolicyDocument) as TrustDocument;
    const services = (document?.Statement ?? []).flatMap((statement) => statement.Principal?.Service ?? []);
    const trusted = document?.Statement === undefined || services.some((service) => typeof service !== 'string' || service === SERVICE);
    return trusted ? [] : [
      `the role at ${this.role.node.path} must trust ${SERVICE}, or devices get no credentials; `
      + "define it with 'assumedBy: RoleAlias.servicePrincipal(scope, roleAliasName)'",
    ];
  }
}

/** As much of a trust policy as is looked at. */
interface TrustDocument {
  readonly Statement?: readonly { readonly Principal?: { readonly Service?: unknown } }[];
}

/** The resource of a role that this app defines. */
function resourceOf(role: iam.IRole): iam.CfnRole | undefined {
  const resource = role.node.defaultChild;
  return resource && iam.CfnRole.isCfnRole(resource) ? resource : undefined;
}

/** The longest session of a role, where it is known. */
function sessionOf(role: iam.IRole): Duration | undefined {
  const resource = resourceOf(role);
  const seconds = resource?.maxSessionDuration;
  if (resource === undefined || Token.isUnresolved(seconds)) {
    return undefined;
  }
  return seconds === undefined ? DEFAULT_SESSION : Duration.seconds(seconds);
}

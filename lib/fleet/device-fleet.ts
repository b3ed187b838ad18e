import { Annotations, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { checkReuse } from './certificate-reuse';
import type { DeviceFleetProps, FleetCertificateProps, FleetThingOptions } from './device-fleet-props';
import { FleetAttributes, type Attributes } from './fleet-attributes';
import { defineCertificate } from './fleet-certificate';
import { FleetChannel } from './fleet-channel';
import { FleetDeletion, FleetGuard } from './fleet-guard';
import { FleetJobs } from './fleet-jobs';
import { FleetMembers } from './fleet-members';
import type {
  FleetBulkRegistrationOptions,
  FleetClaimProvisioningOptions,
  FleetJustInTimeProvisioningOptions,
  FleetJustInTimeRegistrationOptions,
  FleetTrustedUserProvisioningOptions,
} from './fleet-provisioning';
import { FleetShadow } from './fleet-shadow';
import { FleetStreams } from './fleet-streams';
import { FleetTunnels } from './fleet-tunnels';
import { ChannelGrants, FleetGrants, IotPolicy, JobGrants, ShadowGrants, StreamGrants, TunnelGrants } from '../access';
import { FleetThings } from '../access/grants/fleet-things';
import { placed } from '../access/placed';
import type { DeviceCertificate } from '../certificates';
import type { IRoleAlias } from '../credentials';
import { invalid } from '../private/errors';
import { requireText } from '../private/text';
import {
  AllowList,
  AllowListHook,
  BulkRegistration,
  ClaimProvisioningTemplate,
  JustInTimeProvisioningTemplate,
  JustInTimeRegistration,
  SubjectField,
  TrustedUserProvisioningTemplate,
  type RegisteredDeviceProps,
} from '../provisioning';
import { TemplatePattern } from '../provisioning/template-pattern';
import { Thing, type IThing } from '../registry';
import { REGISTRY_NAME } from '../registry/limits';
import { PlaceholderValues, TopicSpace } from '../topics';

/** Subscriptions of one connection. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_SUBSCRIPTIONS = 50;

/**
 * Devices that share one set of policies.
 *
 * A fleet without options is closed: a device may connect as itself and nothing else. Each topic, shadow and job
 * permission is declared, and policies that grant exactly that are made once for the whole fleet.
 *
 * A device needs a certificate that is attached to its thing, and connects over MQTT with the name of the thing as its
 * client id. Over HTTPS it can neither publish nor use shadows and jobs, because policies do not know the thing there, and
 * the subject of a certificate is what the device asked for. A device that needs HTTPS gets credentials from a role alias,
 * whose role is granted `{ thing: CredentialVariable.THING_NAME }`.
 */
export class DeviceFleet extends Construct {
  /** What the devices may say and hear. */
  public readonly topicSpace: TopicSpace;

  /** The policies of the fleet; each device has all of them. */
  public readonly policies: IotPolicy[];

  /** The jobs of the fleet. */
  public readonly jobs: FleetJobs;

  /** The streams that the devices read. */
  public readonly streams: FleetStreams;

  /** The secure tunnels to the devices. */
  public readonly tunnels: FleetTunnels;

  /** What apps and users of AWS can be permitted with the fleet as a whole. */
  public readonly grants: FleetGrants;

  private readonly thingScope: Construct;
  private readonly certificateScope: Construct;
  private readonly provisioningScope: Construct;
  private readonly ruleScope: Construct;
  private readonly things: Thing[] = [];
  private readonly certificates: DeviceCertificate[] = [];
  private readonly attributes: FleetAttributes;
  private readonly members: FleetMembers;
  private readonly fleetThings: FleetThings;
  private readonly thingNamePrefix: string;
  private readonly thingType: iot.IThingTypeRef | undefined;
  private readonly thingGroups: iot.IThingGroupRef[];
  private readonly onDeletion: FleetDeletion;
  private hook?: AllowListHook;
  private list?: AllowList;
  private guard?: FleetGuard;

  constructor(scope: Construct, id: string, props: DeviceFleetProps = {}) {
    super(scope, id);

    this.thingNamePrefix = props.thingNamePrefix ?? `${id}-`;
    requireText(this, 'thingNamePrefix', props.thingNamePrefix, REGISTRY_NAME);
    this.thingType = props.thingType;
    this.thingGroups = props.thingGroups ?? [];
    this.onDeletion = props.onDeletion ?? FleetDeletion.FAIL_IF_DEVICES_REMAIN;
    this.topicSpace = placed(this, () => new TopicSpace(props));
    this.attributes = new FleetAttributes(this, this.topicSpace, this.thingType !== undefined);
    this.warnOfManySubscriptions();
    this.policies = IotPolicy.forDevices(this, 'Policy', {
      topicSpace: this.topicSpace,
      ...props.persistentSessions !== undefined && { persistentSessions: props.persistentSessions },
      ...this.policyRemoval(),
    });
    this.fleetThings = new FleetThings(this.thingNamePrefix);
    const thingGroups = this.thingGroups.map(({ thingGroupRef }) => thingGroupRef.thingGroupName);
    const idPrefix = this.thingNamePrefix.replaceAll(':', '-');
    this.jobs = new FleetJobs(JobGrants._of(this, this.fleetThings, thingGroups, idPrefix, this.topicSpace), this);
    this.streams = new FleetStreams(StreamGrants._of(this, idPrefix, this.topicSpace));
    this.tunnels = new FleetTunnels(TunnelGrants._of(this, this.fleetThings, thingGroups, this.topicSpace));
    this.grants = FleetGrants._of(this, this.topicSpace, this.fleetThings, this.jobs.grants);
    this.thingScope = new Construct(this, 'Things');
    this.certificateScope = new Construct(this, 'Certificates');
    this.provisioningScope = new Construct(this, 'Provisioning');
    this.ruleScope = new Construct(this, 'Rules');
    this.members = new FleetMembers(this, 'Members', this.thingType, this.thingGroups);
    this.addThings(props.things ?? []);
  }

  /** Returns the channel that was declared under this name. */
  public channel(name: string): FleetChannel {
    const channel = placed(this, () => this.topicSpace.channel(name));
    return new FleetChannel(name, channel, ChannelGrants._of(this, channel, this.topicSpace), this.ruleScope);
  }

  /** Returns the shadow that was declared under this name, or the classic one. */
  public shadow(shadowName?: string): FleetShadow {
    const shadow = placed(this, () => this.topicSpace.shadow(shadowName));
    return new FleetShadow(shadow, ShadowGrants._of(this, shadow, this.fleetThings, this.topicSpace));
  }

  /** Defines the thing of a device. */
  public addThing(id: string, options: FleetThingOptions = {}): Thing {
    const attributes = options.attributes ?? {};
    this.attributes.require(attributes);
    const thingName = options.thingName ?? id;
    const thing = new Thing(this.thingScope, id, { ...options, thingName });
    this.things.push(thing);
    this.fleetThings.add(thingName);
    this.members.add(thing);
    this.attributes.warnOfClosedChannels(thing, attributes);
    return thing;
  }

  /** Defines the things of several devices, by their names. */
  public addThings(thingNames: string[]): Thing[] {
    if (Token.isUnresolved(thingNames)) {
      throw invalid(this, "'things' must name each thing in the app; a list known only at deployment cannot be used");
    }
    return thingNames.map((thingName) => this.addThing(thingName));
  }

  /** Defines the certificate of a device, attached to its thing alone and with the policies of the fleet. */
  public addCertificate(id: string, props: FleetCertificateProps): DeviceCertificate {
    this.meetForeignThing(props.thing);
    const certificate = defineCertificate(this, this.certificateScope, id, props);
    this.certificates.push(certificate);
    checkReuse(certificate, props);
    certificate.attachThing(props.thing);
    for (const policy of this.policies) {
      certificate.attachPolicy(policy);
    }
    return certificate;
  }

  /**
   * Lets the devices get AWS credentials through a role alias, and through no other unless that is added as well.
   *
   * Add it before provisioning, whose templates name all policies. It takes one of the 10 policies of a certificate.
   */
  public addRoleAlias(id: string, roleAlias: IRoleAlias): IotPolicy {
    if (this.guard) {
      throw invalid(this, `role alias '${id}' must be added before provisioning, whose templates name the policies of a device`);
    }
    const policy = new IotPolicy(this, id, { statements: [roleAlias.deviceStatement()], ...this.policyRemoval() });
    this.policies.push(policy);
    this.certificates.forEach((certificate) => certificate.attachPolicy(policy));
    return policy;
  }

  /** The devices that may be provisioned, where nothing else decides about them. Put their serial numbers there. */
  public get allowList(): AllowList {
    this.list ??= new AllowList(this, 'AllowList');
    return this.list;
  }

  /**
   * Lets devices that share a claim certificate become devices of the fleet.
   *
   * With neither `hook` nor `acceptAnyDevice`, those on the `allowList` may, each once. The list is empty at first.
   */
  public addClaimProvisioning(id: string, options: FleetClaimProvisioningOptions = {}): ClaimProvisioningTemplate {
    const hook = options.hook ?? this.defaultHook(options.acceptAnyDevice);
    const parameters = options.parameters ?? { SerialNumber: {} };
    return this.provision(options, (scope) => new ClaimProvisioningTemplate(scope, id, {
      ...this.deviceProps('{SerialNumber}'), ...options, parameters, ...hook && { hook },
    }));
  }

  /**
   * Lets trusted users install devices of the fleet.
   *
   * With neither `hook` nor `acceptAnyDevice`, those on the `allowList` may be installed, each once.
   */
  public addTrustedUserProvisioning(id: string, options: FleetTrustedUserProvisioningOptions = {}): TrustedUserProvisioningTemplate {
    const { acceptAnyDevice, ...others } = options;
    const hook = options.hook ?? this.defaultHook(acceptAnyDevice);
    const parameters = options.parameters ?? { SerialNumber: {} };
    return this.provision(options, (scope) => new TrustedUserProvisioningTemplate(scope, id, {
      ...this.deviceProps('{SerialNumber}'), ...others, parameters, ...hook && { hook },
    }));
  }

  /** Defines a template that a CA can name, so that whatever it signs becomes a device of the fleet. */
  public addJustInTimeProvisioning(id: string, options: FleetJustInTimeProvisioningOptions): JustInTimeProvisioningTemplate {
    return this.provision(options, (scope) => new JustInTimeProvisioningTemplate(scope, id, { ...this.deviceProps(`{${SubjectField.COMMON_NAME}}`), ...options }));
  }

  /** Registers the devices of a CA as devices of the fleet, when they connect for the first time. */
  public addJustInTimeRegistration(id: string, options: FleetJustInTimeRegistrationOptions): JustInTimeRegistration {
    const field = options.serialNumberField ?? SubjectField.COMMON_NAME;
    return this.provision(options, (scope) => new JustInTimeRegistration(scope, id, { ...this.deviceProps(`{${field}}`), ...options }));
  }

  /** Registers the devices of a file as devices of the fleet. */
  public addBulkRegistration(id: string, options: FleetBulkRegistrationOptions): BulkRegistration {
    return this.provision(options, (scope) => new BulkRegistration(scope, id, { ...this.deviceProps('{ThingName}'), ...options }));
  }

  private policyRemoval(): { readonly removalPolicy?: RemovalPolicy } {
    return this.onDeletion === FleetDeletion.RETAIN_POLICIES ? { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE } : {};
  }

  private deviceProps(identity: string): RegisteredDeviceProps {
    return {
      thingName: `${this.thingNamePrefix}${identity}`,
      policies: this.policies,
      ...this.thingType && { thingType: this.thingType },
      ...this.thingGroups.length > 0 && { thingGroups: this.thingGroups },
    };
  }

  /** One function for all templates of the fleet. */
  private defaultHook(acceptAnyDevice = false): AllowListHook | undefined {
    if (!acceptAnyDevice) {
      this.hook ??= new AllowListHook(this, 'Hook', { allowList: this.allowList });
      return this.hook;
    }
    return undefined;
  }

  private provision<T extends Construct>(
    { thingName = this.thingNamePrefix, attributes = {} }: { readonly thingName?: string; readonly attributes?: Attributes }, define: (scope: Construct) => T,
  ): T {
    this.attributes.require(attributes);
    const provisioning = define(this.provisioningScope);
    this.fleetThings.add(TemplatePattern.parse(this, 'thingName', thingName).fill(() => '*'));
    this.attributes.warnOfClosedChannels(provisioning, attributes);
    this.guard ??= new FleetGuard(this, 'Guard', {
      policies: this.policies,
      thingGroups: this.thingGroups,
      thingType: this.thingType,
      onDeletion: this.onDeletion,
      certificates: this.certificates,
      things: this.things,
      guarded: [this.provisioningScope, this.certificateScope, this.thingScope, this.members],
    });
    return provisioning;
  }

  /** A thing that was not defined by this fleet is one of it from now on, with attributes to check where the app knows them. */
  private meetForeignThing(thing: IThing): void {
    if (thing.node.scope === this.thingScope) {
      return;
    }
    const resource = thing.node.defaultChild;
    if (!(resource instanceof iot.CfnThing)) {
      this.fleetThings.add(thing.thingName);
      return;
    }
    const { thingName } = resource;
    this.fleetThings.add(thingName === undefined || Token.isUnresolved(thingName) ? thing.thingName : thingName);
    const payload = resource.attributePayload ?? {};
    if (!('resolve' in payload)) {
      const attributes = (payload.attributes ?? {}) as Attributes;
      this.attributes.require(attributes);
      this.attributes.warnOfClosedChannels(thing, attributes);
    }
  }

  private warnOfManySubscriptions(): void {
    const { length } = this.topicSpace.permissions(PlaceholderValues.policyVariables()).subscribe;
    if (length > MAX_SUBSCRIPTIONS) {
      Annotations.of(this).addWarningV2(
        'cdk-iot-warden:DeviceFleet.manySubscriptions',
        `a device needs ${length} subscriptions to hear everything, AWS IoT allows ${MAX_SUBSCRIPTIONS} for a connection; join channels with '+' or '#'`,
      );
    }
  }
}

import type * as api from '@aws-sdk/client-iot';
import type { Iot } from '../../lambda/custom-resource';
import { awsError, FaultyClient } from './faulty-client';

export const ACCOUNT = '123456789012';
const PREFIX = `arn:aws:iot:eu-central-1:${ACCOUNT}`;

export const groupArn = (name: string): string => `${PREFIX}:thinggroup/${name}`;
export const policyArn = (name: string): string => `${PREFIX}:policy/${name}`;
export const certificateArn = (id: string): string => `${PREFIX}:cert/${id}`;

interface ThingState {
  thingTypeName?: string;
  billingGroupName?: string;
  readonly groups: Set<string>;
}

interface PolicyState {
  readonly versions: Map<string, string>;
  defaultVersion: string;
  lastVersion: number;
  readonly targets: Set<string>;
  readonly tags: api.Tag[];
}

interface ThingGroupState {
  readonly isDynamic: boolean;
  readonly parent?: string;
}

const MAX_THING_GROUPS = 10;
const MAX_GROUP_POLICIES = 2;
const MAX_VERSIONS = 5;

/** Lists come in pages of this size, so that whoever forgets to turn the page is found out. */
const PAGE = 2;

/**
 * The control plane of AWS IoT in memory, with the rules that handlers meet: what refuses to be deleted, what is full,
 * what is not noticed at once.
 */
export class FakeIot extends FaultyClient {
  public readonly things = new Map<string, ThingState>();
  public readonly thingTypes = new Map<string, { deprecated: boolean }>();
  public readonly thingGroups = new Map<string, ThingGroupState>();
  public readonly billingGroups = new Set<string>();
  public readonly policies = new Map<string, PolicyState>();
  public readonly authorizers = new Set<string>();
  public defaultAuthorizer: string | undefined;
  public logging: api.SetV2LoggingOptionsRequest | undefined;
  public indexing: api.GetIndexingConfigurationResponse = {
    thingIndexingConfiguration: { thingIndexingMode: 'OFF' },
    thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'OFF' },
  };
  /** The TLS policies of the endpoints that the account has. */
  public readonly endpointTls = new Map(['iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs'].map((name) => [name, 'IoTSecurityPolicy_TLS12_1_2_2022_10']));
  public events: Record<string, boolean> = { THING: false, THING_GROUP: false, JOB: false };

  /** How many more answers still show the state before. */
  private readonly lags = new Map<string, number>();

  public readonly client: Iot = this.sender;

  public addThings(...names: readonly string[]): this {
    for (const name of names) {
      this.things.set(name, { groups: new Set() });
    }
    return this;
  }

  public addGroups(...names: readonly string[]): this {
    for (const name of names) {
      this.thingGroups.set(name, { isDynamic: false });
    }
    return this;
  }

  public addPolicy(name: string, document = '{}', tags: api.Tag[] = []): PolicyState {
    const policy = { versions: new Map([['1', document]]), defaultVersion: '1', lastVersion: 1, targets: new Set<string>(), tags };
    this.policies.set(name, policy);
    return policy;
  }

  /** Shows a change only after some more requests: `found:a` for a new thing, `detached:p` for a policy. */
  public lag(what: string, requests: number): void {
    this.lags.set(what, requests);
  }

  /** What tests compare: everything but the numbers of versions. */
  public snapshot(): unknown {
    return {
      things: [...this.things].map(([name, { thingTypeName, billingGroupName, groups }]) => ({ name, thingTypeName, billingGroupName, groups: [...groups].sort() })),
      policies: [...this.policies].map(([name, policy]) => ({
        name,
        document: policy.versions.get(policy.defaultVersion),
        versions: policy.versions.size,
        targets: [...policy.targets].sort(),
      })),
      settings: { defaultAuthorizer: this.defaultAuthorizer, logging: this.logging, indexing: this.indexing, events: this.events, endpointTls: [...this.endpointTls] },
    };
  }

  private isBehind(what: string): boolean {
    const left = this.lags.get(what) ?? 0;
    this.lags.set(what, left - 1);
    return left > 0;
  }

  private thing(name: string | undefined): ThingState {
    const thing = this.things.get(name ?? '');
    if (thing === undefined || this.isBehind(`found:${name}`)) {
      throw awsError('ResourceNotFoundException', `Thing ${name} not found`);
    }
    return thing;
  }

  private group(name: string | undefined): ThingGroupState {
    return found(this.thingGroups.get(name ?? ''), `Thing group ${name}`);
  }

  private policy(name: string | undefined): PolicyState {
    return found(this.policies.get(name ?? ''), `Policy ${name}`);
  }

  private join(thing: ThingState, name: string): void {
    const group = this.group(name);
    if (group.isDynamic) {
      throw awsError('InvalidRequestException', 'Cannot add a thing to a dynamic thing group');
    }
    if (thing.groups.has(name)) {
      return;
    }
    if (thing.groups.size >= MAX_THING_GROUPS) {
      throw awsError('LimitExceededException', 'Too many thing groups');
    }
    const sibling = [...thing.groups].find((other) => this.rootOf(other) === this.rootOf(name));
    if (sibling !== undefined) {
      throw awsError('InvalidRequestException', `The thing is in ${sibling} of the same hierarchy`);
    }
    thing.groups.add(name);
  }

  private rootOf(name: string): string {
    const parent = this.thingGroups.get(name)?.parent;
    return parent === undefined ? name : this.rootOf(parent);
  }

  private policiesOf(target: string): string[] {
    return [...this.policies].filter(([name, { targets }]) => targets.has(target) || this.isBehind(`detached:${name}`)).map(([name]) => name);
  }

  protected readonly operations = {
    DescribeThing: ({ thingName }: api.DescribeThingRequest) => {
      const { thingTypeName, billingGroupName } = this.thing(thingName);
      return { thingName, thingTypeName, billingGroupName };
    },

    UpdateThing: ({ thingName, thingTypeName, removeThingType }: api.UpdateThingRequest) => {
      const thing = this.thing(thingName);
      if (removeThingType === true) {
        delete thing.thingTypeName;
      } else if (thingTypeName !== undefined) {
        if (found(this.thingTypes.get(thingTypeName), `Thing type ${thingTypeName}`).deprecated) {
          throw awsError('InvalidRequestException', `Thing type ${thingTypeName} is deprecated`);
        }
        thing.thingTypeName = thingTypeName;
      }
      return {};
    },

    AddThingToBillingGroup: ({ thingName, billingGroupName }: api.AddThingToBillingGroupRequest) => {
      const thing = this.thing(thingName);
      found(this.billingGroups.has(billingGroupName ?? '') || undefined, `Billing group ${billingGroupName}`);
      if ((thing.billingGroupName ?? billingGroupName) !== billingGroupName || this.isBehind(`left:${thingName}`)) {
        throw awsError('InvalidRequestException', 'The thing is in another billing group');
      }
      thing.billingGroupName = billingGroupName;
      return {};
    },

    RemoveThingFromBillingGroup: ({ thingName, billingGroupName }: api.RemoveThingFromBillingGroupRequest) => {
      const thing = this.thing(thingName);
      if (thing.billingGroupName !== billingGroupName) {
        throw awsError('ResourceNotFoundException', 'The thing is not in this billing group');
      }
      delete thing.billingGroupName;
      return {};
    },

    AddThingToThingGroup: ({ thingName, thingGroupName }: api.AddThingToThingGroupRequest) => {
      this.join(this.thing(thingName), thingGroupName ?? '');
      return {};
    },

    RemoveThingFromThingGroup: ({ thingName, thingGroupName }: api.RemoveThingFromThingGroupRequest) => {
      this.group(thingGroupName);
      this.thing(thingName).groups.delete(thingGroupName ?? '');
      return {};
    },

    UpdateThingGroupsForThing: ({ thingName, thingGroupsToAdd = [], thingGroupsToRemove = [] }: api.UpdateThingGroupsForThingRequest) => {
      const thing = this.thing(thingName);
      thingGroupsToRemove.forEach((name) => thing.groups.delete(name));
      thingGroupsToAdd.forEach((name) => this.join(thing, name));
      return {};
    },

    ListThingGroupsForThing: ({ thingName, nextToken }: api.ListThingGroupsForThingRequest) => {
      const { items, next } = page([...this.thing(thingName).groups], nextToken);
      return { thingGroups: items.map((groupName) => ({ groupName, groupArn: groupArn(groupName) })), nextToken: next };
    },

    AttachPolicy: ({ policyName, target = '' }: api.AttachPolicyRequest) => {
      const policy = this.policy(policyName);
      if (target.includes(':thinggroup/')) {
        if (this.group(target.split('/')[1]).isDynamic) {
          throw awsError('InvalidRequestException', 'Policies cannot be attached to dynamic groups');
        }
        const attached = this.policiesOf(target);
        if (!attached.includes(policyName ?? '') && attached.length >= MAX_GROUP_POLICIES) {
          throw awsError('LimitExceededException', 'Too many policies on the group');
        }
      }
      policy.targets.add(target);
      return {};
    },

    DetachPolicy: ({ policyName, target }: api.DetachPolicyRequest) => {
      this.policy(policyName).targets.delete(target ?? '');
      return {};
    },

    ListAttachedPolicies: ({ target = '', marker }: api.ListAttachedPoliciesRequest) => {
      if (target.includes(':thinggroup/')) {
        this.group(target.split('/')[1]);
      }
      const { items, next } = page(this.policiesOf(target), marker);
      return { policies: items.map((policyName) => ({ policyName, policyArn: policyArn(policyName) })), nextMarker: next };
    },

    ListTargetsForPolicy: ({ policyName, marker }: api.ListTargetsForPolicyRequest) => {
      const { items, next } = page([...this.policy(policyName).targets], marker);
      return { targets: items, nextMarker: next };
    },

    CreatePolicy: ({ policyName = '', policyDocument, tags }: api.CreatePolicyRequest) => {
      if (this.policies.has(policyName)) {
        throw awsError('ResourceAlreadyExistsException', `Policy ${policyName} exists`);
      }
      this.addPolicy(policyName, policyDocument, tags);
      return { policyName, policyVersionId: '1' };
    },

    ListTagsForResource: ({ resourceArn = '', nextToken }: api.ListTagsForResourceRequest) => {
      const { items, next } = page(this.policy(resourceArn.split('/')[1]).tags, nextToken);
      return { tags: items, nextToken: next };
    },

    ListPolicyVersions: ({ policyName }: api.ListPolicyVersionsRequest) => {
      const policy = this.policy(policyName);
      return {
        policyVersions: [...policy.versions.keys()].sort().map((versionId) => ({ versionId, isDefaultVersion: versionId === policy.defaultVersion })),
      };
    },

    GetPolicyVersion: ({ policyName, policyVersionId = '' }: api.GetPolicyVersionRequest) => {
      const policyDocument = found(this.policy(policyName).versions.get(policyVersionId), `Version ${policyVersionId}`);
      return { policyName, policyVersionId, policyDocument };
    },

    CreatePolicyVersion: ({ policyName, policyDocument = '', setAsDefault }: api.CreatePolicyVersionRequest) => {
      const policy = this.policy(policyName);
      if (policy.versions.size >= MAX_VERSIONS) {
        throw awsError('VersionsLimitExceededException', 'The policy has 5 versions');
      }
      policy.lastVersion++;
      policy.versions.set(String(policy.lastVersion), policyDocument);
      policy.defaultVersion = setAsDefault === true ? String(policy.lastVersion) : policy.defaultVersion;
      return { policyVersionId: String(policy.lastVersion) };
    },

    SetDefaultPolicyVersion: ({ policyName, policyVersionId = '' }: api.SetDefaultPolicyVersionRequest) => {
      found(this.policy(policyName).versions.get(policyVersionId), `Version ${policyVersionId}`);
      this.policy(policyName).defaultVersion = policyVersionId;
      return {};
    },

    DeletePolicyVersion: ({ policyName, policyVersionId = '' }: api.DeletePolicyVersionRequest) => {
      const policy = this.policy(policyName);
      if (policy.defaultVersion === policyVersionId) {
        throw awsError('DeleteConflictException', 'The version is the default');
      }
      if (!policy.versions.delete(policyVersionId)) {
        throw awsError('ResourceNotFoundException', `Version ${policyVersionId} not found`);
      }
      return {};
    },

    DeletePolicy: ({ policyName = '' }: api.DeletePolicyRequest) => {
      const policy = this.policy(policyName);
      if (policy.targets.size > 0 || policy.versions.size > 1 || this.isBehind(`detached:${policyName}`)) {
        throw awsError('DeleteConflictException', 'Cannot delete the policy');
      }
      this.policies.delete(policyName);
      return {};
    },

    DescribeEndpoint: ({ endpointType }: api.DescribeEndpointRequest) => {
      const kinds: Record<string, string> = { 'iot:Data-ATS': 'abc-ats.iot', 'iot:CredentialProvider': 'def.credentials.iot' };
      return { endpointAddress: `${kinds[endpointType ?? ''] ?? 'legacy.iot'}.eu-central-1.amazonaws.com` };
    },

    DescribeDefaultAuthorizer: () => ({
      authorizerDescription: { authorizerName: found(this.defaultAuthorizer, 'The default authorizer') },
    }),

    SetDefaultAuthorizer: ({ authorizerName = '' }: api.SetDefaultAuthorizerRequest) => {
      found(this.authorizers.has(authorizerName) || undefined, `Authorizer ${authorizerName}`);
      if (this.defaultAuthorizer !== undefined) {
        throw awsError('ResourceAlreadyExistsException', 'There is a default authorizer');
      }
      this.defaultAuthorizer = authorizerName;
      return { authorizerName };
    },

    ClearDefaultAuthorizer: () => {
      found(this.defaultAuthorizer, 'The default authorizer');
      this.defaultAuthorizer = undefined;
      return {};
    },

    GetV2LoggingOptions: () => {
      if (this.logging === undefined) {
        throw awsError('NotConfiguredException');
      }
      return this.logging;
    },

    SetV2LoggingOptions: (options: api.SetV2LoggingOptionsRequest) => {
      if (options.roleArn === undefined && options.disableAllLogs !== true) {
        throw awsError('InvalidRequestException', 'A role is needed');
      }
      if (this.isBehind('assumed')) {
        throw awsError('InvalidRequestException', 'AWS IoT cannot assume the role');
      }
      this.logging = { ...options, disableAllLogs: options.disableAllLogs ?? false };
      return {};
    },

    DescribeDomainConfiguration: ({ domainConfigurationName = '' }: api.DescribeDomainConfigurationRequest) => ({
      domainConfigurationName, tlsConfig: { securityPolicy: found(this.endpointTls.get(domainConfigurationName), `Domain configuration ${domainConfigurationName}`) },
    }),

    UpdateDomainConfiguration: ({ domainConfigurationName = '', tlsConfig }: api.UpdateDomainConfigurationRequest) => {
      found(this.endpointTls.get(domainConfigurationName), `Domain configuration ${domainConfigurationName}`);
      this.endpointTls.set(domainConfigurationName, tlsConfig?.securityPolicy ?? '');
      return { domainConfigurationName };
    },

    GetIndexingConfiguration: () => this.indexing,

    UpdateIndexingConfiguration: (configuration: api.UpdateIndexingConfigurationRequest) => {
      this.indexing = configuration;
      return {};
    },

    DescribeEventConfigurations: () => ({
      eventConfigurations: Object.fromEntries(Object.entries(this.events).map(([type, enabled]) => [type, { Enabled: enabled }])),
    }),

    UpdateEventConfigurations: ({ eventConfigurations = {} }: api.UpdateEventConfigurationsRequest) => {
      this.events = Object.fromEntries(Object.entries(eventConfigurations).map(([type, { Enabled: enabled }]) => [type, enabled === true]));
      return {};
    },
  };
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw awsError('ResourceNotFoundException', `${what} not found`);
  }
  return value;
}

function page<T>(items: readonly T[], from: string | undefined): { items: T[]; next: string | undefined } {
  const start = Number(from ?? 0);
  const end = start + PAGE;
  return { items: items.slice(start, end), next: end < items.length ? String(end) : undefined };
}

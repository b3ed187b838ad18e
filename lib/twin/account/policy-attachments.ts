import type * as api from '@aws-sdk/client-iot';
import { MAX_POLICIES_PER_PRINCIPAL } from '../../policy';
import { itself, nextMarker } from './core';
import { IotError, invalidRequest } from './errors';
import { Lookup } from './lookup';
import { Policies } from './policies';
import type { CertificateRecord, IdentityRecord, ThingGroupRecord } from './records';

/** @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_POLICIES_PER_GROUP = 2;

/** `REGION:UUID`, the id of an identity of Cognito. AWS IoT does not ask Cognito whether there is one. */
const IDENTITY_ID = /^[\w-]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A certificate, a static thing group or an identity of Cognito. */
type Target = { readonly certificate: CertificateRecord } | { readonly group: ThingGroupRecord } | { readonly identity: IdentityRecord };

/** Which policies are attached to what. */
export abstract class PolicyAttachments extends Policies {
  private readonly certificatesByPolicy = new Lookup(this.store, 'certificates', ({ policies }) => policies);
  private readonly groupsByPolicy = new Lookup(this.store, 'thingGroups', ({ policies }) => policies);
  private readonly identitiesByPolicy = new Lookup(this.store, 'identities', ({ policies }) => policies);

  public attachPolicy({ policyName, target }: api.AttachPolicyRequest): object {
    const { policyName: name } = this.policy(policyName);
    const found = this.target(target);
    const { policies } = holderOf(found);
    const most = 'group' in found ? MAX_POLICIES_PER_GROUP : MAX_POLICIES_PER_PRINCIPAL;
    if (policies.includes(name)) {
      return {};
    }
    if (policies.length >= most) {
      throw new IotError('LimitExceededException', `At most ${most} policies can be attached to ${String(target)}`);
    }
    this.putPolicies(found, [...policies, name]);
    return {};
  }

  /** Succeeds also where the policy is not attached. */
  public detachPolicy({ policyName, target }: api.DetachPolicyRequest): object {
    const { policyName: name } = this.policy(policyName);
    const found = this.target(target);
    const { policies } = holderOf(found);
    if (policies.includes(name)) {
      this.putPolicies(found, policies.filter((other) => other !== name));
    }
    return {};
  }

  public listAttachedPolicies({ target, recursive, pageSize, marker }: api.ListAttachedPoliciesRequest): { readonly policies: { readonly policyName: string; readonly policyArn: string }[]; readonly nextMarker?: string } {
    const found = this.target(target);
    const above = recursive !== true ? []
      : 'group' in found ? this.ancestry(found.group.thingGroupName)
        : 'identity' in found ? []
          : found.certificate.things.flatMap(({ thingName }) => this.store.get('things', thingName)?.groups ?? []).flatMap((group) => this.ancestry(group));
    const names = new Set([...holderOf(found).policies, ...above.flatMap((group) => this.store.get('thingGroups', group)?.policies ?? [])]);
    const page = this.page(names, itself, { limit: pageSize, token: marker });
    return { policies: page.items.map((name) => this.policyNameAndArn(name)), ...nextMarker(page) };
  }

  public listTargetsForPolicy({ policyName, pageSize, marker }: api.ListTargetsForPolicyRequest): { readonly targets: string[]; readonly nextMarker?: string } {
    const page = this.page(this.targetsOf(this.policy(policyName).policyName), itself, { limit: pageSize, token: marker });
    return { targets: page.items, ...nextMarker(page) };
  }

  /** The names of the policies that are attached to an identity of Cognito. */
  public policiesOfIdentity(identityId: string): readonly string[] {
    return this.store.get('identities', identityId)?.policies ?? [];
  }

  /** Detach a policy from everything, and remove it. */
  public removePolicy(policyName: string): void {
    this.certificatesByPolicy.of(policyName).forEach((certificate) => this.putPolicies({ certificate }, certificate.policies.filter((name) => name !== policyName)));
    this.groupsByPolicy.of(policyName).forEach((group) => this.putPolicies({ group }, group.policies.filter((name) => name !== policyName)));
    this.identitiesByPolicy.of(policyName).forEach((identity) => this.putPolicies({ identity }, identity.policies.filter((name) => name !== policyName)));
    this.store.remove('policies', policyName);
  }

  protected override targetsOf(policyName: string): string[] {
    return [
      ...[...this.certificatesByPolicy.keysOf(policyName)].map((id) => this.arn(`cert/${id}`)),
      ...[...this.groupsByPolicy.keysOf(policyName)].map((name) => this.arn(`thinggroup/${name}`)),
      ...this.identitiesByPolicy.keysOf(policyName),
    ];
  }

  private target(arn: string | undefined): Target {
    if (arn !== undefined && IDENTITY_ID.test(arn)) {
      return { identity: this.store.get('identities', arn) ?? { identityId: arn, policies: [], creationDate: this.clock.now() } };
    }
    const prefix = this.arn('thinggroup/');
    if (arn?.startsWith(prefix) !== true) {
      return { certificate: this.principal(arn) };
    }
    const group = this.thingGroup(arn.slice(prefix.length));
    if (group.queryString !== undefined) {
      throw invalidRequest(`Policies cannot be attached to the dynamic thing group ${group.thingGroupName}`);
    }
    return { group };
  }

  private putPolicies(target: Target, policies: readonly string[]): void {
    if ('certificate' in target) {
      this.store.put('certificates', target.certificate.certificateId, { ...target.certificate, policies });
    } else if ('group' in target) {
      this.store.put('thingGroups', target.group.thingGroupName, { ...target.group, policies });
    } else if (policies.length === 0) {
      this.store.remove('identities', target.identity.identityId);
    } else {
      this.store.put('identities', target.identity.identityId, { ...target.identity, policies });
    }
  }
}

function holderOf(target: Target): CertificateRecord | ThingGroupRecord | IdentityRecord {
  return 'certificate' in target ? target.certificate : 'group' in target ? target.group : target.identity;
}

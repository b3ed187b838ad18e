import type * as api from '@aws-sdk/client-iot';
import { itself, nextToken } from './core';
import { IotError, notFound } from './errors';
import { Lookup } from './lookup';
import { checkName } from './names';
import type { BillingGroupRecord } from './records';
import { ThingGroups, checkVersion } from './thing-groups';

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/tagging-iot-billing-groups.html */
export abstract class BillingGroups extends ThingGroups {
  protected readonly thingsByBillingGroup = new Lookup(this.store, 'things', ({ billingGroupName }) => (billingGroupName === undefined ? [] : [billingGroupName]));

  public createBillingGroup({ billingGroupName, billingGroupProperties, tags }: api.CreateBillingGroupRequest): { readonly billingGroupName: string; readonly billingGroupArn: string; readonly billingGroupId: string } {
    const name = checkName('billingGroupName', billingGroupName);
    const { billingGroupDescription } = billingGroupProperties ?? {};
    const existing = this.store.get('billingGroups', name);
    if (existing !== undefined && existing.billingGroupDescription !== billingGroupDescription) {
      throw new IotError('ResourceAlreadyExistsException', `Billing group ${name} already exists in account with different properties`, {
        resourceId: existing.billingGroupId, resourceArn: this.arn(`billinggroup/${name}`),
      });
    }
    const record = existing ?? {
      billingGroupName: name,
      billingGroupId: this.random.uuid(),
      version: 1,
      ...this.fresh(tags),
      ...(billingGroupDescription === undefined ? {} : { billingGroupDescription }),
    };
    if (existing === undefined) {
      this.store.put('billingGroups', name, record);
    }
    return { billingGroupName: name, billingGroupArn: this.arn(`billinggroup/${name}`), billingGroupId: record.billingGroupId };
  }

  public describeBillingGroup({ billingGroupName }: api.DescribeBillingGroupRequest): Omit<api.DescribeBillingGroupResponse, '$metadata'> {
    const { billingGroupName: name, billingGroupId, billingGroupDescription, version, creationDate } = this.billingGroup(billingGroupName);
    return {
      billingGroupName: name,
      billingGroupId,
      billingGroupArn: this.arn(`billinggroup/${name}`),
      version,
      billingGroupProperties: billingGroupDescription === undefined ? {} : { billingGroupDescription },
      billingGroupMetadata: { creationDate: new Date(creationDate) },
    };
  }

  public updateBillingGroup({ billingGroupName, billingGroupProperties, expectedVersion }: api.UpdateBillingGroupRequest): { readonly version: number } {
    const record = this.billingGroup(billingGroupName);
    checkVersion(`billing group ${record.billingGroupName}`, record.version, expectedVersion);
    const version = record.version + 1;
    this.store.put('billingGroups', record.billingGroupName, { ...record, version, billingGroupDescription: billingGroupProperties?.billingGroupDescription });
    return { version };
  }

  /** Succeeds also where there is no such group; its things are in none afterwards. */
  public deleteBillingGroup({ billingGroupName, expectedVersion }: api.DeleteBillingGroupRequest): object {
    const name = checkName('billingGroupName', billingGroupName);
    const record = this.store.get('billingGroups', name);
    if (record !== undefined) {
      checkVersion(`billing group ${name}`, record.version, expectedVersion);
      for (const { billingGroupName: left, ...thing } of this.thingsByBillingGroup.of(name)) {
        this.store.put('things', thing.thingName, { ...thing, version: thing.version + 1 });
      }
      this.store.remove('billingGroups', name);
    }
    return {};
  }

  public listBillingGroups({ nextToken: token, maxResults, namePrefixFilter = '' }: api.ListBillingGroupsRequest): { readonly billingGroups: api.GroupNameAndArn[]; readonly nextToken?: string } {
    const names = [...this.store.all('billingGroups')].map(({ billingGroupName }) => billingGroupName).filter((name) => name.startsWith(namePrefixFilter));
    const page = this.page(names, itself, { limit: maxResults, token });
    return { billingGroups: page.items.map((groupName) => ({ groupName, groupArn: this.arn(`billinggroup/${groupName}`) })), ...nextToken(page) };
  }

  public listThingsInBillingGroup({ billingGroupName, nextToken: token, maxResults }: api.ListThingsInBillingGroupRequest): { readonly things: string[]; readonly nextToken?: string } {
    const page = this.page(this.thingsByBillingGroup.keysOf(this.billingGroup(billingGroupName).billingGroupName), itself, { limit: maxResults, token });
    return { things: page.items, ...nextToken(page) };
  }

  protected billingGroup(billingGroupName: string | undefined): BillingGroupRecord {
    const name = checkName('billingGroupName', billingGroupName);
    const record = this.store.get('billingGroups', name);
    if (record === undefined) {
      throw notFound(`Billing group ${name}`);
    }
    return record;
  }
}

import { isDeepStrictEqual } from 'node:util';
import type * as api from '@aws-sdk/client-iot';
import { itself, nextToken } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { Lookup } from './lookup';
import { checkName } from './names';
import type { ThingGroupRecord } from './records';
import { ThingTypes } from './thing-types';

/** @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_DEPTH = 7;

/** Static thing groups. Dynamic ones come with a deployment; the twin does not work out who is in them. */
export abstract class ThingGroups extends ThingTypes {
  protected readonly groupsByParent = new Lookup(this.store, 'thingGroups', ({ parentGroupName }) => (parentGroupName === undefined ? [] : [parentGroupName]));

  public createThingGroup({ thingGroupName, parentGroupName, thingGroupProperties, tags }: api.CreateThingGroupRequest): { readonly thingGroupName: string; readonly thingGroupArn: string; readonly thingGroupId: string } {
    const name = checkName('thingGroupName', thingGroupName);
    const wanted = { ...(parentGroupName === undefined ? {} : { parentGroupName }), ...propertiesOf(thingGroupProperties) };
    const existing = this.store.get('thingGroups', name);
    if (existing !== undefined && !isDeepStrictEqual(settingsOf(existing), wanted)) {
      throw new IotError('ResourceAlreadyExistsException', `Thing Group ${name} already exists in account with different properties`, {
        resourceId: existing.thingGroupId, resourceArn: this.arn(`thinggroup/${name}`),
      });
    }
    if (parentGroupName !== undefined && this.ancestry(parentGroupName).length >= MAX_DEPTH) {
      throw invalidRequest(`Thing groups can be at most ${MAX_DEPTH} deep`);
    }
    const record = existing ?? { thingGroupName: name, thingGroupId: this.random.uuid(), policies: [], version: 1, ...this.fresh(tags), ...wanted };
    if (existing === undefined) {
      this.store.put('thingGroups', name, record);
    }
    return { thingGroupName: name, thingGroupArn: this.arn(`thinggroup/${name}`), thingGroupId: record.thingGroupId };
  }

  public describeThingGroup({ thingGroupName }: api.DescribeThingGroupRequest): Omit<api.DescribeThingGroupResponse, '$metadata'> {
    const record = this.thingGroup(thingGroupName);
    const { thingGroupName: name, thingGroupId, parentGroupName, thingGroupDescription, attributes, queryString, version, creationDate } = record;
    const [, ...ancestors] = this.ancestry(name);
    return {
      thingGroupName: name,
      thingGroupId,
      thingGroupArn: this.arn(`thinggroup/${name}`),
      version,
      thingGroupProperties: {
        ...(thingGroupDescription === undefined ? {} : { thingGroupDescription }),
        attributePayload: { attributes: { ...attributes } },
      },
      thingGroupMetadata: {
        creationDate: new Date(creationDate),
        ...(parentGroupName === undefined ? {} : { parentGroupName }),
        rootToParentThingGroups: ancestors.reverse().map((group) => this.groupNameAndArn(group)),
      },
      ...(queryString === undefined ? {} : { queryString, queryVersion: '2017-09-30', indexName: 'AWS_Things', status: 'ACTIVE' }),
    };
  }

  public updateThingGroup({ thingGroupName, thingGroupProperties, expectedVersion }: api.UpdateThingGroupRequest): { readonly version: number } {
    const record = this.thingGroup(thingGroupName);
    checkVersion(`thing group ${record.thingGroupName}`, record.version, expectedVersion);
    const { attributes, merge } = thingGroupProperties?.attributePayload ?? {};
    const { thingGroupDescription = record.thingGroupDescription } = thingGroupProperties ?? {};
    const version = record.version + 1;
    this.store.put('thingGroups', record.thingGroupName, {
      ...record, version, thingGroupDescription, attributes: mergeAttributes(record.attributes, attributes, merge === true),
    });
    return { version };
  }

  /** Succeeds also where there is no such group. */
  public deleteThingGroup({ thingGroupName, expectedVersion }: api.DeleteThingGroupRequest): object {
    const name = checkName('thingGroupName', thingGroupName);
    const record = this.store.get('thingGroups', name);
    if (record !== undefined) {
      checkVersion(`thing group ${name}`, record.version, expectedVersion);
      if (this.groupsByParent.keysOf(name).size > 0) {
        throw invalidRequest(`Cannot delete thing group : ${name} when there are still child groups attached to it`);
      }
      this.emptyThingGroup(name);
      this.store.remove('thingGroups', name);
    }
    return {};
  }

  public listThingGroups({ nextToken: token, maxResults, parentGroup, namePrefixFilter = '', recursive }: api.ListThingGroupsRequest): { readonly thingGroups: api.GroupNameAndArn[]; readonly nextToken?: string } {
    const all = parentGroup === undefined ? [...this.store.all('thingGroups')].map((group) => group.thingGroupName) : this.descendants(this.thingGroup(parentGroup).thingGroupName, recursive !== false);
    const page = this.page(all.filter((name) => name.startsWith(namePrefixFilter)), itself, { limit: maxResults, token });
    return { thingGroups: page.items.map((name) => this.groupNameAndArn(name)), ...nextToken(page) };
  }

  /** A group and those above it. */
  protected ancestry(thingGroupName: string): string[] {
    const names: string[] = [];
    for (let name: string | undefined = this.thingGroup(thingGroupName).thingGroupName; name !== undefined && !names.includes(name);) {
      names.push(name);
      name = this.store.get('thingGroups', name)?.parentGroupName;
    }
    return names;
  }

  /** The groups below a group: its children alone, or all. */
  protected descendants(name: string, recursive: boolean): string[] {
    const found = new Set(this.groupsByParent.keysOf(name));
    // A set goes through what is added on the way, and holds nothing twice.
    for (const group of recursive ? found : []) {
      this.groupsByParent.keysOf(group).forEach((child) => found.add(child));
    }
    return [...found];
  }

  protected thingGroup(thingGroupName: string | undefined): ThingGroupRecord {
    const name = checkName('thingGroupName', thingGroupName);
    const record = this.store.get('thingGroups', name);
    if (record === undefined) {
      throw notFound(`Thing group ${name}`);
    }
    return record;
  }

  protected groupNameAndArn(groupName: string): { readonly groupName: string; readonly groupArn: string } {
    return { groupName, groupArn: this.arn(`thinggroup/${groupName}`) };
  }

  /** Take every thing out of a group. */
  protected abstract emptyThingGroup(name: string): void;
}

/** @throws IotError when somebody changed a resource in between. */
export function checkVersion(what: string, version: number, expected: number | undefined): void {
  if (expected !== undefined && expected !== version) {
    throw new IotError('VersionConflictException', `The version for ${what} does not match the expected version: it is ${version}, expected ${expected}`);
  }
}

/** Attributes after an update; when merged, an empty value takes an attribute away. */
export function mergeAttributes<T>(before: Readonly<Record<string, T>>, given: Readonly<Record<string, T>> | undefined, merge: boolean): Record<string, T> {
  const all = Object.entries(given === undefined || merge ? { ...before, ...given } : given);
  return Object.fromEntries(all.filter(([, value]) => (value as unknown) !== ''));
}

function propertiesOf({ thingGroupDescription, attributePayload }: api.ThingGroupProperties = {}): Pick<ThingGroupRecord, 'thingGroupDescription' | 'attributes'> {
  return { ...(thingGroupDescription === undefined ? {} : { thingGroupDescription }), attributes: { ...attributePayload?.attributes } };
}

/** What a second creation must agree with. */
function settingsOf({ parentGroupName, thingGroupDescription, attributes }: ThingGroupRecord): object {
  return {
    ...(parentGroupName === undefined ? {} : { parentGroupName }),
    ...(thingGroupDescription === undefined ? {} : { thingGroupDescription }),
    attributes: { ...attributes },
  };
}

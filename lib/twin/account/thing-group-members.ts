import type * as api from '@aws-sdk/client-iot';
import { itself, nextToken } from './core';
import { invalidRequest } from './errors';
import { Lookup } from './lookup';
import type { ThingRecord } from './records';
import { Things } from './things';

/** @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_GROUPS = 10;

/** Which things are in which static groups. */
export abstract class ThingGroupMembers extends Things {
  protected readonly thingsByGroup = new Lookup(this.store, 'things', ({ groups }) => groups);

  /** A thing is in at most 10 groups, and in no two of one hierarchy. */
  public addThingToThingGroup({ thingName, thingArn, thingGroupName, thingGroupArn }: api.AddThingToThingGroupRequest): object {
    this.join(this.nameIn('thingName', 'thing', thingName, thingArn), this.nameIn('thingGroupName', 'thinggroup', thingGroupName, thingGroupArn));
    return {};
  }

  public removeThingFromThingGroup({ thingName, thingArn, thingGroupName, thingGroupArn }: api.RemoveThingFromThingGroupRequest): object {
    this.leave(this.nameIn('thingName', 'thing', thingName, thingArn), this.nameIn('thingGroupName', 'thinggroup', thingGroupName, thingGroupArn));
    return {};
  }

  public updateThingGroupsForThing({ thingName, thingGroupsToAdd = [], thingGroupsToRemove = [] }: api.UpdateThingGroupsForThingRequest): object {
    const { thingName: name } = this.thing(thingName);
    thingGroupsToRemove.forEach((group) => this.leave(name, group));
    thingGroupsToAdd.forEach((group) => this.join(name, group));
    return {};
  }

  public listThingGroupsForThing({ thingName, nextToken: token, maxResults }: api.ListThingGroupsForThingRequest): { readonly thingGroups: { readonly groupName: string; readonly groupArn: string }[]; readonly nextToken?: string } {
    const page = this.page(this.thing(thingName).groups, itself, { limit: maxResults, token });
    return { thingGroups: page.items.map((name) => this.groupNameAndArn(name)), ...nextToken(page) };
  }

  public listThingsInThingGroup({ thingGroupName, recursive, ...asked }: api.ListThingsInThingGroupRequest): { readonly things: string[]; readonly nextToken?: string } {
    const { thingGroupName: name } = this.thingGroup(thingGroupName);
    return this.thingNames(recursive === true ? this.thingsBelow(name) : this.thingsByGroup.keysOf(name), asked);
  }

  /** The things in a group and in all below it. */
  public thingsBelow(name: string): ReadonlySet<string> {
    return new Set([name, ...this.descendants(name, true)].flatMap((group) => [...this.thingsByGroup.keysOf(group)]));
  }

  /** Groups, as far as there are such, and those above them. */
  public groupsAround(names: readonly string[]): readonly string[] {
    return names.flatMap((name) => (this.store.get('thingGroups', name) === undefined ? [] : this.ancestry(name)));
  }

  /** Remove a group, whatever is in it. */
  public removeThingGroup(name: string): void {
    this.emptyThingGroup(name);
    this.store.remove('thingGroups', name);
  }

  protected override emptyThingGroup(name: string): void {
    this.thingsByGroup.of(name).forEach((thing) => this.putOut(thing, name));
  }

  private join(thingName: string, thingGroupName: string): void {
    const thing = this.thing(thingName);
    const { thingGroupName: name, queryString } = this.thingGroup(thingGroupName);
    if (queryString !== undefined) {
      throw invalidRequest(`Cannot add thing to dynamic thing group : ${name}`);
    }
    if (thing.groups.includes(name)) {
      return;
    }
    if (thing.groups.length >= MAX_GROUPS) {
      throw invalidRequest(`Thing ${thingName} is in ${MAX_GROUPS} thing groups already, the most there can be`);
    }
    const root = this.ancestry(name).at(-1);
    const relative = thing.groups.find((other) => this.store.get('thingGroups', other) !== undefined && this.ancestry(other).at(-1) === root);
    if (relative !== undefined) {
      throw invalidRequest(`Thing ${thingName} is in thing group ${relative} already, which is of the same hierarchy as ${name}`);
    }
    this.store.put('things', thingName, { ...thing, groups: [...thing.groups, name] });
  }

  private leave(thingName: string, thingGroupName: string): void {
    const thing = this.thing(thingName);
    const { thingGroupName: name } = this.thingGroup(thingGroupName);
    if (thing.groups.includes(name)) {
      this.putOut(thing, name);
    }
  }

  private putOut(thing: ThingRecord, group: string): void {
    this.store.put('things', thing.thingName, { ...thing, groups: thing.groups.filter((name) => name !== group) });
  }
}

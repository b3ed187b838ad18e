/** Puts things into a static thing group, which CloudFormation cannot. */
import {
  AddThingToThingGroupCommand,
  ListThingGroupsForThingCommand,
  RemoveThingFromThingGroupCommand,
  UpdateThingGroupsForThingCommand,
} from '@aws-sdk/client-iot';
import { allItems, createClient, customResource, flag, handle, text, texts, UNTIL_FOUND } from '../custom-resource';
import type { Call, Handle, Iot, System } from '../custom-resource';
import { membershipLifecycle, type Membership, type Register } from '../custom-resource/membership';

interface ThingGroupMembership extends Membership {
  /** Whether a dynamic group gives way when the thing is in as many groups as it can be. */
  readonly overrideDynamicGroups: boolean;
}

export function createHandler(iot: Iot, system?: System): Handle {
  return handle(membershipLifecycle(register(iot), (properties) => ({
    group: text(properties, 'ThingGroupName'),
    members: texts(properties, 'ThingNames'),
    overrideDynamicGroups: flag(properties, 'OverrideDynamicGroups'),
  })), system);
}

function register(iot: Iot): Register<ThingGroupMembership> {
  return {
    memberKind: 'thing',
    groupKind: 'thing group',
    has: async (call, thing, { group }) => {
      for await (const name of groupsOf(iot, call, thing)) {
        if (name === group) {
          return true;
        }
      }
      return false;
    },
    add: async (call, thing, { group, overrideDynamicGroups }) => {
      await call(() => iot.send(new AddThingToThingGroupCommand({ thingGroupName: group, thingName: thing, overrideDynamicGroups })), UNTIL_FOUND);
    },
    remove: async (call, thing, { group }) => {
      await call(() => iot.send(new RemoveThingFromThingGroupCommand({ thingGroupName: group, thingName: thing })));
    },
    // In one request: a thing cannot be in two groups of a hierarchy, and should not be without a group either.
    move: async (call, thing, from, to) => {
      await call(() => iot.send(new UpdateThingGroupsForThingCommand({
        thingName: thing,
        thingGroupsToAdd: [to.group],
        thingGroupsToRemove: [from.group],
        overrideDynamicGroups: to.overrideDynamicGroups,
      })), UNTIL_FOUND);
    },
  };
}

function groupsOf(iot: Iot, call: Call, thingName: string): AsyncGenerator<string | undefined> {
  return allItems(async (nextToken) => {
    const page = await call(() => iot.send(new ListThingGroupsForThingCommand({ thingName, nextToken })), UNTIL_FOUND);
    return { items: page.thingGroups?.map(({ groupName }) => groupName), next: page.nextToken };
  });
}

export const handler = customResource(createHandler(createClient()));

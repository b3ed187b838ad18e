/** Keeps a fleet from being deleted under devices that its stack has not made: says which, before anything is gone. */
import { ListPrincipalThingsCommand, ListTargetsForPolicyCommand, ListThingsCommand, ListThingsInThingGroupCommand } from '@aws-sdk/client-iot';
import { allItems, choice, createClient, customResource, failure, firstItems, handle, MISSING, RequestError, text, texts, unless } from '../custom-resource';
import type { Call, Handle, Iot, Properties, System, Task } from '../custom-resource';

const CHOICES = ['fail-if-devices-remain', 'retain-policies'] as const;

/** Beyond this, a message says "more than". */
const MAX_COUNT = 1000;

/** How many devices a message names for each place. */
const NAMED_DEVICES = 3;

interface Fleet {
  readonly name: string;
  readonly policyNames: readonly string[];
  readonly thingGroupNames: readonly string[];
  readonly thingTypeNames: readonly string[];
  /** The devices of the stack, which go along with it. */
  readonly ownCertificates: readonly string[];
  readonly ownThings: readonly string[];
  readonly onDeletion: typeof CHOICES[number];
}

export function createHandler(iot: Iot, system?: System): Handle {
  return handle<Fleet>({
    read: readFleet,
    create: async () => {},
    update: async () => {},
    remove: (task, fleet) => guard(iot, task, fleet),
  }, system);
}

function readFleet(properties: Properties): Fleet {
  return {
    name: text(properties, 'FleetName'),
    policyNames: texts(properties, 'PolicyNames'),
    thingGroupNames: texts(properties, 'ThingGroupNames'),
    thingTypeNames: texts(properties, 'ThingTypeNames'),
    ownCertificates: texts(properties, 'OwnCertificates'),
    ownThings: texts(properties, 'OwnThings'),
    onDeletion: choice(properties, 'OnDeletion', CHOICES),
  };
}

async function guard(iot: Iot, task: Task, fleet: Fleet): Promise<void> {
  let findings: readonly string[];
  try {
    findings = await foreignDevices(iot, task.call, fleet);
  } catch (error) {
    throw failure(`tell whether the fleet "${fleet.name}" has devices that this stack has not made`, error);
  }
  if (findings.length === 0) {
    return;
  }
  const message = `the fleet "${fleet.name}" has devices that this stack has not made: ${findings.join('; ')}`;
  if (fleet.onDeletion === 'retain-policies') {
    task.note(message);
    return;
  }
  throw new RequestError(`${message}. Nothing of the fleet has been deleted yet; remove these devices or move them, and delete again, or deploy the fleet with 'onDeletion' RETAIN_POLICIES before`);
}

async function foreignDevices(iot: Iot, call: Call, fleet: Fleet): Promise<readonly string[]> {
  const findings: (string | undefined)[] = [];
  for (const policyName of fleet.policyNames) {
    const targets = await others(targetsOf(iot, call, policyName), fleet.ownCertificates);
    const names = await namesOf(iot, call, targets.slice(0, NAMED_DEVICES));
    findings.push(describe(targets.length, names, `with the policy "${policyName}"`));
  }
  for (const thingGroupName of fleet.thingGroupNames) {
    const things = await others(thingsInGroup(iot, call, thingGroupName), fleet.ownThings);
    findings.push(describe(things.length, things, `in the thing group "${thingGroupName}"`));
  }
  for (const thingTypeName of fleet.thingTypeNames) {
    const things = await others(thingsOfType(iot, call, thingTypeName), fleet.ownThings);
    findings.push(describe(things.length, things, `of the thing type "${thingTypeName}"`));
  }
  return findings.filter((finding): finding is string => finding !== undefined);
}

function describe(count: number, names: readonly string[], where: string): string | undefined {
  if (count === 0) {
    return undefined;
  }
  const number = count > MAX_COUNT ? `more than ${MAX_COUNT}` : String(count);
  return `${number} ${where}, such as ${names.slice(0, NAMED_DEVICES).join(', ')}`;
}

/** What is on a list and not the stack's own; nothing where what the list is of has gone. */
async function others(list: AsyncIterable<string>, own: readonly string[]): Promise<readonly string[]> {
  const isOwn = new Set(own);
  let found: readonly string[] = [];
  await unless(MISSING, async () => {
    found = await firstItems(without(list, isOwn), MAX_COUNT + 1);
  });
  return found;
}

async function* without(list: AsyncIterable<string>, excluded: ReadonlySet<string>): AsyncGenerator<string> {
  for await (const item of list) {
    if (!excluded.has(item)) {
      yield item;
    }
  }
}

/** The things of certificates, which say more to a person; others as they are. */
async function namesOf(iot: Iot, call: Call, targets: readonly string[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const target of targets) {
    let name = target;
    if (target.includes(':cert/')) {
      await unless(MISSING, async () => {
        const { things: [thing] = [] } = await call(() => iot.send(new ListPrincipalThingsCommand({ principal: target, maxResults: 1 })));
        name = thing ?? target;
      });
    }
    names.push(name);
  }
  return names;
}

function targetsOf(iot: Iot, call: Call, policyName: string): AsyncGenerator<string> {
  return allItems(async (marker) => {
    const page = await call(() => iot.send(new ListTargetsForPolicyCommand({ policyName, marker })));
    return { items: page.targets, next: page.nextMarker };
  });
}

function thingsInGroup(iot: Iot, call: Call, thingGroupName: string): AsyncGenerator<string> {
  return allItems(async (nextToken) => {
    const page = await call(() => iot.send(new ListThingsInThingGroupCommand({ thingGroupName, nextToken })));
    return { items: page.things, next: page.nextToken };
  });
}

function thingsOfType(iot: Iot, call: Call, thingTypeName: string): AsyncGenerator<string> {
  return allItems(async (nextToken) => {
    const page = await call(() => iot.send(new ListThingsCommand({ thingTypeName, nextToken })));
    return { items: page.things?.flatMap((thing) => thing.thingName ?? []), next: page.nextToken };
  });
}

export const handler = customResource(createHandler(createClient()));

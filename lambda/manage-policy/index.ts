/**
 * Keeps an AWS IoT policy: prunes its versions by number and switches once, where CloudFormation sorts "10" before "9"
 * and makes an older version the default for a moment. Decides on removal what becomes of those it is attached to.
 */
import {
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  GetPolicyVersionCommand,
  ListTagsForResourceCommand,
  SetDefaultPolicyVersionCommand,
} from '@aws-sdk/client-iot';
import {
  allItems,
  choice,
  createClient,
  customResource,
  deleteDetached,
  deleteVersion,
  detach,
  failure,
  firstItems,
  handle,
  isIdentity,
  MISSING,
  nameOf,
  RequestError,
  targetsOf,
  text,
  unless,
  versionsOf,
} from '../custom-resource';
import type { Attributes, Call, Handle, Iot, Patience, Properties, System, Task } from '../custom-resource';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_VERSIONS = 5;

/** Says which resource of which stack a policy belongs to, so that none takes another's. */
const OWNER_TAG = 'cdk-iot-warden:owner';

const REMOVALS = ['retain', 'fail-if-attached', 'detach-then-delete'] as const;

/** How many targets a message names. */
const NAMED_TARGETS = 3;

interface ManagedPolicy {
  readonly name: string;
  readonly arn: string;
  readonly document: string;
  readonly owner: string;
  readonly removal: typeof REMOVALS[number];
}

export function createHandler(iot: Iot, system?: System): Handle {
  return handle<ManagedPolicy>({
    read: readPolicy,
    identify: (_, { name }) => name,
    create: (task, wanted) => attempt(`create policy "${wanted.name}"`, () => create(iot, task, wanted)),
    // It may have been deleted by hand.
    update: (task, wanted) => attempt(`update policy "${wanted.name}"`, () => create(iot, task, wanted)),
    remove: (task, before) => attempt(`delete policy "${before.name}"`, () => remove(iot, task, before)),
  }, system);
}

function readPolicy(properties: Properties): ManagedPolicy {
  return {
    name: text(properties, 'PolicyName'),
    arn: text(properties, 'PolicyArn'),
    document: text(properties, 'PolicyDocument'),
    owner: text(properties, 'Owner'),
    removal: choice(properties, 'OnRemoval', REMOVALS),
  };
}

async function attempt<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw failure(what, error);
  }
}

function attributesOf({ name, arn }: ManagedPolicy): Attributes {
  return { PolicyName: name, PolicyArn: arn };
}

async function create(iot: Iot, { call }: Task, wanted: ManagedPolicy): Promise<Attributes> {
  try {
    await call(() => iot.send(new CreatePolicyCommand({
      policyName: wanted.name,
      policyDocument: wanted.document,
      tags: [{ Key: OWNER_TAG, Value: wanted.owner }],
    })));
  } catch (error) {
    if (nameOf(error) !== 'ResourceAlreadyExistsException') {
      throw error;
    }
    // From an earlier try whose answer was lost, or kept when the resource was removed.
    await requireOwn(iot, call, wanted);
    await converge(iot, call, wanted);
  }
  return attributesOf(wanted);
}

async function requireOwn(iot: Iot, call: Call, { name, arn, owner }: ManagedPolicy): Promise<void> {
  if (await ownerOf(iot, call, arn) !== owner) {
    throw new RequestError(`policy "${name}" exists already and belongs to something else; choose another name, or delete it`);
  }
}

async function ownerOf(iot: Iot, call: Call, resourceArn: string): Promise<string | undefined> {
  const tags = allItems(async (nextToken) => {
    const page = await call(() => iot.send(new ListTagsForResourceCommand({ resourceArn, nextToken })));
    return { items: page.tags, next: page.nextToken };
  });
  for await (const tag of tags) {
    if (tag.Key === OWNER_TAG) {
      return tag.Value;
    }
  }
  return undefined;
}

/** Listing what is attached may show for a while what has been detached. */
class StillAttachedError extends RequestError {
  public override readonly name = 'StillAttachedError';
}

const UNTIL_UNLISTED: Patience = { errors: ['StillAttachedError'], seconds: 60 };

/** Another version was added meanwhile, perhaps by a request whose answer was lost. */
const UNTIL_ROOM: Patience = { errors: ['VersionsLimitExceededException'], seconds: 20 };

/**
 * Makes the document the default version, with one switch. When a request fails the versions are read again before the
 * next: it may have been carried out all the same, and to repeat it would make a second version.
 */
async function converge(iot: Iot, call: Call, wanted: ManagedPolicy): Promise<void> {
  await call(() => convergeOnce(iot, wanted), UNTIL_ROOM);
}

async function convergeOnce(iot: Iot, { name: policyName, document }: ManagedPolicy): Promise<void> {
  const versions = await versionsOf(iot, policyName);
  // An old version with the same document serves as well, as after a rollback. The default version is read first.
  for (const { policyVersionId, isDefault } of [...versions].sort((a, b) => Number(b.isDefault) - Number(a.isDefault))) {
    const version = await iot.send(new GetPolicyVersionCommand({ policyName, policyVersionId }));
    if (version.policyDocument !== undefined && isSameJson(version.policyDocument, document)) {
      if (!isDefault) {
        await iot.send(new SetDefaultPolicyVersionCommand({ policyName, policyVersionId }));
      }
      return;
    }
  }
  const spare = versions.filter(({ isDefault }) => !isDefault);
  for (const { policyVersionId } of spare.slice(0, Math.max(0, versions.length - MAX_VERSIONS + 1))) {
    await deleteVersion(iot, policyName, policyVersionId);
  }
  await iot.send(new CreatePolicyVersionCommand({ policyName, policyDocument: document, setAsDefault: true }));
}

async function remove(iot: Iot, task: Task, before: ManagedPolicy): Promise<void> {
  const { call } = task;
  if (before.removal === 'retain') {
    task.note('the policy stays', { policyName: before.name });
    return;
  }
  await unless(MISSING, async () => {
    if (await ownerOf(iot, call, before.arn) !== before.owner) {
      task.note('the policy stays: it belongs to something else', { policyName: before.name });
      return;
    }
    if (before.removal === 'fail-if-attached') {
      await requireDetached(iot, call, before.name);
    } else {
      await detachAll(iot, call, before.name);
    }
    await deleteDetached(iot, call, before.name);
  });
}

async function requireDetached(iot: Iot, call: Call, policyName: string): Promise<void> {
  await call(async () => {
    const targets = await firstItems(targetsOf(iot, call, policyName), NAMED_TARGETS + 1);
    if (targets.length > 0) {
      const more = targets.length > NAMED_TARGETS ? ' and others' : '';
      throw new StillAttachedError(`policy "${policyName}" is attached to ${targets.slice(0, NAMED_TARGETS).join(', ')}${more}; detach it there, or choose to retain it`);
    }
  }, UNTIL_UNLISTED);
}

/** The list is read to its end first: what is detached would move the rest of it. */
async function detachAll(iot: Iot, call: Call, policyName: string): Promise<void> {
  const targets = await firstItems(targetsOf(iot, call, policyName), Infinity);
  // IAM would have to permit to detach any policy from anything: an identity has no ARN to name.
  const identities = targets.filter(isIdentity);
  if (identities.length > 0) {
    throw new RequestError(`policy "${policyName}" is attached to ${identities.length} Cognito identities, which this function may not detach; detach it there, or choose to retain it`);
  }
  for (const target of targets) {
    await detach(iot, call, policyName, target);
  }
}

function isSameJson(a: string, b: string): boolean {
  return a === b || JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
}

export const handler = customResource(createHandler(createClient()));

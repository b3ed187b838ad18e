import { isDeepStrictEqual } from 'node:util';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { failure, RequestError } from './errors';
import type { Lifecycle, Task } from './lifecycle';
import { choice, flag, text, type Properties } from './properties';
import type { Call } from './retry';

/** The parts of a setting by name; a part that is not set is absent. Values are plain data, as they come from JSON. */
export interface Setting {
  readonly [part: string]: unknown;
}

/** A setting of which an account has one in each Region, so that stacks can get into each other's way. */
export interface AccountSetting {
  /** For messages. */
  readonly what: string;

  read(call: Call): Promise<Setting>;

  /** Writes the whole setting: most calls of AWS replace it. What takes several, from `current` on, is taken back when one fails. */
  write(task: Task, setting: Setting, current: Setting): Promise<void>;

  /**
   * What a part becomes when somebody declares it.
   *
   * @default - what is declared
   */
  merge?(part: string, current: unknown, wanted: unknown): unknown;

  /** Whether a value from elsewhere stays, unless told otherwise. */
  readonly isExclusive?: boolean;
}

/**
 * Two kinds of custom resource make a setting that can be put back. One remembers what it found and says so in its
 * physical id, which CloudFormation keeps; creating it changes nothing. The other gets that as a property and writes. So
 * a write can be repeated any number of times without ever taking its own value for the one that was there before.
 */
type Request = Remember | Apply;

interface Remember {
  readonly step: 'remember';
}

interface Apply {
  readonly step: 'apply';
  readonly wanted: Setting;
  /** What was there before; nothing if it is too large to remember. */
  readonly before: Setting | undefined;
  readonly restores: boolean;
  readonly overwrites: boolean;
}

export function accountSettingLifecycle(setting: AccountSetting): Lifecycle<Request> {
  return {
    read: readRequest,
    identify: async (task, request, event) => {
      if (event.RequestType !== 'Create') {
        return event.PhysicalResourceId;
      }
      return request.step === 'remember' ? encode(await read(setting, task.call)) : `account/${event.LogicalResourceId}`;
    },
    create: async (task, request) => {
      if (request.step === 'apply') {
        requireMemory(setting, request);
        await apply(setting, task, request, undefined);
      }
    },
    update: async (task, request, before) => {
      if (request.step === 'apply') {
        requireMemory(setting, request);
        await apply(setting, task, request, before.step === 'apply' ? before : undefined);
      }
    },
    remove: async (task, request) => {
      if (request.step === 'apply' && request.restores) {
        const current = await read(setting, task.call);
        const restored = restore(setting, task, current, request, Object.keys(request.wanted));
        await write(setting, task, current, restored);
      } else if (request.step === 'apply') {
        task.note(`${setting.what} stays as it is`);
      }
    },
  };
}

async function apply(setting: AccountSetting, task: Task, wanted: Apply, before: Apply | undefined): Promise<void> {
  const current = await read(setting, task.call);
  if (setting.isExclusive === true && !wanted.overwrites) {
    requireOwn(setting, current, wanted, before);
  }
  const dropped = Object.keys(before?.wanted ?? {}).filter((part) => !(part in wanted.wanted));
  const kept = before ? restore(setting, task, current, { ...wanted, wanted: before.wanted }, dropped) : current;
  const merged = Object.entries(wanted.wanted).map(([part, value]) => [part, setting.merge?.(part, current[part], value) ?? value] as const);
  await write(setting, task, current, { ...kept, ...Object.fromEntries(merged) });
}

/** The setting with these parts as they were before, except those that somebody else has changed since. */
function restore(setting: AccountSetting, task: Task, current: Setting, { wanted, before }: Apply, parts: readonly string[]): Setting {
  const changed = parts.filter((part) => before === undefined || !isDeepStrictEqual(current[part], wanted[part]));
  if (changed.length > 0) {
    task.note(`${setting.what} is left as it is where somebody else has changed it`, { parts: changed });
  }
  const own = parts.filter((part) => !changed.includes(part));
  return withoutNothing({ ...current, ...Object.fromEntries(own.map((part) => [part, before?.[part]])) });
}

function requireMemory(setting: AccountSetting, request: Apply): void {
  if (request.restores && request.before === undefined) {
    throw new RequestError(`${setting.what} is too large to be remembered and put back; let it stay as it is when the resource is removed`);
  }
}

function requireOwn(setting: AccountSetting, current: Setting, { wanted }: Apply, before: Apply | undefined): void {
  for (const part of Object.keys(wanted)) {
    const own = [undefined, wanted[part], before?.wanted[part]];
    if (!own.some((value) => isDeepStrictEqual(value, current[part]))) {
      throw new RequestError(`${setting.what} is ${JSON.stringify(current[part])} already; remove that first, or ask for it to be overwritten`);
    }
  }
}

async function read(setting: AccountSetting, call: Call): Promise<Setting> {
  try {
    return withoutNothing(await setting.read(call));
  } catch (error) {
    throw failure(`read ${setting.what}`, error);
  }
}

async function write(setting: AccountSetting, task: Task, current: Setting, next: Setting): Promise<void> {
  if (isDeepStrictEqual(current, next)) {
    return;
  }
  try {
    await setting.write(task, next, current);
  } catch (error) {
    throw failure(`change ${setting.what}`, error);
  }
}

function readRequest(properties: Properties): Request {
  if (choice(properties, 'Step', ['remember', 'apply']) === 'remember') {
    return { step: 'remember' };
  }
  return {
    step: 'apply',
    wanted: JSON.parse(text(properties, 'Wanted')) as Setting,
    before: decode(text(properties, 'Before')),
    restores: choice(properties, 'OnRemoval', ['retain', 'restore']) === 'restore',
    overwrites: flag(properties, 'Overwrite'),
  };
}

const REMEMBERED = 'before/';
const TOO_LARGE = `${REMEMBERED}?`;

/** CloudFormation takes ids of up to 1 KB. */
const MAX_ID_CHARS = 1000;

function encode(setting: Setting): string {
  const id = `${REMEMBERED}${deflateRawSync(JSON.stringify(setting)).toString('base64url')}`;
  return id.length > MAX_ID_CHARS ? TOO_LARGE : id;
}

function decode(id: string): Setting | undefined {
  if (id === TOO_LARGE) {
    return undefined;
  }
  return JSON.parse(inflateRawSync(Buffer.from(id.slice(REMEMBERED.length), 'base64url')).toString('utf8')) as Setting;
}

function withoutNothing(setting: Setting): Setting {
  return Object.fromEntries(Object.entries(setting).filter(([, value]) => value !== undefined));
}

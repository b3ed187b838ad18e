import type { Clock } from '../clock';
import { LIMITS, SAFETY } from '../limits';
import type { Storage } from '../storage';
import { deltaOf, mergeUpdate, metadataOf } from './document';
import type { ShadowTrees } from './document';
import { readJson, writeJson } from './json';
import type { JsonObject } from './json';
import { NamedShadows } from './named-shadows';
import { parseUpdate } from './request';
import { ShadowError } from './shadow-error';
import type { ShadowTarget } from './target';

/** What became of an update, as JSON. */
export interface Updated {
  readonly accepted: string;

  /** The shadow before and after. */
  readonly documents: string;

  /** Absent where all that is desired is reported. */
  readonly delta?: string;
}

/** A shadow at rest: small, as there may be many. */
interface Stored {
  readonly version: number;

  /** `{"state":…,"metadata":…,"version":…}`, as subscribers of its documents see it. */
  readonly text: string;
}

/** What is left of a deleted shadow. */
interface Deleted {
  /** One more than the shadow had: deleting is a change, too. */
  readonly version: number;

  /** Milliseconds since the epoch. */
  readonly deletedAt: number;
}

export interface ShadowsProps {
  readonly storage: Storage;
  readonly clock: Clock;
}

const TABLE = 'shadows';
const DELETED_TABLE = 'deletedShadows';
const PAGE = { most: 100, default: 25 };

/**
 * The shadows of all things. Requests and answers are JSON text, because numbers are to stay as they were written.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html
 */
export class Shadows {
  private readonly shadows = new Map<string, Stored>();
  private readonly named = new NamedShadows();
  private characters = 0;
  private readonly listeners: ((target: ShadowTarget) => void)[] = [];

  /** The first deleted first. */
  private readonly deleted = new Map<string, Deleted>();

  constructor(private readonly props: ShadowsProps) {
    for (const { key, value } of props.storage.load(TABLE)) {
      const text = value.toString();
      const { version, state, metadata } = JSON.parse(text) as Readonly<Record<string, unknown>>;
      if (!Number.isSafeInteger(version) || [state, metadata].some((tree) => typeof tree !== 'object' || tree === null)) {
        throw new Error(`the shadow '${key}' is none`);
      }
      this.keep(key, targetOf(key), { version: version as number, text });
    }
    const deleted = [...props.storage.load(DELETED_TABLE)].map(({ key, value }) => [key, JSON.parse(value.toString()) as Deleted] as const);
    deleted.sort(([, a], [, b]) => a.deletedAt - b.deletedAt).forEach(([key, value]) => this.remember(key, targetOf(key), value));
  }

  public get size(): number {
    return this.shadows.size;
  }

  /** Learn of each shadow that has changed, or is gone. */
  public onChange(listener: (target: ShadowTarget) => void): void {
    this.listeners.push(listener);
  }

  /** The whole document, as a client that gets it sees it; undefined where there is none. */
  public get(thingName: string, shadowName?: string): object | undefined {
    const target = { thingName, shadowName };
    return this.shadows.has(keyOf(target)) ? JSON.parse(this.read(target)) as object : undefined;
  }

  public* list(): Iterable<ShadowTarget & { readonly version: number }> {
    for (const [key, { version }] of this.shadows) {
      yield { ...targetOf(key), version };
    }
  }

  /**
   * The whole document, as JSON.
   *
   * @throws ShadowError
   */
  public read(target: ShadowTarget, clientToken?: string): string {
    const { text, version } = this.find(target);
    const { state, metadata } = treesOf(text);
    const delta = deltaOf({ state, metadata });
    return answer({
      state: writeJson(delta === undefined ? state : new Map([...state, ['delta', delta.state]])),
      metadata: writeJson(metadata),
      version,
      timestamp: this.seconds(),
    }, clientToken);
  }

  /**
   * Change a shadow, or create it.
   *
   * @throws ShadowError; nothing has changed then
   */
  public update(target: ShadowTarget, payload: Buffer): Updated {
    const { state: update, version: wanted, clientToken } = parseUpdate(payload);
    const key = keyOf(target);
    const before = this.shadows.get(key);
    const last = before ?? this.lastOf(key);
    if (wanted !== undefined && wanted !== (last?.version ?? 1)) {
      throw last === undefined ? new ShadowError(400, 'Invalid version') : new ShadowError(409, 'Version conflict');
    }
    const timestamp = this.seconds();
    const trees = before === undefined ? { state: new Map(), metadata: new Map() } : treesOf(before.text);
    mergeUpdate(trees, update, timestamp);
    const version = (last?.version ?? 0) + 1;
    const text = members({ state: writeState(trees.state), metadata: writeJson(trees.metadata), version });
    this.makeRoom(target, before, text);
    this.keep(key, target, { version, text });
    this.props.storage.put(TABLE, key, text);
    this.forget(key);
    this.tell(target);
    const delta = deltaOf(trees);
    return {
      accepted: answer({ state: writeJson(update), metadata: writeJson(metadataOf(update, timestamp)), version, timestamp }, clientToken),
      // AWS documents none for a shadow that is new; a message of the cloud of 2025, which nRF Cloud passed on, has null.
      documents: answer({ previous: before?.text ?? 'null', current: text, timestamp }, clientToken),
      ...(delta && { delta: answer({ version, timestamp, state: writeJson(delta.state), metadata: writeJson(delta.metadata) }, clientToken) }),
    };
  }

  /**
   * Delete a shadow. For 48 hours, one that is created in its place goes on with its version, and a device that has not heard
   * of it and asks for an older one has a conflict.
   *
   * @throws ShadowError
   * @see https://github.com/aws-greengrass/aws-greengrass-shadow-manager/pull/97 that deleting raises the version, in the cloud
   * @see https://github.com/aws/aws-iot-device-sdk-js/issues/68 for the conflict
   */
  public delete(target: ShadowTarget, clientToken?: string): string {
    const { version, text } = this.find(target);
    const key = keyOf(target);
    this.characters -= text.length;
    this.shadows.delete(key);
    this.named.removed(target, text.length);
    this.props.storage.remove(TABLE, key);
    const deleted: Deleted = { version: version + 1, deletedAt: this.props.clock.now() };
    this.props.storage.put(DELETED_TABLE, key, JSON.stringify(deleted));
    this.remember(key, target, deleted);
    this.forgetOld();
    this.tell(target);
    return answer({ version, timestamp: this.seconds() }, clientToken);
  }

  /**
   * The names of the named shadows of a thing, which need not be there.
   *
   * @throws ShadowError
   */
  public listNamed(thingName: string, pageSize = PAGE.default, nextToken?: string): object {
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > PAGE.most) {
      throw new ShadowError(400, `pageSize must be from 1 to ${PAGE.most}`);
    }
    const after = Buffer.from(nextToken ?? '', 'base64url').toString();
    const rest = [...this.named.names(thingName)].filter((name) => name > after).sort();
    const results = rest.slice(0, pageSize);
    return { results, ...(rest.length > pageSize ? { nextToken: Buffer.from(results.at(-1)!).toString('base64url') } : {}), timestamp: this.seconds() };
  }

  private find(target: ShadowTarget): Stored {
    const found = this.shadows.get(keyOf(target));
    if (found === undefined) {
      throw new ShadowError(404, `No shadow exists with name: '${target.shadowName ?? target.thingName}'`);
    }
    return found;
  }

  private tell(target: ShadowTarget): void {
    this.listeners.forEach((listener) => listener(target));
  }

  private makeRoom(target: ShadowTarget, before: Stored | undefined, text: string): void {
    const growth = text.length - (before?.text.length ?? 0);
    this.named.requireRoom(target, growth);
    if ((before === undefined && this.shadows.size >= SAFETY.shadows) || (growth > 0 && this.characters + growth > SAFETY.shadowCharacters)) {
      throw new ShadowError(500, `Internal service failure: the twin keeps no more than ${SAFETY.shadows} shadows of ${SAFETY.shadowCharacters} characters together`);
    }
  }

  private keep(key: string, target: ShadowTarget, stored: Stored): void {
    const growth = stored.text.length - (this.shadows.get(key)?.text.length ?? 0);
    this.characters += growth;
    this.shadows.set(key, stored);
    this.named.kept(target, growth);
  }

  private remember(key: string, target: ShadowTarget, deleted: Deleted): void {
    this.deleted.set(key, deleted);
    const oldest = this.named.remembered(target);
    if (oldest !== undefined) {
      this.forget(keyOf(oldest));
    }
  }

  /** What a shadow that is created goes on from; undefined where it begins anew. */
  private lastOf(key: string): Deleted | undefined {
    this.forgetOld();
    return this.deleted.get(key);
  }

  private forgetOld(): void {
    const old = this.props.clock.now() - LIMITS.deletedShadowSec * 1000;
    for (const [key, { deletedAt }] of this.deleted) {
      if (deletedAt > old && this.deleted.size <= SAFETY.shadows) {
        return;
      }
      this.forget(key);
    }
  }

  private forget(key: string): void {
    if (this.deleted.delete(key)) {
      this.props.storage.remove(DELETED_TABLE, key);
      this.named.forgotten(targetOf(key));
    }
  }

  private seconds(): number {
    return Math.floor(this.props.clock.now() / 1000);
  }
}

/** Names have no slash in them. */
function keyOf({ thingName, shadowName }: ShadowTarget): string {
  return shadowName === undefined ? thingName : `${thingName}/${shadowName}`;
}

function targetOf(key: string): ShadowTarget {
  const [thingName, shadowName] = key.split('/') as [string, string?];
  return { thingName, ...(shadowName === undefined ? {} : { shadowName }) };
}

function treesOf(text: string): ShadowTrees {
  const document = readJson(text) as JsonObject;
  return { state: document.get('state') as JsonObject, metadata: document.get('metadata') as JsonObject };
}

/** @throws ShadowError if it is larger than AWS IoT keeps; metadata does not count. */
function writeState(state: JsonObject): string {
  const sections = [...state].map(([name, section]) => [name, writeJson(section)] as const);
  if (sections.reduce((bytes, [, section]) => bytes + Buffer.byteLength(section), 0) > LIMITS.shadowBytes) {
    throw new ShadowError(413, 'The payload exceeds the maximum size allowed');
  }
  return members(Object.fromEntries(sections));
}

/** An object of members that are JSON already. */
function members(parts: Readonly<Record<string, string | number>>): string {
  return `{${Object.entries(parts).map(([name, part]) => `"${name}":${part}`).join(',')}}`;
}

function answer(parts: Readonly<Record<string, string | number>>, clientToken: string | undefined): string {
  return members(clientToken === undefined ? parts : { ...parts, clientToken: JSON.stringify(clientToken) });
}

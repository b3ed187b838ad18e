import { isUtf8 } from 'node:buffer';
import { LIMITS } from '../limits';
import { isArray, isObject, readJson } from './json';
import type { Json, JsonObject } from './json';
import { ShadowError } from './shadow-error';

/** What an update asks for. */
export interface UpdateRequest {
  /** `desired` and `reported`, as far as they were sent; null clears both. */
  readonly state: JsonObject | null;

  /** The version that the document must have. */
  readonly version?: number;
  readonly clientToken?: string;
}

const SECTIONS = { desired: 'Desired', reported: 'Reported' } as const;

/**
 * Read the document of an update.
 *
 * @throws ShadowError
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html#device-shadow-example-request-json
 */
export function parseUpdate(payload: Buffer): UpdateRequest {
  const plain = parsePlain(payload);
  if (!isPlainObject(plain) || !Object.hasOwn(plain, 'state')) {
    throw new ShadowError(400, 'Missing required node: state');
  }
  const document = readJson(payload.toString()) as JsonObject | undefined;
  if (document === undefined) {
    throw tooDeep();
  }
  const state = checkState(document.get('state')!);
  const clientToken = checkClientToken(plain);
  const version = plain.version ?? undefined;
  if (version !== undefined && (!Number.isSafeInteger(version) || (version as number) < 0)) {
    throw new ShadowError(400, 'Invalid version');
  }
  return { state, ...(version === undefined ? {} : { version: version as number }), ...(clientToken === undefined ? {} : { clientToken }) };
}

/**
 * The token with which a client finds the answer to its request, where there is one. What else the payload of a request to
 * get or delete a shadow says does not matter, or whether it is JSON at all.
 *
 * @throws ShadowError for one that AWS IoT does not take
 */
export function readClientToken(payload: Buffer): string | undefined {
  let plain: unknown;
  try {
    plain = parsePlain(payload);
  } catch {
    return undefined;
  }
  return isPlainObject(plain) ? checkClientToken(plain) : undefined;
}

function parsePlain(payload: Buffer): unknown {
  if (!isUtf8(payload)) {
    throw new ShadowError(415, 'Unsupported documented encoding; supported encoding is UTF-8');
  }
  try {
    return JSON.parse(payload.toString());
  } catch {
    throw new ShadowError(400, 'Invalid JSON');
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkClientToken(plain: Readonly<Record<string, unknown>>): string | undefined {
  const clientToken = Object.hasOwn(plain, 'clientToken') ? plain.clientToken ?? undefined : undefined;
  if (clientToken !== undefined && (typeof clientToken !== 'string' || Buffer.byteLength(clientToken) > LIMITS.clientTokenBytes)) {
    throw new ShadowError(400, 'Invalid clientToken');
  }
  return clientToken;
}

function checkState(state: Json): JsonObject | null {
  if (state === null) {
    return null;
  }
  if (!isObject(state)) {
    throw new ShadowError(400, 'State node must be an object');
  }
  // What the service computes itself; AWS's edge component drops it without a word.
  state.delete('delta');
  for (const [name, section] of state) {
    if (!Object.hasOwn(SECTIONS, name)) {
      throw new ShadowError(400, 'State contains an invalid node');
    }
    if (section !== null && !isObject(section)) {
      throw new ShadowError(400, `${SECTIONS[name as keyof typeof SECTIONS]} node must be an object`);
    }
  }
  for (const section of state.values()) {
    checkNodes(section, 0);
  }
  return state;
}

/** @param depth how many objects and arrays are around the value, that of the section included */
function checkNodes(value: Json, depth: number): void {
  const inner = isObject(value) ? value.values() : isArray(value) ? value : undefined;
  if (inner === undefined) {
    return;
  }
  if (depth >= LIMITS.shadowDepth) {
    throw tooDeep();
  }
  // https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html#device-shadow-arrays
  if (isArray(value) && value.includes(null)) {
    throw new ShadowError(400, 'State contains an invalid node');
  }
  for (const part of inner) {
    checkNodes(part, depth + 1);
  }
}

function tooDeep(): ShadowError {
  return new ShadowError(400, `JSON contains too many levels of nesting; maximum is ${LIMITS.shadowDepth}`);
}

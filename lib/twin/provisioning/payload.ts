import type * as Cborg from 'cborg' with { 'resolution-mode': 'import' };
import { ProvisioningError } from './errors';
import { isObject } from './template';

/** The formats that devices may speak. */
export type PayloadFormat = 'json' | 'cbor';

/** What an answer is made of. */
export type Answer = Readonly<Record<string, string | number | Readonly<Record<string, string>>>>;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Nothing that JSON has not: the formats say the same. Maps, because in an object `__proto__` would be no key like others. */
const STRICT = {
  useMaps: true, rejectDuplicateMapKeys: true, allowUndefined: false, allowInfinity: false, allowNaN: false, allowBigInt: false,
} as const;

/**
 * The members of a request.
 *
 * @throws ProvisioningError `InvalidPayload`
 */
export async function decodePayload(format: PayloadFormat, payload: Buffer): Promise<Readonly<Record<string, unknown>>> {
  if (payload.length === 0) {
    return {};
  }
  let value: unknown;
  try {
    value = format === 'json' ? JSON.parse(UTF8.decode(payload)) : plain((await loadCbor()).decode(payload, STRICT));
  } catch {
    throw new ProvisioningError('InvalidPayload', `The payload is not valid ${format.toUpperCase()}.`);
  }
  if (!isObject(value)) {
    throw new ProvisioningError('InvalidPayload', 'The payload must be an object.');
  }
  return value;
}

export async function encodePayload(format: PayloadFormat, answer: Answer): Promise<Buffer> {
  return Buffer.from(format === 'json' ? JSON.stringify(answer) : (await loadCbor()).encode(answer));
}

/** An ES module, which others can only load like this. */
function loadCbor(): Promise<typeof Cborg> {
  return import('cborg');
}

function plain(value: unknown): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value as Map<unknown, unknown>].map(([key, part]) => {
      if (typeof key !== 'string') {
        throw new TypeError('a key is no string');
      }
      return [key, plain(part)];
    }));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

import { isUtf8 } from 'node:buffer';
import { parseJsonText, toJson } from '../json';
import { toInt, toText } from '../convert';
import type { Evaluation } from '../evaluation';
import { isArray, isObject, memberOf, setMember } from '../value';
import type { Value } from '../value';
import { MAX_TEXT_LENGTH } from '../work';
import type { Work } from '../work';
import { define } from './function';
import type { SqlFunction } from './function';

/** What `transform()` may make, and a variable may hold: 128 KiB of JSON. */
export const MAX_VALUE_SIZE = 131_072;

/** Indices count from 0, as the table of the page says; its example `get("abc", 1)` = "a" contradicts it. */
function get([collection, key]: readonly Value[], { work }: Evaluation): Value {
  if (isObject(collection)) {
    return typeof key === 'string' ? memberOf(collection, key) : undefined;
  }
  const index = isArray(collection) || typeof collection === 'string' ? toInt(key, work) : undefined;
  return typeof index === 'number' && index >= 0 ? (collection as string | readonly Value[])[index] : undefined;
}

function transform([mode, attributes, objects]: readonly Value[], { work }: Evaluation): Value {
  work.spend(isArray(objects) ? objects.length : 1);
  return mode === 'enrichArray' && isArray(objects) ? enrich(objects, attributes, work) : undefined;
}

function enrich(objects: readonly Value[], attributes: Value, work: Work): Value {
  const added = toJson(attributes, MAX_VALUE_SIZE, work);
  if (!isObject(attributes) || added === undefined || !objects.every(isObject) || objects.length * (added.length - 2) > MAX_VALUE_SIZE) {
    return undefined;
  }
  // The same object may stand in the array many times: what is copied is no more than what can be written.
  if (toJson(objects, MAX_TEXT_LENGTH, work) === undefined) {
    return undefined;
  }
  const enriched = objects.map((object) => {
    const merged = { ...object };
    for (const [name, value] of Object.entries(attributes)) {
      setMember(merged, name, value);
    }
    return merged;
  });
  return toJson(enriched, MAX_VALUE_SIZE, work) === undefined ? undefined : enriched;
}

function encode([value, scheme]: readonly Value[], { work }: Evaluation): Value {
  const bytes = Buffer.isBuffer(value) ? value : toText(value, work);
  const encoded = bytes === undefined || scheme !== 'base64' ? undefined : Buffer.from(bytes as Buffer).toString('base64');
  return encoded === undefined || encoded.length > MAX_TEXT_LENGTH ? undefined : encoded;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Null when it cannot be decoded; JSON becomes a value whose members can be selected. */
export function decodeBase64(value: Value, work: Work): Value {
  const text = toText(value, work);
  if (text === undefined) {
    return undefined;
  }
  const bytes = BASE64.test(text) && text.replace(/=+$/, '').length % 4 !== 1 ? Buffer.from(text, 'base64') : undefined;
  if (bytes === undefined || !isUtf8(bytes)) {
    return null;
  }
  const decoded = bytes.toString();
  work.spend(decoded.length);
  const json = parseJsonText(decoded);
  return json === undefined ? decoded : json.value;
}

export const COLLECTION_FUNCTIONS: readonly SqlFunction[] = [
  define('get', '2015-10-08', [2, 2], 'iot-sql-function-get', get),
  // A failing provider makes its function Undefined, so that the default stands in for it too; Null if none is given.
  define('get_or_default', '2016-03-23', [1, 2], 'iot-sql-function-get-or-default', (args) => args[0] ?? (args.length === 1 ? null : args[1])),
  define('isnull', '2015-10-08', [1, 1], 'iot-sql-function-isNull', ([value]) => value === null),
  define('isundefined', '2016-03-23', [1, 1], 'iot-sql-function-isUndefined', ([value]) => value === undefined),
  { ...define('transform', '2016-03-23', [3, 3], 'iot-func-transform', transform), constants: [0] },
  { ...define('encode', '2016-03-23', [2, 2], 'iot-sql-encode-payload', encode), raw: true, constants: [1] },
];

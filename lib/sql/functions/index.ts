import { COLLECTION_FUNCTIONS } from './collections';
import { EXTERNAL_FUNCTIONS } from './external';
import type { SqlFunction } from './function';
import { HASH_FUNCTIONS } from './hash';
import { MESSAGE_FUNCTIONS } from './message';
import { NUMBER_FUNCTIONS } from './numbers';
import { REGEXP_FUNCTIONS } from './regexp';
import { TEXT_FUNCTIONS } from './text';
import { TIME_FUNCTIONS } from './time';

/**
 * The functions of AWS IoT SQL by name, in lower case: names are not case-sensitive. `cast()` is part of the grammar.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html
 */
export const FUNCTIONS: ReadonlyMap<string, SqlFunction> = new Map([
  ...NUMBER_FUNCTIONS, ...TEXT_FUNCTIONS, ...REGEXP_FUNCTIONS, ...HASH_FUNCTIONS, ...COLLECTION_FUNCTIONS,
  ...TIME_FUNCTIONS, ...MESSAGE_FUNCTIONS, ...EXTERNAL_FUNCTIONS,
].map((one) => [one.name, one]));

import { createHash } from 'node:crypto';
import { toText } from '../convert';
import { md2 } from './md2';
import { define } from './function';
import type { SqlFunction } from './function';

/** Steps for each character of a digest that Node does not make for us. */
const OWN_DIGEST_STEPS = 2;

function hash(name: string, digest: (text: string) => string, steps = 0): SqlFunction {
  return define(name, '2015-10-08', [1, 1], 'iot-sql-function-hash', ([value], { work }) => {
    const text = toText(value, work);
    work.spend(steps * (text?.length ?? 0));
    return text === undefined ? undefined : digest(text);
  });
}

export const HASH_FUNCTIONS: readonly SqlFunction[] = [
  hash('md2', (text) => md2(Buffer.from(text)), OWN_DIGEST_STEPS),
  ...['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].map((name) => hash(name, (text) => createHash(name).update(text).digest('hex'))),
];

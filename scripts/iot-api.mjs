// Writes down how the AWS IoT API maps calls to HTTP, from the model in the SDK: the SDK itself would make the bundle three times as large.
import { writeFileSync } from 'node:fs';
import * as sdk from '@aws-sdk/client-iot';

export const FILE = new URL('../lib/twin/control-plane/iot-api.json', import.meta.url);

/** Kinds of value that are not text, by the numbers of the SDK's schemas. */
const KINDS = { 1: 'number', 2: 'boolean', 4: 'timestamp' };

/** Each call on a line: its method and path, the status of its answer, and the members that are not in the body. */
export function describeApi() {
  const operations = Object.values(sdk).filter((schema) => Array.isArray(schema) && schema[0] === 9);
  const lines = operations.map(([, , name, { http: [method, path, status] }, input]) => {
    const [, , , , members = [], schemas = []] = input() ?? [];
    const outside = { query: {}, header: {} };
    members.forEach((member, index) => {
      const [kind, traits] = Array.isArray(schemas[index]) ? schemas[index] : [];
      for (const [place, trait] of [['query', traits?.httpQuery], ['header', traits?.httpHeader]]) {
        if (trait !== undefined) {
          outside[place][member] = KINDS[kind] === undefined ? [trait] : [trait, KINDS[kind]];
        }
      }
    });
    const places = Object.fromEntries(Object.entries(outside).filter(([, found]) => Object.keys(found).length > 0));
    return `  ${JSON.stringify(name)}: ${JSON.stringify({ method, path, status, ...places })}`;
  });
  return `{\n${lines.sort().join(',\n')}\n}\n`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  writeFileSync(FILE, describeApi());
}

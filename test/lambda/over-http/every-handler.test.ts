import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LAMBDA = join(__dirname, '..', '..', '..', 'lambda');

/** Handlers that ask no service of AWS, so that no request of theirs can fail here. */
const WITHOUT_AWS = ['authorize-token'];

test('every handler is proved here', () => {
  const handlers = readdirSync(LAMBDA).filter((name) => {
    const index = join(LAMBDA, name, 'index.ts');
    return existsSync(index) && /^export const handler\b/m.test(readFileSync(index, 'utf8'));
  });
  const tests = readdirSync(__dirname).filter((file) => file.endsWith('.test.ts')).map((file) => readFileSync(join(__dirname, file), 'utf8')).join('\n');
  expect(handlers.length).toBeGreaterThan(15);
  expect(handlers.filter((name) => !WITHOUT_AWS.includes(name) && !new RegExp(`\\bprove(?:Function)?\\('${name}'`).test(tests))).toEqual([]);
});

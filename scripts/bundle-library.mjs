// Bundles the constructs, in place, after jsii has compiled them: one file loads in half the time of many. What constructs load
// only when they need it stays a file of its own, which nobody has to read before.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const common = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', legalComments: 'eof', logLevel: 'warning', allowOverwrite: true };

/** The language of rules, and the reader of signing requests, by the names that they are required by. */
const APART = { sql: 'sql/index.js', csr: 'certificates/csr.js' };

const keepApart = {
  name: 'keep-apart',
  setup: ({ onResolve }) => onResolve({ filter: /\/(sql|csr)$/ }, ({ path, kind }) => (
    kind === 'entry-point' ? undefined : { path: `./${APART[path.split('/').at(-1)]}`, external: true }
  )),
};

/** What tells an ES module that imports a CommonJS one which names it has; bundling hides the original's. */
function namesOf(file) {
  return `0 && (module.exports = { ${Object.keys(createRequire(import.meta.url)(file)).join(', ')} });`;
}

/** @param dist the folder with what jsii has compiled */
export default async function bundleLibrary(dist) {
  const index = join(dist, 'index.js');
  const footer = { js: namesOf(index) };
  await Promise.all([
    build({ ...common, entryPoints: [index], outfile: index, external: ['aws-cdk-lib', 'constructs'], plugins: [keepApart], footer }),
    ...Object.values(APART).map((name) => build({ ...common, entryPoints: [join(dist, name)], outfile: join(dist, name) })),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundleLibrary(resolve(process.argv[2]));
}

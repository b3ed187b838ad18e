// Bundles what users must not need packages for: the constructs with their reader of signing requests, the kit for authorizers,
// the twin, what web apps take, the CLI.
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import bundleHandlers from '../lambda/bundle.mjs';
import bundleLambdaRuntime from './bundle-lambda-runtime.mjs';
import bundleLibrary from './bundle-library.mjs';
import bundleWeb from './bundle-web.mjs';

const common = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', legalComments: 'eof', logLevel: 'warning' };

/** dynalite finds its operations by names without endings, which a bundle has with them. */
const dynaliteOperations = {
  name: 'dynalite-operations',
  setup: ({ onLoad }) => onLoad({ filter: /[\\/]dynalite[\\/]index\.js$/ }, ({ path }) => ({
    contents: readFileSync(path, 'utf8').replace(/(require\('\.\/(?:actions|validations)\/' \+ action)\)/g, "$1 + '.js')"),
  })),
};

/** The twin keeps tables in memory: the database on disk that dynalite could use is native code. */
const twinBundle = { ...common, alias: { level: 'memory-level' }, plugins: [dynaliteOperations] };

await Promise.all([
  bundleLibrary(resolve('dist')),
  build({ ...twinBundle, entryPoints: ['lib/twin/index.ts'], outfile: 'bundle/twin.js' }),
  // Users bundle it into functions of theirs, or not.
  build({ ...common, minifySyntax: true, entryPoints: ['lib/authorizer-kit/index.ts'], outfile: 'bundle/authorizer.js' }),
  bundleHandlers(),
  bundleLambdaRuntime(),
  bundleWeb(),
  build({ ...twinBundle, entryPoints: ['bin/iot-warden.ts'], outfile: 'bundle/iot-warden.js', minifySyntax: true }),
]);
chmodSync('bundle/iot-warden.js', 0o755);

// The database of the twin looks for its code beside the bundle. It keeps its licence, which no bundler sees.
for (const [source, name] of [['dist/node-sqlite3-wasm.wasm', 'node-sqlite3-wasm.wasm'], ['LICENSE', 'node-sqlite3-wasm.LICENSE']]) {
  copyFileSync(join('node_modules/node-sqlite3-wasm', source), join('bundle', name));
}

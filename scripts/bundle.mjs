// Bundles what users must not need packages for: the constructs with their reader of signing requests, the twin, the CLI.
import { chmodSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import bundleHandlers from '../lambda/bundle.mjs';
import bundleLambdaRuntime from './bundle-lambda-runtime.mjs';

/** What tells an ES module that imports a CommonJS one which names it has; bundling hides the original's. */
function namesOf(file) {
  return `0 && (module.exports = { ${Object.keys(createRequire(import.meta.url)(file)).join(', ')} });`;
}

const common = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', legalComments: 'eof', logLevel: 'warning' };

/** The twin keeps tables in memory: the database on disk that dynalite could use is native code. */
const withoutNativeCode = { alias: { level: 'memory-level' } };

await Promise.all([
  // In place, after jsii has compiled it: one file loads in half the time of many.
  build({ ...common, entryPoints: ['dist/index.js'], outfile: 'dist/index.js', allowOverwrite: true, external: ['aws-cdk-lib', 'constructs'], footer: { js: namesOf('../dist/index.js') } }),
  build({ ...common, entryPoints: ['lib/twin/index.ts'], outfile: 'bundle/twin.js', ...withoutNativeCode }),
  bundleHandlers(),
  bundleLambdaRuntime(),
  build({ ...common, entryPoints: ['bin/iot-warden.ts'], outfile: 'bundle/iot-warden.js', minifySyntax: true, ...withoutNativeCode }),
]);
chmodSync('bundle/iot-warden.js', 0o755);

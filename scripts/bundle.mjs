// Bundles what users must not need packages for: the CLI, the twin, and the reader of certificate signing requests.
import { chmodSync } from 'node:fs';
import { build } from 'esbuild';

const common = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', legalComments: 'eof', logLevel: 'warning' };

await Promise.all([
  // In place, after jsii has compiled it.
  build({ ...common, entryPoints: ['dist/certificates/csr.js'], outfile: 'dist/certificates/csr.js', allowOverwrite: true, minify: true }),
  build({ ...common, entryPoints: ['lib/twin/index.ts'], outfile: 'bundle/twin.js' }),
  build({ ...common, entryPoints: ['bin/iot-warden.ts'], outfile: 'bundle/iot-warden.js', minifySyntax: true }),
]);
chmodSync('bundle/iot-warden.js', 0o755);

// Bundles what web apps take, an ES module for browsers. The client of Amazon Cognito is the app's own: it has others too.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export default async function bundleWeb(options = {}) {
  return build({
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    minify: true,
    legalComments: 'eof',
    logLevel: 'warning',
    external: ['@aws-sdk/client-cognito-identity'],
    entryPoints: ['lib/web/index.ts'],
    outfile: 'bundle/web.mjs',
    ...options,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundleWeb();
}

// Bundles every handler into bundle/lambda/<name>/index.js, for the package and before the tests. AWS Lambda has the SDK.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const SOURCES = dirname(fileURLToPath(import.meta.url));
const OUTPUT = join(SOURCES, '..', 'bundle', 'lambda');

/** What handlers have in common. */
const SHARED = ['custom-resource', 'x509'];

/** Leaves out the files of @peculiar that nothing asks for. Its packages do not say that this is safe, but it is. */
const leaveOutUnused = {
  name: 'leave-out-unused',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === leaveOutUnused || ![path, from.resolveDir].some((name) => name.includes('@peculiar'))) {
        return undefined;
      }
      return { ...await resolve(path, { ...from, pluginData: leaveOutUnused }), sideEffects: false };
    });
  },
};

export default async function bundleHandlers() {
  const names = readdirSync(SOURCES).filter((name) => existsSync(join(SOURCES, name, 'index.ts')) && !SHARED.includes(name));
  // Only what is no longer wanted: somebody may be reading the others.
  for (const stale of existsSync(OUTPUT) ? readdirSync(OUTPUT).filter((name) => !names.includes(name)) : []) {
    rmSync(join(OUTPUT, stale), { recursive: true });
  }
  await build({
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    // The ES modules of @peculiar come without what only other builds of them need.
    mainFields: ['module', 'main'],
    plugins: [leaveOutUnused],
    minify: true,
    logLevel: 'warning',
    external: ['@aws-sdk/*', '@smithy/*'],
    entryPoints: names.map((name) => ({ in: join(SOURCES, name, 'index.ts'), out: `${name}/index` })),
    outdir: OUTPUT,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundleHandlers();
}

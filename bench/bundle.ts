import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/** Bundle a program into one file for plain node, as the CLI is shipped. Returns the file. */
export async function bundle(entry: string, directory: string): Promise<string> {
  const outfile = join(directory, basename(entry).replace(/\.ts$/, '.cjs'));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    absWorkingDir: join(__dirname, '..'),
    platform: 'node',
    target: 'node20',
    external: ['aws-cdk-lib', 'constructs'],
    // mqtt-packet formats debug lines for every packet; nobody reads them.
    alias: { debug: join(__dirname, 'no-debug.ts') },
    logLevel: 'error',
  });
  copyFileSync(join(__dirname, '../node_modules/node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm'), join(directory, 'node-sqlite3-wasm.wasm'));
  return outfile;
}

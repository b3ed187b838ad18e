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
  return outfile;
}

import { existsSync, statSync, unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';

const LOOK_EVERY_MS = 500;

/** Nobody writes to it any more then. */
const QUIET_MS = 300;

/**
 * Call back when an assembly or template was written anew. `cdk synth` writes the manifest last.
 *
 * The file is looked at again and again, as it may be replaced with its folder.
 */
export function watchAssembly(assembly: string, onChange: () => void): () => void {
  const file = statSync(assembly).isDirectory() ? join(assembly, 'manifest.json') : assembly;
  let waiting: NodeJS.Timeout | undefined;
  watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (existsSync(file)) {
        onChange();
      }
    }, QUIET_MS).unref();
  });
  return () => {
    clearTimeout(waiting);
    unwatchFile(file);
  };
}

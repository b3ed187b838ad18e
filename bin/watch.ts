import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Nobody writes to an assembly any more that has not changed from one look to the next. */
const LOOK_EVERY_MS = 400;

/**
 * What tells one writing of an assembly or template from the next; empty while none can be seen. `cdk synth` writes the
 * manifest last.
 */
export function writingOf(assembly: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(statSync(assembly).isDirectory() ? join(assembly, 'manifest.json') : assembly);
    return [ino, size, mtimeMs].join();
  } catch {
    return '';
  }
}

/**
 * Call back whenever an assembly or template was written anew.
 *
 * The file is looked at again and again, as it may be replaced with its folder. Its watchers (`fs.watchFile`) would take
 * for known what was written before their first look, so the caller says what it has read.
 *
 * @param known the writing that has been read, taken before it was
 * @returns what stops it
 */
export function watchAssembly(assembly: string, known: string, onChange: () => void): () => void {
  let last = known;
  const looking = setInterval(() => {
    const now = writingOf(assembly);
    if (now !== '' && now === last && now !== known) {
      known = now;
      onChange();
    }
    last = now;
  }, LOOK_EVERY_MS).unref();
  return () => clearInterval(looking);
}

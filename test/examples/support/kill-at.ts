/**
 * Loaded into a device script before it runs: pulls the plug just before or after a file gets its name, or is removed,
 * which is where the script goes from one step to the next. KILL_AT is such as 'before:private.key' or
 * 'after-removal:pending.json'.
 */
import fs from 'node:fs';
import { basename } from 'node:path';

const [when, file] = process.env.KILL_AT!.split(':');

function pullPlug(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) {
    // Until the signal is there.
  }
}

function around<A extends unknown[]>(original: (...args: A) => void, path: (args: A) => unknown, before: string, after: string): (...args: A) => void {
  return (...args) => {
    const isIt = basename(String(path(args))) === file;
    if (isIt && when === before) {
      pullPlug();
    }
    original(...args);
    if (isIt && when === after) {
      pullPlug();
    }
  };
}

fs.renameSync = around(fs.renameSync, ([, to]) => to, 'before', 'after');
fs.rmSync = around(fs.rmSync, ([path]) => path, 'before-removal', 'after-removal');

/*
 * Loaded into a device script before it runs: pulls the plug just before or just after a file gets its name or loses it,
 * which is where the script goes from one step to the next. KILL_AT is such as 'before:private.key' or 'after:config.json',
 * or 'before-removal:pending.json'.
 */
const fs = require('node:fs');
const { basename } = require('node:path');

const [when, file] = process.env.KILL_AT.split(':');

function pullPlug() {
  process.kill(process.pid, 'SIGKILL');
  // Until the signal is there.
  for (;;);
}

function around(name, path, before, after) {
  const original = fs[name];
  fs[name] = (...args) => {
    const isIt = basename(path(args)) === file;
    if (isIt && when === before) {
      pullPlug();
    }
    const result = original(...args);
    if (isIt && when === after) {
      pullPlug();
    }
    return result;
  };
}

around('renameSync', ([, to]) => to, 'before', 'after');
around('rmSync', ([path]) => path, 'before-removal', 'after-removal');

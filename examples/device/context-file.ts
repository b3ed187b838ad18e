import { readFileSync } from 'node:fs';
import type { App } from 'aws-cdk-lib';

/** The text of the file that `cdk synth -c NAME=FILE` names. Ends the process in one line where there is none. */
export function contextFile(app: App, name: string, defaultFile?: string): string {
  const file = (app.node.tryGetContext(name) as string | undefined) ?? defaultFile;
  if (file === undefined) {
    return fail(`the context '${name}' must name a file: add -c ${name}=FILE, see the README of the example`);
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return fail(`the context '${name}' must name a file that can be read, got ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

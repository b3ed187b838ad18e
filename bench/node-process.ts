import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/** A folder from which `aws-cdk-lib` and `constructs` are found, for code that is compiled and run. */
export function scratchFolder(): string {
  const cache = join(__dirname, '..', 'node_modules', '.cache', 'bench');
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, 'run-'));
}

/** CPU time of this process since `start`: on a machine that does nothing else, the time that passed. */
export function cpuMilliseconds(start?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Run a script in a fresh process, and give what it prints as JSON. */
export function runNode(script: string, args: readonly string[], cwd: string): unknown {
  return JSON.parse(execFileSync(process.execPath, [script, ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    // CloudFormation validation takes seconds, whoever wrote the template.
    env: { ...process.env, CDK_VALIDATION: 'false', CDK_OUTDIR: join(cwd, 'cdk.out'), NODE_OPTIONS: '' },
  }));
}

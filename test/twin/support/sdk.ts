import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Outcome, Plan } from './sdk-session';

/** Run a client of the AWS IoT Device SDK in a process of its own. */
export async function runSdk(plan: Plan): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', join(__dirname, 'sdk-session.ts'), JSON.stringify(plan)], { timeout: 20_000 });
  // The SDK prints warnings of its own.
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Outcome;
}

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Inbox } from '../../twin/support/inbox';

/** How a device script ended, and what it said. */
export interface Ended {
  /** Nothing where it was killed. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A device script that runs in a process of its own. */
export interface Device {
  /** Its lines, as it writes them. */
  readonly lines: Inbox<string>;
  readonly ended: Promise<Ended>;

  /** Tells it to end. */
  stop(): void;
}

export interface DeviceOptions {
  readonly env?: Readonly<Record<string, string>>;

  /** Where it kills itself, see kill-at.ts. */
  readonly killAt?: string;

  /** @default 'device' */
  readonly script?: string;
}

/** Starts the device script of an example, as a reader of its README does. */
export function startDevice(example: string, args: readonly string[], { env, killAt, script = 'device' }: DeviceOptions = {}): Device {
  const preload = killAt === undefined ? [] : ['--import', resolve(__dirname, 'kill-at.ts')];
  const child = spawn(process.execPath, ['--import', 'tsx', ...preload, resolve('examples', example, `${script}.ts`), ...args], {
    env: { ...process.env, ...env, ...killAt !== undefined && { KILL_AT: killAt } },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = new Inbox<string>();
  let stdout = '';
  let stderr = '';
  createInterface(child.stdout).on('line', (line) => {
    stdout += `${line}\n`;
    lines.push(line);
  });
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  return {
    lines,
    ended: new Promise((done) => child.once('close', (code, signal) => done({ code, signal, stdout, stderr }))),
    stop: () => void child.kill(),
  };
}

/** Runs the device script of an example to its end. */
export function runDevice(example: string, args: readonly string[], options?: DeviceOptions): Promise<Ended> {
  return startDevice(example, args, options).ended;
}

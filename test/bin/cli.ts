import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

const folder = mkdtempSync(join(tmpdir(), 'iot-warden-cli-'));
const script = join(folder, 'iot-warden.js');

/** The CLI as users run it: one bundled file, and its database beside it. */
beforeAll(() => {
  buildSync({ entryPoints: [resolve('bin/iot-warden.ts')], outfile: script, bundle: true, platform: 'node', target: 'node20', logLevel: 'error' });
  copyFileSync(resolve('node_modules/node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm'), join(folder, 'node-sqlite3-wasm.wasm'));
});

const running = new Set<ChildProcess>();

afterAll(() => {
  running.forEach((child) => child.kill('SIGKILL'));
  rmSync(folder, { recursive: true, force: true });
});

/** A scratch folder of the test file. */
export function scratch(...names: string[]): string {
  return join(folder, ...names);
}

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run a command to its end. */
export function run(args: readonly string[], input = ''): Promise<Finished> {
  const child = start(args);
  child.process.stdin!.end(input);
  return child.finished;
}

/** A command that goes on. */
export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;

  /** The first line on stdout. */
  readonly firstLine: Promise<string>;
}

/** @param wrapper a program, with its arguments, that runs it */
export function start(args: readonly string[], wrapper: readonly string[] = []): Running {
  const [program, ...rest] = [...wrapper, process.execPath, script, ...args] as [string, ...string[]];
  const child = spawn(program, rest, { cwd: folder, env: { ...process.env, NO_COLOR: '1' } });
  running.add(child);
  let stdout = '';
  let stderr = '';
  const firstLine = new Promise<string>((found, failed) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('\n')) {
        found(stdout.slice(0, stdout.indexOf('\n')));
      }
    });
    child.once('close', () => failed(new Error(`ended without a line: ${stderr}`)));
  });
  firstLine.catch(() => undefined);
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  const finished = new Promise<Finished>((done) => child.once('close', (code) => {
    running.delete(child);
    done({ code, stdout, stderr });
  }));
  return { process: child, finished, firstLine };
}

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../clock';
import { FunctionError } from './function-error';
import { LogLines } from './log-lines';
import type { Invocation, Report } from './messages';

/** How to start the process of a function. */
export interface WorkerOptions {
  readonly functionName: string;

  /** The file of the runtime. */
  readonly runtime: string;

  /** The folder of the code, which the process starts in. */
  readonly folder: string;

  /** Where modules are looked for that the code does not bring. */
  readonly project: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

/** The longest that code may take to load, as on AWS Lambda for a slow start: there it counts apart from the time of a request, too. */
const LOADING_MS = 60_000;

/** The process of a function. It handles one invocation at a time, and is gone for good once it has failed to answer in time. */
export class Worker {
  private readonly process: ChildProcess;
  private readonly lines: LogLines;
  private readonly ready: Promise<void>;
  private pending?: { readonly resolve: (payload: unknown) => void; readonly reject: (error: Error) => void };
  private gone?: Error;

  constructor(private readonly options: WorkerOptions) {
    this.process = fork(options.runtime, [options.project], {
      cwd: options.folder, env: { ...options.environment }, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.lines = new LogLines(options.log);
    this.lines.follow(this.process.stdout!);
    this.lines.follow(this.process.stderr!);
    this.ready = new Promise((resolve) => {
      this.process.on('message', (report: Report) => {
        if (report.kind === 'ready') {
          resolve();
        } else {
          this.settle(report);
        }
      });
      this.process.once('error', (error) => this.end(this.error('Runtime.StartError', error.message), resolve));
      this.process.once('exit', (code, signal) => this.end(this.error('Runtime.ExitError', `the process ended with ${signal ?? `exit code ${code}`} before it answered`), resolve));
    });
  }

  /** Whether it can take another invocation. */
  public get isUsable(): boolean {
    return this.gone === undefined;
  }

  public async invoke(invocation: Invocation): Promise<unknown> {
    const loading = this.options.clock.after(LOADING_MS, () => this.kill(this.error('Sandbox.Timedout', `its code took more than ${LOADING_MS / 1000} seconds to load`)));
    await this.ready;
    loading.cancel();
    this.lines.restart();
    return new Promise((resolve, reject) => {
      if (this.gone !== undefined) {
        reject(this.gone);
        return;
      }
      const { timeoutMs } = invocation;
      const timer = this.options.clock.after(timeoutMs, () => this.kill(this.error('Sandbox.Timedout', `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`)));
      this.pending = {
        resolve: (payload) => {
          timer.cancel();
          resolve(payload);
        },
        reject: (error) => {
          timer.cancel();
          reject(error);
        },
      };
      this.process.send(invocation, (error) => {
        if (error !== null) {
          this.kill(this.error('Runtime.ExitError', error.message));
        }
      });
    });
  }

  /** End the process, and with it what it is working on. */
  public kill(reason: Error = this.error('Runtime.Stopped', 'the twin stopped')): void {
    this.end(reason);
    this.process.kill('SIGKILL');
  }

  private settle(report: Exclude<Report, { kind: 'ready' }>): void {
    const { pending } = this;
    this.pending = undefined;
    if (report.kind === 'result') {
      pending?.resolve(JSON.parse(report.payload));
    } else {
      const { errorType, errorMessage, trace } = report.error;
      pending?.reject(this.error(errorType, errorMessage, trace));
    }
  }

  private end(reason: Error, isReady?: () => void): void {
    this.gone ??= reason;
    isReady?.();
    this.pending?.reject(this.gone);
    this.pending = undefined;
  }

  private error(errorType: string, message: string, trace?: readonly string[]): FunctionError {
    return new FunctionError(this.options.functionName, errorType, message, trace);
  }
}

import type { Clock, Timer } from '../clock';
import { FunctionError } from './function-error';
import type { Invocation } from './messages';
import type { Worker } from './worker';

/** Processes of one function at once; AWS Lambda would start more. */
const MAX_WORKERS = 4;

/** Invocations that wait for a process; more are refused, as AWS Lambda throttles. */
const MAX_WAITING = 1000;

/** How long a process is kept warm. */
const IDLE_MS = 60_000;

/** The processes of one function: kept warm for a while, each with one invocation at a time. */
export class WorkerPool {
  private readonly idle = new Map<Worker, Timer>();
  private readonly busy = new Set<Worker>();
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly functionName: string, private readonly start: () => Worker, private readonly clock: Clock) {}

  public async invoke(invocation: Invocation): Promise<unknown> {
    if (this.busy.size === MAX_WORKERS) {
      if (this.waiting.length === MAX_WAITING) {
        throw new FunctionError(this.functionName, 'TooManyRequestsException', `more than ${MAX_WAITING} invocations wait for it`);
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    const worker = this.take();
    this.busy.add(worker);
    try {
      return await worker.invoke(invocation);
    } finally {
      this.busy.delete(worker);
      this.put(worker);
      this.waiting.shift()?.();
    }
  }

  /** End all processes. */
  public stop(): void {
    this.idle.forEach((timer, worker) => {
      timer.cancel();
      worker.kill();
    });
    this.idle.clear();
    this.busy.forEach((worker) => worker.kill());
  }

  private take(): Worker {
    for (const [worker, timer] of this.idle) {
      timer.cancel();
      this.idle.delete(worker);
      if (worker.isUsable) {
        return worker;
      }
    }
    return this.start();
  }

  private put(worker: Worker): void {
    if (worker.isUsable) {
      this.idle.set(worker, this.clock.after(IDLE_MS, () => {
        this.idle.delete(worker);
        worker.kill();
      }));
    }
  }
}

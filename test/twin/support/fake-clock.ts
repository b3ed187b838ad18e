import type { Clock, Timer } from '../../../lib/twin';

/** A certificate that is made while a test runs is valid in its time, which stands still: it is a minute ahead. */
const AHEAD_MS = 60_000;

/** Time that stands still until a test moves it. Input and output go on as ever. */
export class FakeClock implements Clock {
  private readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  constructor(private time = Date.now() + AHEAD_MS) {}

  public get pending(): number {
    return this.timers.size;
  }

  public now(): number {
    return this.time;
  }

  public after(milliseconds: number, callback: () => void): Timer {
    const timer = { at: this.time + milliseconds, callback };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  public soon(callback: () => void): void {
    setImmediate(callback);
  }

  /** Let time pass; what falls due happens in its order. */
  public advance(seconds: number): void {
    const end = this.time + seconds * 1000;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) {
        this.time = end;
        return;
      }
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.callback();
    }
  }
}

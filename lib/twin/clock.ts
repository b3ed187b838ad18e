/** Time, passed in so that a test can hold it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;

  /** Call back once, after so many milliseconds. The timer alone does not keep the process alive. */
  after(milliseconds: number, callback: () => void): Timer;

  /** Call back as soon as the events at hand are handled. */
  soon(callback: () => void): void;
}

export interface Timer {
  cancel(): void;
}

/** Longer delays overflow Node's timers and would fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, Math.min(milliseconds, MAX_DELAY)).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (callback) => void setImmediate(callback),
};

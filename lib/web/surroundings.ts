/** What the browser provides; tests replace it. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Does something again and again, until the answer is called. */
  readonly every: (milliseconds: number, action: () => Promise<void>) => () => void;
  /** At least 0, below 1. */
  readonly random: () => number;
}

export const BROWSER: Surroundings = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((done) => void setTimeout(done, milliseconds)),
  every: (milliseconds, action) => {
    const timer = setInterval(() => void action(), milliseconds);
    return () => clearInterval(timer);
  },
  random: () => Math.random(),
};

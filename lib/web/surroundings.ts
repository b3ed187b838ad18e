/** What the browser provides; tests replace it. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** At least 0, below 1. */
  readonly random: () => number;
}

export const BROWSER: Surroundings = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((done) => void setTimeout(done, milliseconds)),
  random: () => Math.random(),
};

import { setTimeout as pause } from 'node:timers/promises';

/** What a handler needs of its surroundings; a test replaces it and neither waits nor prints. */
export interface System {
  /** Milliseconds since any fixed moment. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** At least 0, below 1. */
  random(): number;
  /** Writes one line to the log. */
  log(line: string): void;
}

export const SYSTEM: System = {
  now: () => Date.now(),
  sleep: async (milliseconds) => {
    await pause(milliseconds);
  },
  random: () => Math.random(),
  log: (line) => process.stdout.write(`${line}\n`),
};

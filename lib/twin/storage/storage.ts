/**
 * What outlasts the process: values by table and key. Whoever keeps something there reads it all at the start, holds it in
 * memory, and writes each change down.
 */
export interface Storage {
  /** All of a table, in the order in which the keys first came. */
  load(table: string): Iterable<{ readonly key: string; readonly value: Buffer }>;

  put(table: string, key: string, value: string | Uint8Array): void;
  remove(table: string, key: string): void;

  /**
   * What was written before is on disk once this returns. Nothing that follows from a change leaves the twin before, so
   * that nobody was told what a crash takes back.
   *
   * @throws TwinError when the disk takes no more; what was written waits for the next call.
   */
  commit(): void;
  close(): void;
}

/** Keeps nothing: what is in memory is gone with the process. */
export const NO_STORAGE: Storage = {
  load: () => [],
  put: () => undefined,
  remove: () => undefined,
  commit: () => undefined,
  close: () => undefined,
};

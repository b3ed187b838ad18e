import type { Storage } from '../../../lib/twin/storage';

/** Storage that outlasts what uses it, and not the test. */
export class MemoryStorage implements Storage {
  private readonly tables: Map<string, Map<string, Buffer>>;

  /** @param before a storage to start from */
  constructor(before?: MemoryStorage) {
    this.tables = new Map([...before?.tables ?? []].map(([table, rows]) => [table, new Map(rows)]));
  }

  public *load(table: string): Iterable<{ readonly key: string; readonly value: Buffer }> {
    for (const [key, value] of this.tables.get(table) ?? []) {
      yield { key, value };
    }
  }

  public put(table: string, key: string, value: string | Uint8Array): void {
    this.tables.set(table, (this.tables.get(table) ?? new Map<string, Buffer>()).set(key, Buffer.from(value as string)));
  }

  public remove(table: string, key: string): void {
    this.tables.get(table)?.delete(key);
  }

  public commit(): void {}
  public close(): void {}
}

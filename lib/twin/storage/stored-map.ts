import type { Storage } from './storage';

/** A table of records that is written down with each change. */
export class StoredMap<T> {
  private readonly records = new Map<string, T>();

  constructor(private readonly storage: Storage, private readonly table: string) {
    for (const { key, value } of storage.load(table)) {
      this.records.set(key, JSON.parse(value.toString()) as T);
    }
  }

  public get size(): number {
    return this.records.size;
  }

  public get(key: string): T | undefined {
    return this.records.get(key);
  }

  public values(): Iterable<T> {
    return this.records.values();
  }

  public entries(): Iterable<[string, T]> {
    return this.records.entries();
  }

  public put(key: string, record: T): void {
    this.storage.put(this.table, key, JSON.stringify(record));
    this.records.set(key, record);
  }

  public remove(key: string): void {
    this.storage.remove(this.table, key);
    this.records.delete(key);
  }
}

import { NO_STORAGE } from '../storage';
import type { Storage } from '../storage';
import type { Records } from './records';

export type Table = keyof Records;

/** Learns of a change once it is made; what is created has no `before`, what is removed no `after`. */
export type ChangeListener = <K extends Table>(table: K, key: string, before: Records[K] | undefined, after: Records[K] | undefined) => void;

/** Where storage has all of an account. */
const KEPT = 'account';

/** Tables of plain records by key. A record is never changed, only replaced: who holds one can tell by identity whether it is still so. */
export class Store {
  private readonly tables = new Map<Table, Map<string, object>>();
  private readonly listeners = new Set<ChangeListener>();

  /** @param storage what was there before, and every change from now on */
  constructor(private readonly storage: Storage = NO_STORAGE) {
    for (const { key: name, value } of storage.load(KEPT)) {
      const [table, key] = splitName(name);
      this.tableOf(table).set(key, JSON.parse(value.toString()) as object);
    }
  }

  public get<K extends Table>(table: K, key: string): Records[K] | undefined {
    return this.tables.get(table)?.get(key) as Records[K] | undefined;
  }

  public put<K extends Table>(table: K, key: string, record: Records[K]): void {
    const before = this.get(table, key);
    this.storage.put(KEPT, nameOf(table, key), JSON.stringify(record));
    this.tableOf(table).set(key, record);
    this.tell(table, key, before, record);
  }

  public remove(table: Table, key: string): void {
    const before = this.get(table, key);
    if (before !== undefined) {
      this.storage.remove(KEPT, nameOf(table, key));
      this.tableOf(table).delete(key);
      this.tell(table, key, before, undefined);
    }
  }

  /** Every record, oldest first. */
  public *all<K extends Table>(table: K): IterableIterator<Records[K]> {
    yield* (this.tables.get(table)?.values() ?? []) as Iterable<Records[K]>;
  }

  public *entries<K extends Table>(table: K): IterableIterator<[string, Records[K]]> {
    yield* (this.tables.get(table)?.entries() ?? []) as Iterable<[string, Records[K]]>;
  }

  public count(table: Table): number {
    return this.tables.get(table)?.size ?? 0;
  }

  /** Listen to changes, until the function returned is called. */
  public onChange(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell<K extends Table>(table: K, key: string, before: Records[K] | undefined, after: Records[K] | undefined): void {
    this.listeners.forEach((listener) => listener(table, key, before, after));
  }

  private tableOf(table: Table): Map<string, object> {
    const existing = this.tables.get(table);
    const map = existing ?? new Map<string, object>();
    if (existing === undefined) {
      this.tables.set(table, map);
    }
    return map;
  }
}

/** A key may have any characters in it, the name of a table has no slash. */
function nameOf(table: Table, key: string): string {
  return `${table}/${key}`;
}

function splitName(name: string): [Table, string] {
  const at = name.indexOf('/');
  return [name.slice(0, at) as Table, name.slice(at + 1)];
}

import type { StateFolder } from '../pki/state-folder';
import { JournalFile } from './journal-file';
import type { Mutation } from './journal-file';
import type { Records } from './records';

export type Table = keyof Records;

/** Learns of a change once it is made; what is created has no `before`, what is removed no `after`. */
export type ChangeListener = <K extends Table>(table: K, key: string, before: Records[K] | undefined, after: Records[K] | undefined) => void;

const FILE = 'account.ndjson';

/** Tables of plain records by key. A record is never changed, only replaced: who holds one can tell by identity whether it is still so. */
export class Store {
  private readonly tables = new Map<Table, Map<string, object>>();
  private readonly listeners = new Set<ChangeListener>();
  private file: JournalFile | undefined;

  /** A store that lasts: what the folder remembers, and every change from now on. */
  public static open(folder: StateFolder): Store {
    const store = Store.peek(folder);
    store.file = JournalFile.start(folder, FILE, store.mutations());
    return store;
  }

  /** What the folder remembers, for looking at: changes are not written down. */
  public static peek(folder: StateFolder): Store {
    const store = new Store();
    JournalFile.read(folder, FILE).forEach((mutation) => store.replay(mutation));
    return store;
  }

  public get<K extends Table>(table: K, key: string): Records[K] | undefined {
    return this.tables.get(table)?.get(key) as Records[K] | undefined;
  }

  public put<K extends Table>(table: K, key: string, record: Records[K]): void {
    const before = this.get(table, key);
    this.file?.append(before === undefined ? { table, key, put: record } : { table, key, ...differenceOf(before, record) });
    this.tableOf(table).set(key, record);
    this.tell(table, key, before, record);
  }

  public remove(table: Table, key: string): void {
    const before = this.get(table, key);
    if (before !== undefined) {
      this.file?.append({ table, key });
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

  /** Write nothing more down. */
  public close(): void {
    this.file?.close();
    this.file = undefined;
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

  private replay({ table, key, put, set, unset = [] }: Mutation): void {
    const records = this.tableOf(table);
    if (put !== undefined) {
      records.set(key, put);
    } else if (set !== undefined) {
      const kept = Object.entries(records.get(key) ?? {}).filter(([field]) => !unset.includes(field));
      records.set(key, { ...Object.fromEntries(kept), ...set });
    } else {
      records.delete(key);
    }
  }

  private *mutations(): Iterable<Mutation> {
    for (const [table, records] of this.tables) {
      for (const [key, put] of records) {
        yield { table, key, put };
      }
    }
  }
}

/** The fields that changed: a certificate's text need not be written again with each change of its status. */
function differenceOf(before: object, after: object): Pick<Mutation, 'set' | 'unset'> {
  const old = before as { readonly [field: string]: unknown };
  const unset = Object.keys(before).filter((field) => (after as typeof old)[field] === undefined);
  return {
    set: Object.fromEntries(Object.entries(after).filter(([field, value]) => value !== old[field])),
    ...(unset.length === 0 ? {} : { unset }),
  };
}

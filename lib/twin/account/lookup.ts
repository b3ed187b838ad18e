import type { Records } from './records';
import type { Store, Table } from './store';

const NONE: ReadonlySet<string> = new Set();

/** Finds records by what they name, such as the certificates of a thing, without going through all of them. */
export class Lookup<K extends Table> {
  private readonly keys = new Map<string, Set<string>>();

  /** @param namedIn everything that a record is to be found by */
  constructor(private readonly store: Store, private readonly table: K, private readonly namedIn: (record: Records[K]) => readonly string[]) {
    for (const [key, record] of store.entries(table)) {
      this.add(key, record);
    }
    const own: Table = table;
    store.onChange((changed, key, before, after) => {
      if (changed === own) {
        this.remove(key, before as Records[K] | undefined);
        this.add(key, after as Records[K] | undefined);
      }
    });
  }

  /** The keys of the records that name it. */
  public keysOf(name: string): ReadonlySet<string> {
    return this.keys.get(name) ?? NONE;
  }

  /** The records that name it. */
  public of(name: string): Records[K][] {
    return [...this.keysOf(name)].map((key) => this.store.get(this.table, key)!);
  }

  private add(key: string, record: Records[K] | undefined): void {
    for (const name of record === undefined ? [] : this.namedIn(record)) {
      const keys = this.keys.get(name);
      if (keys === undefined) {
        this.keys.set(name, new Set([key]));
      } else {
        keys.add(key);
      }
    }
  }

  private remove(key: string, record: Records[K] | undefined): void {
    for (const name of record === undefined ? [] : this.namedIn(record)) {
      const keys = this.keys.get(name);
      keys?.delete(key);
      if (keys?.size === 0) {
        this.keys.delete(name);
      }
    }
  }
}

/** What is to be written, the last of each key. */
interface Written {
  readonly key: string;
  readonly value: string | Uint8Array;
}

/**
 * What has changed in a table since it was last written. Each key has a number, higher than those before it, which gives the
 * order in which keys came; what comes and goes between two commits never gets to the disk.
 */
export class TableChanges {
  public readonly written = new Map<number, Written>();
  public readonly removed = new Set<number>();
  private readonly ids = new Map<string, number>();
  private lastId: number;

  /** @param lastOnDisk the highest number on the disk */
  constructor(private lastOnDisk: number) {
    this.lastId = lastOnDisk;
  }

  /** A key that is on the disk. */
  public found(key: string, id: number): void {
    this.ids.set(key, id);
  }

  public put(key: string, value: string | Uint8Array): void {
    let id = this.ids.get(key);
    if (id === undefined) {
      id = ++this.lastId;
      this.ids.set(key, id);
    }
    this.written.set(id, { key, value });
  }

  /** Whether there was such a key. */
  public remove(key: string): boolean {
    const id = this.ids.get(key);
    if (id === undefined) {
      return false;
    }
    this.ids.delete(key);
    this.written.delete(id);
    if (id <= this.lastOnDisk) {
      this.removed.add(id);
    }
    return true;
  }

  /** All of it is on the disk now. */
  public kept(): void {
    this.written.clear();
    this.removed.clear();
    this.lastOnDisk = this.lastId;
  }
}

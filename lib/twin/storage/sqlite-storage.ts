import { chmodSync, rmSync } from 'node:fs';
import type { Database, Statement } from 'node-sqlite3-wasm';
import { TwinError } from '../errors';
import type { StateFolder } from '../pki/state-folder';
import { FileMark } from './file-mark';
import type { Storage } from './storage';
import { TableChanges } from './table-changes';

const FILE = 'twin.db';

/** The folder whose presence tells other processes that the file is in use. */
const LOCK = '.lock';

/** What this version writes: a table for each that is asked for, with these columns. */
const SCHEMA = 1;
const COLUMNS = 'id INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB NOT NULL';

/**
 * How SQLite writes. The file is this process's alone, which the write-ahead log needs here, as there is no memory to share
 * it in. What is committed has been handed to the operating system: it outlasts the process, however that ends. Forcing it
 * onto the disk with each commit, against a loss of power, would cost milliseconds; so the log is forced there when it is
 * merged into the file: the last changes may be lost with the power, and no others.
 */
const PRAGMAS = ['locking_mode = EXCLUSIVE', 'journal_mode = WAL', 'synchronous = NORMAL'] as const;

/** A table that is in use. */
interface Open {
  readonly changes: TableChanges;
  readonly write: Statement;
  readonly remove: Statement;
}

/** Storage in a file of the state folder: SQLite, compiled to WebAssembly so that nothing has to be built for a computer. */
export class SqliteStorage implements Storage {
  /**
   * Open the storage of a state folder that this process has claimed.
   *
   * @param onWaiting told when there is something to commit
   * @throws TwinError for a file that is damaged, or that a newer version wrote
   */
  public static async open(folder: StateFolder, onWaiting: () => void = () => undefined): Promise<SqliteStorage> {
    const path = folder.file(FILE);
    // Made here, as SQLite would let others read them.
    [FILE, `${FILE}-wal`].forEach((name) => folder.writeNew(name, ''));
    // What a process that was killed leaves: only one that has the folder has the file.
    rmSync(`${path}${LOCK}`, { recursive: true, force: true });
    // Not before somebody keeps something: it is large.
    const { default: sqlite } = await import('node-sqlite3-wasm');
    try {
      return new SqliteStorage(path, new sqlite.Database(path), onWaiting);
    } catch (error) {
      throw unusable(path, error);
    }
  }

  private readonly tables = new Map<string, Open>();
  private readonly mark: FileMark;
  private isWaiting = false;

  private constructor(private readonly path: string, private readonly database: Database, private readonly onWaiting: () => void) {
    try {
      PRAGMAS.forEach((pragma) => void database.get(`PRAGMA ${pragma}`));
      const { user_version: version } = database.get('PRAGMA user_version') as { readonly user_version: number };
      if (version > SCHEMA) {
        throw new TwinError(`${path}: a newer version of iot-warden wrote it; use that one, or another folder with --state`);
      }
      if (version < SCHEMA) {
        database.exec(`PRAGMA user_version = ${SCHEMA}`);
      }
      this.mark = new FileMark(path, database);
      chmodSync(`${path}${LOCK}`, 0o700);
    } catch (error) {
      this.finish();
      throw error;
    }
  }

  public *load(table: string): IterableIterator<{ readonly key: string; readonly value: Buffer }> {
    const { changes } = this.open(table);
    const rows = this.database.prepare(`SELECT id, key, value FROM "${table}" ORDER BY id`);
    try {
      for (const { id, key, value } of rows.iterate() as Iterable<unknown> as Iterable<{ id: number; key: string; value: Uint8Array | null }>) {
        changes.found(key, id);
        yield { key, value: Buffer.from(value ?? []) };
      }
    } catch (error) {
      throw unusable(this.path, error);
    } finally {
      rows.finalize();
    }
  }

  public put(table: string, key: string, value: string | Uint8Array): void {
    this.open(table).changes.put(key, value);
    this.wait();
  }

  public remove(table: string, key: string): void {
    if (this.open(table).changes.remove(key)) {
      this.wait();
    }
  }

  public commit(): void {
    if (!this.isWaiting) {
      return;
    }
    if (!this.mark.isInPlace()) {
      throw new TwinError(`${this.path}: was removed or replaced while the twin uses it, so that nothing more is kept; stop the twin, and start it again.`);
    }
    try {
      this.database.exec('BEGIN');
      for (const { changes, write, remove } of this.tables.values()) {
        changes.removed.forEach((id) => void remove.run([id]));
        changes.written.forEach(({ key, value }, id) => void write.run([id, key, typeof value === 'string' ? Buffer.from(value) : value]));
      }
      this.database.exec('COMMIT');
    } catch (error) {
      this.rollBack();
      throw new TwinError(`${this.path}: cannot be written to (${(error as Error).message}); is there room on the disk?`);
    }
    this.tables.forEach(({ changes }) => changes.kept());
    this.isWaiting = false;
  }

  public close(): void {
    try {
      this.commit();
    } finally {
      this.isWaiting = false;
      this.finish();
    }
  }

  private open(table: string): Open {
    const known = this.tables.get(table);
    if (known !== undefined) {
      return known;
    }
    try {
      this.database.exec(`CREATE TABLE IF NOT EXISTS "${table}" (${COLUMNS})`);
      const { last } = this.database.get(`SELECT max(id) AS last FROM "${table}"`) as { readonly last: number | null };
      const opened: Open = {
        changes: new TableChanges(last ?? 0),
        write: this.database.prepare(`INSERT OR REPLACE INTO "${table}" (id, key, value) VALUES (?, ?, ?)`),
        remove: this.database.prepare(`DELETE FROM "${table}" WHERE id = ?`),
      };
      this.tables.set(table, opened);
      return opened;
    } catch (error) {
      throw unusable(this.path, error);
    }
  }

  private wait(): void {
    if (!this.isWaiting) {
      this.isWaiting = true;
      this.onWaiting();
    }
  }

  private rollBack(): void {
    try {
      if (this.database.inTransaction) {
        this.database.exec('ROLLBACK');
      }
    } catch {
      // SQLite has done so already.
    }
  }

  private finish(): void {
    try {
      this.tables.forEach(({ write, remove }) => [write, remove].forEach((statement) => statement.finalize()));
      this.database.close();
    } catch {
      // The next process finds what was committed all the same.
    }
  }
}

/** What to say of an error that came up while what is in the storage was read, which may be anything if the file is damaged. */
export function unreadable(folder: StateFolder, error: unknown): TwinError {
  return unusable(folder.file(FILE), error);
}

function unusable(path: string, error: unknown): TwinError {
  return error instanceof TwinError ? error
    : new TwinError(`${path}: cannot be used (${(error as Error).message.replace(/\p{C}/gu, ' ')}); if it is damaged, remove it to start with an empty account, or choose another folder with --state`);
}

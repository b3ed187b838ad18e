import { randomInt } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { Database } from 'node-sqlite3-wasm';

/** Where a file of SQLite has the id of the application, a big-endian number. https://www.sqlite.org/fileformat2.html#application_id */
const MARK = { offset: 68, bytes: 4 } as const;
const HIGHEST_MARK = 0x7fff_ffff;

/**
 * Tells whether a database that is in use still has its name. SQLite would go on writing to a file that was removed or
 * replaced, and nobody would find it again.
 *
 * What the file system says of the file is cheap to ask for, but some do not keep the numbers of files. So whatever looks
 * different is known by its mark, which is another each time that a database is opened: a backup that was put back has an old
 * one. A copy of the same opening passes.
 */
export class FileMark {
  private readonly mark = randomInt(1, HIGHEST_MARK);
  private seen: string | undefined;

  /** Mark a database that is open, and its file. */
  constructor(private readonly path: string, database: Database) {
    database.exec(`PRAGMA application_id = ${this.mark}`);
    // From the log into the file.
    database.get('PRAGMA wal_checkpoint(TRUNCATE)');
    this.seen = looks(path);
  }

  /** Whether the file under the name is the one that was opened. */
  public isInPlace(): boolean {
    const now = looks(this.path);
    if (now !== undefined && now !== this.seen && this.read() === this.mark) {
      this.seen = now;
    }
    return now !== undefined && now === this.seen;
  }

  private read(): number | undefined {
    try {
      const file = openSync(this.path, 'r');
      try {
        const bytes = Buffer.alloc(MARK.bytes);
        readSync(file, bytes, 0, MARK.bytes, MARK.offset);
        return bytes.readUInt32BE();
      } finally {
        closeSync(file);
      }
    } catch {
      // Removed since, or not for this process to read.
      return undefined;
    }
  }
}

/** What changes when another file takes the name, or something writes to this one; undefined where there is none. */
function looks(path: string): string | undefined {
  try {
    const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs].join(' ');
  } catch {
    return undefined;
  }
}

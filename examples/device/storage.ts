import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder in which a device keeps what it must not lose, for nobody else to read. */
export class Storage {
  constructor(public readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** The text of a file; nothing where there is none. */
  public read(name: string): string | undefined {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  /** Writes a file whole or not at all: whoever pulls the plug finds the old one or the new one. */
  public write(name: string, text: string): void {
    const path = join(this.folder, name);
    const half = `${path}.new`;
    rmSync(half, { force: true });
    const file = openSync(half, 'wx', 0o600);
    writeFileSync(file, text);
    fsyncSync(file);
    closeSync(file);
    renameSync(half, path);
    this.sync();
  }

  public remove(name: string): void {
    const path = join(this.folder, name);
    if (existsSync(path)) {
      rmSync(path);
      this.sync();
    }
  }

  /** The names in a folder are written apart from what is in the files. */
  private sync(): void {
    const folder = openSync(this.folder, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
}

import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TwinError } from '../errors';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** The folder in which the twin keeps keys and certificates; nobody but its owner may read it. */
export class StateFolder {
  /** @throws TwinError when the folder cannot be made or written to. */
  constructor(public readonly path: string) {
    try {
      mkdirSync(path, { recursive: true, mode: PRIVATE_FOLDER });
      this.write('.writable', '');
      rmSync(join(path, '.writable'));
    } catch (error) {
      throw new TwinError(`state folder ${path}: cannot be written to (${(error as NodeJS.ErrnoException).code ?? 'error'}); choose another with --state`);
    }
  }

  public file(...names: string[]): string {
    return join(this.path, ...names.map(encodeURIComponent));
  }

  public has(...names: string[]): boolean {
    return existsSync(this.file(...names));
  }

  public read(...names: string[]): string | undefined {
    return this.has(...names) ? readFileSync(this.file(...names), 'utf8') : undefined;
  }

  /** Write a file whole or not at all, readable by its owner alone. */
  public write(name: string | readonly string[], content: string): string {
    const path = this.file(...(typeof name === 'string' ? [name] : name));
    mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
    const half = `${path}.${process.pid}.new`;
    writeFileSync(half, content, { mode: PRIVATE_FILE });
    renameSync(half, path);
    return path;
  }

  public remove(...names: string[]): void {
    rmSync(this.file(...names), { force: true });
  }

  /** The names in a folder; none when there is no such folder. */
  public list(folder: string): readonly string[] {
    return this.has(folder) ? readdirSync(this.file(folder)).map(decodeURIComponent) : [];
  }
}

import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TwinError } from '../errors';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const OTHERS_MAY_WRITE = 0o022;

/** The folder in which the twin keeps keys and certificates; nobody but its owner may read it. */
export class StateFolder {
  private constructor(public readonly path: string) {}

  /**
   * @param assembly where the assembly is, whose owner is trusted as its code is run
   * @throws TwinError when the folder cannot be made or written to, or somebody else could swap its keys.
   */
  public static create(path: string, assembly?: string): StateFolder {
    const folder = new StateFolder(path);
    try {
      makePrivateFolder(path);
      const { mode, uid } = statSync(path);
      if (!isOwnerTrusted(uid, assembly)) {
        throw new TwinError(`state folder ${path}: belongs to user ${uid}, who could swap its keys, and the twin runs as root; run it as that user, make the folder root's (chown root) or choose another with --state`);
      }
      if ((mode & OTHERS_MAY_WRITE) !== 0) {
        throw new TwinError(`state folder ${path}: other users may write to it and swap its keys; make it yours alone (chmod 700) or choose another with --state`);
      }
      folder.write('.writable', '');
      folder.remove('.writable');
      return folder;
    } catch (error) {
      if (error instanceof TwinError) {
        throw error;
      }
      throw new TwinError(`state folder ${path}: cannot be written to (${(error as NodeJS.ErrnoException).code ?? 'error'}); choose another with --state`);
    }
  }

  /** A folder that another process made, or has yet to make. */
  public static at(path: string): StateFolder {
    return new StateFolder(path);
  }

  public file(...names: string[]): string {
    // A leading dot could mean the folder above.
    return join(this.path, ...names.map((name) => encodeURIComponent(name).replace(/^\./, '%2E')));
  }

  public has(...names: string[]): boolean {
    return existsSync(this.file(...names));
  }

  public read(...names: string[]): string | undefined {
    return this.has(...names) ? readFileSync(this.file(...names), 'utf8') : undefined;
  }

  /** What a JSON file holds; nothing when there is none or it is damaged. */
  public readJson(...names: string[]): unknown {
    try {
      return JSON.parse(this.read(...names) ?? 'null') ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Write a file unless there is one. */
  public writeNew(name: string, content: string): boolean {
    try {
      writeFileSync(this.file(name), content, { mode: PRIVATE_FILE, flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
        return false;
      }
      throw error;
    }
  }

  /** Write a file whole or not at all, readable by its owner alone. */
  public write(name: string | readonly string[], content: string | Uint8Array): string {
    const path = this.file(...(typeof name === 'string' ? [name] : name));
    makePrivateFolder(dirname(path));
    writeWhole(path, content);
    return path;
  }

  public remove(...names: string[]): void {
    rmSync(this.file(...names), { force: true });
  }

  /** The names in a folder; none when there is no such folder. */
  public list(folder: string): readonly string[] {
    return this.has(folder) ? readdirSync(this.file(folder)).flatMap(decoded) : [];
  }
}

/**
 * Whether nobody gets more than they have from a folder of this owner. Only root may write to a folder of others. It may be of
 * who became root, and of whoever owns the assembly, as where a container has a project mounted: its functions run as root.
 */
function isOwnerTrusted(uid: number, assembly: string | undefined): boolean {
  return process.geteuid?.() !== 0 || uid === 0 || String(uid) === process.env.SUDO_UID
    || (assembly !== undefined && statSync(assembly, { throwIfNoEntry: false })?.uid === uid);
}

function decoded(name: string): readonly string[] {
  try {
    return [decodeURIComponent(name)];
  } catch {
    // Not one of ours.
    return [];
  }
}

/** Write a file whole or not at all. It is a new one, so that neither the mode nor a link of an old one counts. */
export function writeWhole(path: string, content: string | Uint8Array, mode = PRIVATE_FILE): void {
  const half = `${path}.${process.pid}.new`;
  rmSync(half, { force: true });
  writeFileSync(half, content, { mode, flag: 'wx' });
  renameSync(half, path);
}

/** Make a folder and those above it. The recursive mode of `mkdirSync` would never end where a file system refuses, as /proc does. */
export function makePrivateFolder(path: string): void {
  if (existsSync(path)) {
    return;
  }
  makePrivateFolder(dirname(path));
  try {
    mkdirSync(path, { mode: PRIVATE_FOLDER });
  } catch (error) {
    // Another process may have been faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
}

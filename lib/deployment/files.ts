import { existsSync, readFileSync, statSync } from 'node:fs';
import { DeploymentError } from './errors';

/** How files are read: the only way that this folder reaches outside. */
export interface Files {
  /** The text of a file; throws when there is none. */
  read(path: string): string;
  exists(path: string): boolean;
  isDirectory(path: string): boolean;
}

/** The files of this computer. */
export const nodeFiles: Files = {
  read: (path) => readFileSync(path, 'utf8'),
  exists: existsSync,
  isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
};

/** Read a file, or say which one is missing. */
export function readText(files: Files, path: string): string {
  try {
    return files.read(path);
  } catch (error) {
    throw new DeploymentError(path, `cannot be read (${(error as Error).message}); give a cloud assembly folder or a template file`);
  }
}

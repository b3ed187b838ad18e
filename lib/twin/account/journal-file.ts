import { closeSync, openSync, writeSync } from 'node:fs';
import { TwinError } from '../errors';
import type { StateFolder } from '../pki/state-folder';
import type { Records } from './records';

type Table = keyof Records;

/** One change of one record: all of it, some of its fields, or that it is gone. */
export interface Mutation {
  readonly table: Table;
  readonly key: string;
  readonly put?: object;
  readonly set?: object;
  readonly unset?: readonly string[];
}

/**
 * The account on disk: one line of JSON for each change. A line is written before anybody learns of the change, so a crash
 * loses at most the change that was under way, whose line is then cut off.
 */
export class JournalFile {
  private constructor(private readonly descriptor: number) {}

  /** What was written down before. Only the last line may be damaged. */
  public static read(folder: StateFolder, name: string): readonly Mutation[] {
    const lines = (folder.read(name) ?? '').split('\n');
    // What follows the last line break was never finished.
    lines.pop();
    return lines.map((line, index) => {
      try {
        return JSON.parse(line) as Mutation;
      } catch {
        throw new TwinError(`${folder.file(name)}: line ${index + 1} is damaged; remove that line, or the file to start with an empty account`);
      }
    });
  }

  /** Start the file anew with these changes, and write down those to come. */
  public static start(folder: StateFolder, name: string, mutations: Iterable<Mutation>): JournalFile {
    let text = '';
    for (const mutation of mutations) {
      text += `${JSON.stringify(mutation)}\n`;
    }
    return new JournalFile(openSync(folder.write(name, text), 'a'));
  }

  public append(mutation: Mutation): void {
    const line = Buffer.from(`${JSON.stringify(mutation)}\n`);
    for (let written = 0; written < line.length;) {
      written += writeSync(this.descriptor, line, written);
    }
  }

  public close(): void {
    closeSync(this.descriptor);
  }
}

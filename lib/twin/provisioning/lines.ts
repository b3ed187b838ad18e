/** A line of a file. */
export interface Line {
  /** From 1. */
  readonly number: number;

  /** Absent for a line that is too long, or no UTF-8. */
  readonly text?: string;

  /** How much of the file is read with it. */
  readonly bytesRead: number;
}

const NEWLINE = 0x0a;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The lines of a file that are not empty. */
export function* linesOf(file: Buffer, maxBytes: number): Iterable<Line> {
  let number = 0;
  for (let start = 0; start < file.length;) {
    const newline = file.indexOf(NEWLINE, start);
    const end = newline < 0 ? file.length : newline;
    number += 1;
    const text = end - start > maxBytes ? undefined : decode(file.subarray(start, end));
    if (text === undefined || text.trim() !== '') {
      yield { number, bytesRead: end, ...(text === undefined ? {} : { text }) };
    }
    start = end + 1;
  }
}

function decode(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

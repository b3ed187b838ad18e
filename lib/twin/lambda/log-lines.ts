import type { Readable } from 'node:stream';

/** A longer line is cut. */
const MAX_LINE = 4096;

/** What one invocation may write, in characters. */
const MAX_OUTPUT = 256 * 1024;

/** What a function prints, line by line and within bounds. */
export class LogLines {
  private written = 0;

  constructor(private readonly tell: (line: string) => void) {}

  /** Follow a stream to its end. */
  public follow(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      if (rest.length > MAX_LINE) {
        lines.push(rest);
        rest = '';
      }
      lines.forEach((line) => this.write(line));
    }).on('end', () => this.write(rest));
  }

  /** Another invocation may write as much again. */
  public restart(): void {
    this.written = 0;
  }

  private write(line: string): void {
    if (line === '' || this.written > MAX_OUTPUT) {
      return;
    }
    this.written += line.length;
    this.tell(this.written > MAX_OUTPUT ? '… the rest of the output is left out' : line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line);
  }
}

/** SQL that AWS IoT would refuse, with the place; lines and columns are counted from 1. */
export class SqlError extends Error {
  public override readonly name = 'SqlError';

  constructor(problem: string, public readonly line: number, public readonly column: number, public readonly hint?: string) {
    super(`${line}:${column}: ${problem}${hint === undefined ? '' : `; ${hint}`}`);
  }
}

/** SQL that AWS IoT takes but that does not do what it seems to say. */
export interface SqlWarning {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

export function errorAt(text: string, offset: number, problem: string, hint?: string): SqlError {
  const { line, column } = positionOf(text, offset);
  return new SqlError(problem, line, column, hint);
}

const SHOWN_LENGTH = 40;

/** A piece of the statement for a message of one line. */
export function show(text: string): string {
  const cut = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return `'${cut.replace(/[\n\r\t]/g, ' ')}'`;
}

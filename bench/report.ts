import type { Fleet } from './fleet';

/** What one benchmark is asked to do. */
export interface Options {
  /** Small and short, to see whether the benchmark works. */
  readonly quick: boolean;
  readonly soakSeconds: number;

  /** A fleet with at least so many devices, in a folder that is removed afterwards. */
  readonly fleet: (size: number) => Promise<Fleet>;

  /** Tell a person how far it is. */
  readonly say: (progress: string) => void;
}

export interface Bench {
  readonly name: string;

  /** What it measures, in one line. */
  readonly about: string;

  /** @throws when the benchmark does not work, never for a figure. */
  run(options: Options): Promise<Outcome>;
}

export interface Outcome {
  readonly table: Table;
  readonly verdicts: readonly Verdict[];
  readonly notes: readonly string[];
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A figure that must hold. */
export interface Verdict {
  readonly must: string;
  readonly holds: boolean;
  readonly measured: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function ratio(value: number): string {
  return `${value.toFixed(2)}×`;
}

export function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

/** Markdown that is readable as it is: columns of one width, figures to the right. */
export function renderTable({ head, rows }: Table): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => (
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  );
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

export function renderOutcome({ name, about }: Bench, { table, verdicts, notes }: Outcome): string {
  return [
    `## ${name}: ${about}`,
    renderTable(table),
    ...verdicts.map(({ must, holds, measured }) => `- **${holds ? 'PASS' : 'FAIL'}** ${must}: ${measured}`),
    ...notes.map((note) => `- ${note}`),
  ].join('\n').replace('|\n-', '|\n\n-').replace('\n|', '\n\n|');
}

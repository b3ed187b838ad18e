import { appendFileSync } from 'node:fs';
import type { StateFolder } from '../../pki/state-folder';
import type { Engine } from './engine';

const FILE = ['aws', 'dynamodb.ndjson'];

/** What the tables hold, as the writes that made it so: one line each, and as few as possible after a start. */
export class WriteLog {
  constructor(private readonly folder: StateFolder) {}

  public append(operation: string, input: Buffer): void {
    const line = `${JSON.stringify([operation, JSON.parse(input.toString())])}\n`;
    if (this.folder.has(...FILE)) {
      appendFileSync(this.folder.file(...FILE), line);
    } else {
      this.folder.write(FILE, line);
    }
  }

  /** Repeat all writes, and keep what came of them. What can be repeated no more, its table being another, is dropped. */
  public async replay(engine: Engine, tables: readonly string[]): Promise<void> {
    for (const line of (this.folder.read(...FILE) ?? '').split('\n')) {
      const [operation, input] = parse(line);
      if (operation !== undefined) {
        await engine.run(operation, Buffer.from(JSON.stringify(input)));
      }
    }
    const puts = [];
    for (const table of tables) {
      for await (const item of itemsOf(engine, table)) {
        puts.push(JSON.stringify(['PutItem', { TableName: table, Item: item }]));
      }
    }
    this.folder.write(FILE, puts.map((put) => `${put}\n`).join(''));
  }
}

/** A line; nothing for one that was not written to its end. */
function parse(line: string): [string, unknown] | [] {
  try {
    return JSON.parse(line) as [string, unknown];
  } catch {
    return [];
  }
}

async function* itemsOf(engine: Engine, table: string): AsyncGenerator<unknown> {
  let from: unknown;
  do {
    const page = await engine.must<{ readonly Items: readonly unknown[]; readonly LastEvaluatedKey?: unknown }>(
      'Scan', { TableName: table, ...from === undefined ? {} : { ExclusiveStartKey: from } },
    );
    yield* page.Items;
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}

import type { Engine } from './engine';
import { itemsOf } from './kept-items';
import type { Attributes, KeptItems } from './kept-items';
import { keyOfTable } from './tables';
import type { TableDefinition } from './tables';

/** Items, and the definition of the table that they were in. */
interface Held {
  readonly definition: TableDefinition;
  readonly items: readonly Attributes[];
}

/** The tables in an engine, which are those that the deployment declares. */
export class MadeTables {
  private readonly definitions = new Map<string, TableDefinition>();

  /** Why AWS would not make a table. */
  private readonly problems = new Map<string, string>();

  /** What tables held that AWS would not make as they are declared now. */
  private readonly held = new Map<string, Held>();

  constructor(private readonly engine: Engine, private readonly kept?: KeptItems) {}

  public definition(name: string): TableDefinition | undefined {
    return this.definitions.get(name);
  }

  /** Why a declared table is not there. */
  public problem(name: string): string | undefined {
    return this.problems.get(name);
  }

  /**
   * Make the tables that are declared now. As with CloudFormation, one that is changed has its items still, and one with another
   * key is another table.
   */
  public async follow(tables: readonly TableDefinition[]): Promise<void> {
    for (const table of tables) {
      const before = this.definitions.get(table.TableName);
      if (JSON.stringify(before) !== JSON.stringify(table)) {
        await this.make(table, before && await this.take(before));
      }
    }
    for (const gone of [...this.definitions.values()].filter((one) => !tables.some(({ TableName }) => TableName === one.TableName))) {
      this.forget(await this.take(gone));
      this.problems.delete(gone.TableName);
      this.definitions.delete(gone.TableName);
    }
  }

  /** Take a table away. Returns what it held. */
  private async take(definition: TableDefinition): Promise<Held> {
    const { TableName: name } = definition;
    if (this.problems.has(name)) {
      const held = this.held.get(name) ?? { definition, items: [] };
      this.held.delete(name);
      return held;
    }
    const items = await itemsOf(this.engine, name);
    await this.engine.must('DeleteTable', { TableName: name });
    await this.settle(name);
    return { definition, items };
  }

  /** What AWS would not make is told to who asks for it; the other tables are there. */
  private async make(table: TableDefinition, before?: Held): Promise<void> {
    const { TableName: name } = table;
    this.definitions.set(name, table);
    const { status, body } = await this.engine.run('CreateTable', Buffer.from(JSON.stringify(table)));
    if (status !== 200) {
      this.problems.set(name, (JSON.parse(body.toString()) as { readonly message?: string }).message ?? 'AWS would not make this table');
      if (before !== undefined) {
        this.held.set(name, before);
      }
      return;
    }
    this.problems.delete(name);
    await this.settle(name);
    if (before !== undefined && keyOfTable(before.definition) === keyOfTable(table)) {
      await this.putBack(table, before.items);
    } else {
      this.forget(before);
    }
  }

  /** What fits no more, an attribute of it having become the key of an index, is dropped. */
  private async putBack(definition: TableDefinition, items: readonly Attributes[]): Promise<void> {
    for (const item of items) {
      const { status } = await this.engine.run('PutItem', Buffer.from(JSON.stringify({ TableName: definition.TableName, Item: item })));
      if (status !== 200) {
        this.forget({ definition, items: [item] });
      }
    }
  }

  private forget(held: Held | undefined): void {
    held?.items.forEach((item) => this.kept?.forget(held.definition, item));
  }

  /** Wait until a table is there, or is gone. It takes some turns of the event loop. */
  private async settle(name: string): Promise<void> {
    for (;;) {
      const { status, body } = await this.engine.run('DescribeTable', Buffer.from(JSON.stringify({ TableName: name })));
      const { Table: table } = JSON.parse(body.toString()) as { readonly Table?: { readonly TableStatus?: string } };
      if (status !== 200 || table?.TableStatus === 'ACTIVE') {
        return;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

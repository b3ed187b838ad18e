import type { Storage } from '../../storage';
import type { Engine } from './engine';
import type { TableDefinition } from './tables';

const KEPT = 'dynamodb';

/** An item, or the attributes of its key. */
export type Attributes = Readonly<Record<string, unknown>>;

/** What a write is about, for one table. */
interface Write {
  readonly Item?: Attributes;
  readonly Key?: Attributes;
}

/** `BatchWriteItem` writes to several tables at once. */
interface WriteInput extends Write {
  readonly TableName?: string;
  readonly RequestItems?: Readonly<Record<string, readonly { readonly PutRequest?: Write; readonly DeleteRequest?: Write }[]>>;
}

/** What the tables hold, each item by its table and key. */
export class KeptItems {
  constructor(private readonly storage: Storage) {}

  /** Put everything back into its table. What fits no more, its table being another, is dropped. */
  public async restore(engine: Engine): Promise<void> {
    for (const { key, value } of [...this.storage.load(KEPT)]) {
      const [table] = JSON.parse(key) as [string];
      const { status } = await engine.run('PutItem', Buffer.from(JSON.stringify({ TableName: table, Item: JSON.parse(value.toString()) as Attributes })));
      if (status !== 200) {
        this.storage.remove(KEPT, key);
      }
    }
  }

  /** Write down what has come of a write. */
  public async follow(engine: Engine, input: Buffer, definitions: (tableName: string) => TableDefinition | undefined): Promise<void> {
    for (const { TableName, Item, Key } of writesOf(JSON.parse(input.toString()) as WriteInput)) {
      const definition = definitions(TableName);
      if (definition !== undefined) {
        const key = keyOf(definition, Key ?? Item ?? {});
        const { Item: item } = await engine.must<{ readonly Item?: Attributes }>('GetItem', { TableName, Key: key, ConsistentRead: true });
        this.put(definition, key, item);
      }
    }
  }

  /** Forget an item of a table. */
  public forget(definition: TableDefinition, item: Attributes): void {
    this.put(definition, keyOf(definition, item), undefined);
  }

  private put({ TableName }: TableDefinition, key: Attributes, item: Attributes | undefined): void {
    const name = JSON.stringify([TableName, ...Object.values(key)]);
    if (item === undefined) {
      this.storage.remove(KEPT, name);
    } else {
      this.storage.put(KEPT, name, JSON.stringify(item));
    }
  }
}

function writesOf({ TableName = '', RequestItems, ...write }: WriteInput): readonly (Write & { readonly TableName: string })[] {
  return RequestItems === undefined
    ? [{ TableName, ...write }]
    : Object.entries(RequestItems).flatMap(([table, requests]) => requests.map(({ PutRequest, DeleteRequest }) => ({ TableName: table, ...PutRequest ?? DeleteRequest })));
}

/** The key of an item, in the order of the table's schema. */
function keyOf({ KeySchema }: TableDefinition, attributes: Attributes): Attributes {
  return Object.fromEntries((KeySchema as readonly { readonly AttributeName: string }[]).map(({ AttributeName: name }) => [name, attributes[name]]));
}

/** All that a table holds. */
export async function itemsOf(engine: Engine, table: string): Promise<readonly Attributes[]> {
  const items: Attributes[] = [];
  let from: unknown;
  do {
    const page = await engine.must<{ readonly Items: readonly Attributes[]; readonly LastEvaluatedKey?: unknown }>(
      'Scan', { TableName: table, ...from === undefined ? {} : { ExclusiveStartKey: from } },
    );
    items.push(...page.Items);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}

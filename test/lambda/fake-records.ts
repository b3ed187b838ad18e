import type { AttributeValue, DeleteItemCommandInput, GetItemCommandInput, PutItemCommandInput, QueryCommandInput, ScanCommandInput } from '@aws-sdk/client-dynamodb';
import type { DynamoDb } from '../../lambda/identities/records';
import { FaultyClient } from './faulty-client';

type Item = Record<string, AttributeValue>;

/** Queries come in pages of this size, so that whoever forgets to turn the page is found out. */
const PAGE = 2;

/** The table of attachments in memory. */
export class FakeRecords extends FaultyClient {
  public readonly items = new Map<string, Item>();
  public readonly client: DynamoDb = this.sender;

  public add(identityId: string, item: Item = {}): this {
    this.items.set(identityId, { identityId: { S: identityId }, ...item });
    return this;
  }

  protected readonly operations = {
    GetItem: ({ Key: key }: GetItemCommandInput) => ({ Item: this.items.get(key!.identityId!.S!) }),
    PutItem: ({ Item: item }: PutItemCommandInput) => {
      this.items.set(item!.identityId!.S!, item!);
      return {};
    },
    DeleteItem: ({ Key: key }: DeleteItemCommandInput) => {
      this.items.delete(key!.identityId!.S!);
      return {};
    },
    Scan: ({ Limit: limit, ExclusiveStartKey: from }: ScanCommandInput) => page([...this.items.values()], limit!, from),
    Query: ({ ExpressionAttributeValues: values, ExclusiveStartKey: from }: QueryCommandInput) => (
      page([...this.items.values()].filter(({ userSub }) => userSub?.S === values![':userSub']!.S), PAGE, from)
    ),
  };
}

/** In the order of ids, so that what is removed meanwhile moves nothing. */
function page(items: readonly Item[], limit: number, from: Item | undefined): { Items: readonly Item[]; LastEvaluatedKey?: Item } {
  const rest = [...items].sort(byId).filter((item) => from === undefined || byId(item, from) > 0);
  const last = rest[limit - 1];
  return { Items: rest.slice(0, limit), ...rest.length > limit && { LastEvaluatedKey: { identityId: last!.identityId! } } };
}

function byId(a: Item, b: Item): number {
  return a.identityId!.S! < b.identityId!.S! ? -1 : Number(a.identityId!.S! > b.identityId!.S!);
}

import { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand, ScanCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { allItems, firstItems, type Call, type Page } from '../custom-resource';

export type DynamoDb = Pick<DynamoDBClient, 'send'>;

/** An identity that has the policies. */
export interface Attachment {
  readonly identityId: string;
  /** What the identity pool calls the user pool that the user has signed in to, and the user's `sub` there. */
  readonly userPool?: string | undefined;
  readonly userSub?: string | undefined;
  /** Milliseconds since 1970. */
  readonly attachedAt: number;
}

/** The index by which the identities of a user are found. */
const BY_USER = 'ByUser';

/** The item in which the sweep remembers where it stopped; no identity has this id. */
const CURSOR = 'cursor';

/** The table of who has which identity. */
export class Records {
  constructor(private readonly dynamoDb: DynamoDb, private readonly tableName: string) {}

  public put(call: Call, { identityId, userPool, userSub, attachedAt }: Attachment): Promise<void> {
    return this.putItem(call, {
      ...keyOf(identityId),
      attachedAt: { S: new Date(attachedAt).toISOString() },
      ...userPool !== undefined && { userPool: { S: userPool } },
      ...userSub !== undefined && { userSub: { S: userSub } },
    });
  }

  public async has(call: Call, identityId: string): Promise<boolean> {
    return await this.getItem(call, identityId) !== undefined;
  }

  public async remove(call: Call, identityId: string): Promise<void> {
    await call(() => this.dynamoDb.send(new DeleteItemCommand({ TableName: this.tableName, Key: keyOf(identityId) })));
  }

  /** Some records, and the id to go on from. */
  public async page(call: Call, limit: number, from: string | undefined): Promise<Page<Attachment>> {
    const { Items: items = [], LastEvaluatedKey: last } = await call(() => this.dynamoDb.send(new ScanCommand({
      TableName: this.tableName, Limit: limit, ...from !== undefined && { ExclusiveStartKey: keyOf(from) },
    })));
    return { items: items.filter(({ identityId }) => identityId?.S !== CURSOR).map(readItem), next: last?.identityId?.S };
  }

  /** The ids of all identities of a user. */
  public ofUser(call: Call, userSub: string): Promise<string[]> {
    return firstItems(allItems(async (from) => {
      const { Items: items = [], LastEvaluatedKey: last } = await call(() => this.dynamoDb.send(new QueryCommand({
        TableName: this.tableName,
        IndexName: BY_USER,
        KeyConditionExpression: 'userSub = :userSub',
        ExpressionAttributeValues: { ':userSub': { S: userSub } },
        ...from !== undefined && { ExclusiveStartKey: { ...keyOf(from), userSub: { S: userSub } } },
      })));
      return { items: items.flatMap(({ identityId }) => identityId?.S ?? []), next: last?.identityId?.S };
    }), Infinity);
  }

  /** Where the last sweep stopped; nothing where it came to the end. */
  public async cursor(call: Call): Promise<string | undefined> {
    return (await this.getItem(call, CURSOR))?.cursor?.S;
  }

  public async setCursor(call: Call, cursor: string | undefined): Promise<void> {
    await (cursor === undefined ? this.remove(call, CURSOR) : this.putItem(call, { ...keyOf(CURSOR), cursor: { S: cursor } }));
  }

  private async getItem(call: Call, identityId: string): Promise<Record<string, AttributeValue> | undefined> {
    const { Item: item } = await call(() => this.dynamoDb.send(new GetItemCommand({ TableName: this.tableName, Key: keyOf(identityId), ConsistentRead: true })));
    return item;
  }

  private async putItem(call: Call, item: Record<string, AttributeValue>): Promise<void> {
    await call(() => this.dynamoDb.send(new PutItemCommand({ TableName: this.tableName, Item: item })));
  }
}

function keyOf(identityId: string): Record<string, AttributeValue> {
  return { identityId: { S: identityId } };
}

function readItem({ identityId, userPool, userSub, attachedAt }: Record<string, AttributeValue>): Attachment {
  return { identityId: identityId!.S!, userPool: userPool?.S, userSub: userSub?.S, attachedAt: Date.parse(attachedAt?.S ?? '') };
}

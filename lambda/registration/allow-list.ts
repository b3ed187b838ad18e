import { GetItemCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unless, type Call } from '../custom-resource';

export type DynamoDb = Pick<DynamoDBClient, 'send'>;

/** A device that may be registered: one item of the table. The first four are the operator's, the others the handlers'. */
export interface Entry {
  readonly serialNumber: string;
  readonly blocked: boolean;
  readonly parameters: { readonly [name: string]: string };
  readonly claimCertificateId?: string | undefined;

  /** The fingerprint of the key that the serial number is bound to; none before the first use, and after a release. */
  readonly publicKey?: string | undefined;
  /** The certificate that was let in last. */
  readonly certificateId?: string | undefined;
  /** Certificates of the device from earlier tries, to be deactivated and deleted. */
  readonly retiring: readonly string[];
}

/** What a device that is let in is bound to. */
export interface Binding {
  readonly publicKey: string;
  readonly certificateId: string;
  /** Whether the certificate that was let in before is to be retired. */
  readonly retiresEarlier: boolean;
}

const CHANGED: readonly string[] = ['ConditionalCheckFailedException'];

/** The devices that may be registered, by serial number. */
export class AllowList {
  constructor(private readonly dynamoDb: DynamoDb, private readonly tableName: string, private readonly serialNumbers: readonly string[]) {}

  public async find(call: Call, serialNumber: string): Promise<Entry | undefined> {
    const { Item: item } = await call(() => this.dynamoDb.send(new GetItemCommand({ TableName: this.tableName, Key: keyOf(serialNumber), ConsistentRead: true })));
    if (item === undefined) {
      return this.serialNumbers.includes(serialNumber) ? { serialNumber, blocked: false, parameters: {}, retiring: [] } : undefined;
    }
    return {
      serialNumber,
      blocked: item.blocked !== undefined && item.blocked.BOOL !== false,
      parameters: textsOf(item.parameters?.M),
      claimCertificateId: item.claimCertificateId?.S,
      publicKey: item.publicKey?.S,
      certificateId: item.certificateId?.S,
      retiring: item.retiring?.SS ?? [],
    };
  }

  /** Binds the entry, unless somebody has changed it since it was read: then nothing happens, and the answer is false. */
  public async bind(call: Call, entry: Entry, { publicKey, certificateId, retiresEarlier }: Binding, now: Date): Promise<boolean> {
    const isListed = this.serialNumbers.includes(entry.serialNumber) ? [] : ['attribute_exists(serialNumber)'];
    const retiring = retiresEarlier && entry.certificateId !== undefined ? [entry.certificateId] : [];
    let isBound = true;
    await unless(CHANGED, () => call(async () => {
      isBound = false;
      await this.dynamoDb.send(new UpdateItemCommand({
        TableName: this.tableName,
        Key: keyOf(entry.serialNumber),
        UpdateExpression: `SET publicKey = :publicKey, certificateId = :certificateId, boundAt = :now${retiring.length > 0 ? ' ADD retiring :retiring' : ''}`,
        ConditionExpression: [
          ...isListed,
          '(attribute_not_exists(blocked) OR blocked = :false)',
          entry.publicKey === undefined ? 'attribute_not_exists(publicKey)' : 'publicKey = :oldPublicKey',
          entry.certificateId === undefined ? 'attribute_not_exists(certificateId)' : 'certificateId = :oldCertificateId',
        ].join(' AND '),
        ExpressionAttributeValues: {
          ':publicKey': { S: publicKey },
          ':certificateId': { S: certificateId },
          ':now': { S: now.toISOString() },
          ':false': { BOOL: false },
          ...retiring.length > 0 && { ':retiring': { SS: retiring } },
          ...entry.publicKey !== undefined && { ':oldPublicKey': { S: entry.publicKey } },
          ...entry.certificateId !== undefined && { ':oldCertificateId': { S: entry.certificateId } },
        },
      }));
      isBound = true;
    }));
    return isBound;
  }

  /** Notes that these certificates are gone. */
  public async forget(call: Call, serialNumber: string, certificateIds: readonly string[]): Promise<void> {
    await call(() => this.dynamoDb.send(new UpdateItemCommand({
      TableName: this.tableName,
      Key: keyOf(serialNumber),
      UpdateExpression: 'DELETE retiring :gone',
      ExpressionAttributeValues: { ':gone': { SS: [...certificateIds] } },
    })));
  }
}

function keyOf(serialNumber: string): Record<string, AttributeValue> {
  return { serialNumber: { S: serialNumber } };
}

function textsOf(map: { readonly [name: string]: AttributeValue } = {}): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(map).flatMap(([name, { S: value }]) => (value === undefined ? [] : [[name, value]])));
}

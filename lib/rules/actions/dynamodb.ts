import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iot from 'aws-cdk-lib/aws-iot';
import { naming, templated, type ActionDefinition } from './definition';
import { keyProblem } from './dynamodb-keys';

/** What a key of a table holds. */
export enum DynamoDbKeyType {
  /** A text. */
  STRING = 'STRING',
  /** A number. */
  NUMBER = 'NUMBER',
}

/** A key of an item. */
export interface DynamoDbKey {
  /** The name of the attribute. */
  readonly name: string;

  /** Its value. Substitution templates are replaced, for example `${topic(3)}`. */
  readonly value: string;

  /**
   * What it holds.
   *
   * @default DynamoDbKeyType.STRING
   */
  readonly keyType?: DynamoDbKeyType;
}

/** Options for putting a message into one attribute of an item. */
export interface DynamoDbActionOptions {
  /** The partition key. */
  readonly partitionKey: DynamoDbKey;

  /**
   * The sort key.
   *
   * @default - the table has none
   */
  readonly sortKey?: DynamoDbKey;

  /**
   * The name of the attribute that the message is put into.
   *
   * @default 'payload'
   */
  readonly payloadField?: string;
}

/** What DynamoDB asks of who uses a table with a key of the customer. */
const KEY_USE = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKey', 'kms:DescribeKey'];

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/dynamodb-rule-action.html */
export function dynamoDbAction(table: dynamodb.ITable, { partitionKey, sortKey, payloadField }: DynamoDbActionOptions): ActionDefinition {
  return {
    kind: 'DynamoDb',
    problem: () => keyProblem(table, partitionKey, sortKey),
    fields: [
      templated('partitionKey.name', partitionKey.name),
      // The sort key is below it, as an object is below a prefix.
      naming('partitionKey.value', partitionKey.value),
      templated('sortKey.name', sortKey?.name),
      templated('sortKey.value', sortKey?.value),
      templated('payloadField', payloadField),
    ],
    ...putItem(table),
    render: (roleArn) => ({
      dynamoDb: {
        roleArn,
        tableName: table.tableName,
        hashKeyField: partitionKey.name,
        hashKeyValue: partitionKey.value,
        hashKeyType: partitionKey.keyType,
        rangeKeyField: sortKey?.name,
        rangeKeyValue: sortKey?.value,
        rangeKeyType: sortKey?.keyType,
        payloadField,
      },
    }),
  };
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/dynamodb-v2-rule-action.html */
export function dynamoDbV2Action(table: dynamodb.ITable): ActionDefinition {
  return {
    kind: 'DynamoDbV2',
    ...putItem(table),
    render: (roleArn): iot.CfnTopicRule.ActionProperty => ({ dynamoDBv2: { roleArn, putItem: { tableName: table.tableName } } }),
  };
}

function putItem(table: dynamodb.ITable): Pick<ActionDefinition, 'env' | 'permissions' | 'encryption'> {
  return {
    env: table.env,
    permissions: () => [{ actions: ['dynamodb:PutItem'], resources: [table.tableArn] }],
    encryption: { keys: [table.encryptionKey], actions: KEY_USE },
  };
}

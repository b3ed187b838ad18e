import { Token } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { quote } from '../../private/errors';

/** A key as an action names it. */
interface Key {
  readonly name: string;
  readonly keyType?: string;
}

/** What a table calls the types of keys. AWS IoT writes no binary ones. */
const TYPES: { readonly [keyType: string]: string } = { STRING: 'S', NUMBER: 'N' };

/** What is wrong with the keys of an item for a table that the app defines; of others, nobody knows them. */
export function keyProblem(table: dynamodb.ITable, partitionKey: Key, sortKey: Key | undefined): string | undefined {
  const { keySchema, attributeDefinitions } = (table.node.defaultChild ?? {}) as Partial<dynamodb.CfnTable>;
  if (!Array.isArray(keySchema)) {
    return undefined;
  }
  const types = Array.isArray(attributeDefinitions) ? attributeDefinitions as dynamodb.CfnTable.AttributeDefinitionProperty[] : [];
  const problemOf = (prop: string, role: string, given: Key | undefined) => {
    const name = (keySchema as dynamodb.CfnTable.KeySchemaProperty[]).find(({ keyType }) => keyType === role)?.attributeName;
    if (name === undefined) {
      return given && `'${prop}' must be left out, ${table.node.path} has none`;
    }
    if (given === undefined || (given.name !== name && !Token.isUnresolved(given.name))) {
      return `'${prop}' must be ${quote(name)}, as ${table.node.path} has it, got ${given ? quote(given.name) : 'none'}`;
    }
    const type = types.find(({ attributeName }) => attributeName === name)?.attributeType;
    const { keyType = 'STRING' } = given;
    return type === undefined || type === TYPES[keyType] ? undefined : `'${prop}.keyType' must be that of ${table.node.path}, ${type}, got ${keyType}`;
  };
  return problemOf('partitionKey', 'HASH', partitionKey) ?? problemOf('sortKey', 'RANGE', sortKey);
}

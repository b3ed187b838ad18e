import { toJavaScript } from '../../sql';
import type { KeyValue, RuleProviders } from '../../sql';
import { checkRole, objectToTrust } from './permissions';
import type { RuleProps } from './run-rules';
import { attribute, callJson, plainItem } from './stand-ins';

/** AWS IoT waits no longer for a function that a statement asks. https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html */
const LAMBDA_TIMEOUT_MS = 2000;

const SECRET_CALLS = ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'];

/**
 * What the functions of SQL ask that need AWS: the twin and its stand-ins, each with the role that the statement names.
 * Models of Amazon Machine Learning and descriptions of protocol buffers it has none.
 */
export function providersOf(ruleName: string, { account, functions, objectToInvoke, registry, roles, shadow, standIns }: RuleProps): RuleProviders {
  const arn = (service: string, rest: string): string => `arn:${account.partition}:${service}:${account.region}:${account.accountId}:${rest}`;
  const require = (roleArn: string, resource: string, ...actions: readonly string[]): void => {
    refuse(objectToTrust(roles, roleArn, ruleName, account));
    refuse(checkRole(roles, roleArn, actions.map((action) => ({ action, resource }))).objection);
  };
  return {
    invokeLambda: ({ functionArn, input }) => {
      const objection = objectToInvoke(functionArn, ruleName);
      if (objection !== undefined) {
        throw new Error(objection);
      }
      return functions.invoke(functionArn, toJavaScript(input), { timeoutMs: LAMBDA_TIMEOUT_MS });
    },
    ...(shadow && {
      getThingShadow: ({ thingName, shadowName, roleArn }) => {
        require(roleArn, arn('iot', `thing/${thingName}${shadowName === undefined ? '' : `/${shadowName}`}`), 'iot:GetThingShadow');
        return shadow(thingName, shadowName);
      },
    }),
    ...(registry && {
      getRegistryData: ({ api, thingName, roleArn }) => {
        require(roleArn, arn('iot', `thing/${thingName}`), `iot:${api}`);
        return api === 'DescribeThing' ? registry.describeThing({ thingName }) : registry.listThingGroupsForThing({ thingName });
      },
    }),
    ...(standIns && {
      getSecret: async ({ secretId, secretType, key, roleArn }) => {
        const { ARN: secretArn } = await callJson(standIns, 'secretsmanager', 'secretsmanager.DescribeSecret', { SecretId: secretId });
        require(roleArn, String(secretArn), ...SECRET_CALLS);
        const text = (await callJson(standIns, 'secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: secretId }))[secretType];
        return key === undefined || typeof text !== 'string' ? text : memberOf(text, key);
      },
      getDynamoDb: async ({ tableName, partitionKey, sortKey, roleArn }) => {
        require(roleArn, arn('dynamodb', `table/${tableName}`), 'dynamodb:GetItem');
        const key = Object.fromEntries([partitionKey, ...sortKey === undefined ? [] : [sortKey]].map(({ name, value }: KeyValue) => [name, attribute(toJavaScript(value))]));
        const { Item: item } = await callJson(standIns, 'dynamodb', 'DynamoDB_20120810.GetItem', { TableName: tableName, Key: key });
        return item === undefined ? undefined : plainItem(item as object);
      },
    }),
  };
}

/** For fields of actions, such as the password of a Kafka client: the role is asked, and the secret is not read, as somebody looks on. */
export function secretNotRead({ roles }: RuleProps): NonNullable<RuleProviders['getSecret']> {
  return ({ secretId, roleArn }) => {
    refuse(checkRole(roles, roleArn, SECRET_CALLS.map((action) => ({ action, ...secretId.startsWith('arn:') ? { resource: secretId } : { isUnknown: true } }))).objection);
    return '(secret)';
  };
}

function refuse(objection: string | undefined): void {
  if (objection !== undefined) {
    throw new Error(objection);
  }
}

/** A member of a secret that is a JSON object. The text of one that is none is in no error. */
function memberOf(text: string, key: string): unknown {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
  } catch {
    throw new Error('the secret is no JSON object');
  }
}

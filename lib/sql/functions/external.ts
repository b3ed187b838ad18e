import { toText } from '../convert';
import type { Evaluation } from '../evaluation';
import { parseJsonText } from '../json';
import type { RuleProviders } from '../message';
import type { Value } from '../value';
import { decodeBase64, MAX_VALUE_SIZE } from './collections';
import { define } from './function';
import type { SqlFunction } from './function';

/** Ask a provider, if there is one; its answer is taken as JSON. */
function ask<K extends keyof RuleProviders>(
  evaluation: Evaluation, name: string, provider: K, request: Parameters<NonNullable<RuleProviders[K]>>[0] | undefined,
): Value {
  const call = evaluation.environment.providers?.[provider] as ((given: unknown) => unknown) | undefined;
  if (request === undefined) {
    return undefined;
  }
  if (call === undefined) {
    evaluation.explain(`${name}() has nothing to ask here`);
    return undefined;
  }
  const answer = evaluation.answer(name, () => call(request));
  const text = answer === undefined ? undefined : JSON.stringify(answer);
  return text === undefined ? undefined : parseJsonText(text)?.value;
}

/** All arguments as strings, or undefined if one is none. */
function strings(args: readonly Value[]): readonly string[] | undefined {
  return args.every((arg) => typeof arg === 'string') ? args : undefined;
}

function shadow(args: readonly Value[], evaluation: Evaluation): Value {
  const given = strings(args);
  return ask(evaluation, 'get_thing_shadow', 'getThingShadow', given && {
    thingName: given[0]!, roleArn: given.at(-1)!, ...given.length === 3 && { shadowName: given[1]! },
  });
}

function lambda([functionArn, input]: readonly Value[], evaluation: Evaluation): Value {
  return ask(evaluation, 'aws_lambda', 'invokeLambda', typeof functionArn === 'string' && input !== undefined && !Buffer.isBuffer(input)
    ? { functionArn, input }
    : undefined);
}

const MAX_ITEM_SIZE = 8192;

/** With a sort key it takes six arguments, without one four. */
function dynamoDb(args: readonly Value[], evaluation: Evaluation): Value {
  const [tableName, partitionName, partitionValue, sortName, sortValue] = args;
  const roleArn = args.at(-1);
  const names = strings([tableName, partitionName, roleArn, ...args.length === 6 ? [sortName] : []]);
  if (names === undefined || args.length === 5 || partitionValue === undefined || (args.length === 6 && sortValue === undefined)) {
    return undefined;
  }
  const item = ask(evaluation, 'get_dynamodb', 'getDynamoDb', {
    tableName: names[0]!,
    partitionKey: { name: names[1]!, value: partitionValue },
    roleArn: names[2]!,
    ...args.length === 6 && { sortKey: { name: names[3]!, value: sortValue } },
  });
  if (item !== undefined && Buffer.byteLength(toText(item) ?? '') > MAX_ITEM_SIZE) {
    evaluation.explain(`get_dynamodb() found more than ${MAX_ITEM_SIZE} bytes`);
    return undefined;
  }
  return item;
}

function secret(args: readonly Value[], evaluation: Evaluation): Value {
  const given = strings(args);
  const secretType = given?.[1];
  return ask(evaluation, 'get_secret', 'getSecret', given !== undefined && (secretType === 'SecretString' || secretType === 'SecretBinary')
    ? { secretId: given[0]!, secretType, roleArn: given.at(-1)!, ...given.length === 4 && { key: given[2]! } }
    : undefined);
}

function registry(args: readonly Value[], evaluation: Evaluation): Value {
  const [api, thingName, roleArn] = strings(args) ?? [];
  return ask(evaluation, 'get_registry_data', 'getRegistryData', api === 'DescribeThing' || api === 'ListThingGroupsForThing'
    ? { api, thingName: thingName!, roleArn: roleArn! }
    : undefined);
}

function predict([modelId, roleArn, record]: readonly Value[], evaluation: Evaluation): Value {
  return ask(evaluation, 'machinelearning_predict', 'predict', typeof modelId === 'string' && typeof roleArn === 'string' && record !== undefined
    ? { modelId, roleArn, record }
    : undefined);
}

/** `decode(value, 'base64')`, or `decode(value, 'proto', bucket, key, file, type)`, which fetches a description from S3. */
function decode(args: readonly Value[], evaluation: Evaluation): Value {
  if (args.length === 2) {
    return args[1] === 'base64' ? decodeBase64(args[0], evaluation.work) : undefined;
  }
  const [data, scheme, bucket, key, protoFile, messageType] = strings(args) ?? [];
  return ask(evaluation, 'decode', 'decodeProtobuf', args.length === 6 && scheme === 'proto' && data!.length <= 2 * MAX_VALUE_SIZE
    ? { data: Buffer.from(data!, 'base64'), bucket: bucket!, key: key!, protoFile: protoFile!, messageType: messageType! }
    : undefined);
}

export const EXTERNAL_FUNCTIONS: readonly SqlFunction[] = [
  { ...define('get_thing_shadow', '2016-03-23', [2, 3], 'iot-sql-function-get-thing-shadow', shadow), external: 'often', constants: [-1] },
  { ...define('aws_lambda', '2016-03-23', [2, 2], 'iot-func-aws-lambda', lambda), external: 'often' },
  { ...define('get_dynamodb', '2016-03-23', [4, 6], 'iot-sql-function-get-dynamodb', dynamoDb), external: 'once', constants: [-1] },
  { ...define('get_secret', '2016-03-23', [3, 4], 'iot-sql-function-get-secret', secret), external: 'often', constants: [1, -1] },
  { ...define('get_registry_data', '2016-03-23', [3, 3], 'iot-sql-function-get-registry_data', registry), external: 'once', constants: [0, -1] },
  { ...define('machinelearning_predict', '2015-10-08', [3, 3], 'iot-sql-function-machine-learning', predict), external: 'often', constants: [1] },
  { ...define('decode', '2016-03-23', [2, 6], 'iot-sql-decode-base64', decode), constants: [1] },
];

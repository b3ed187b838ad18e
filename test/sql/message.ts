import type { RuleEnvironment, RuleMessage, RuleProviders } from '../../lib/sql';

/** The message of AWS's examples, where they have one. */
export const MESSAGE: RuleMessage = {
  topic: 'things/myThings/thingOne',
  payload: Buffer.from('{}'),
  accountId: '123456789012',
  clientId: 'sensor-1',
  principal: 'ba67293af50bf2506f5f93469686da660c7c844e7b3950bfb16813e0d31e9373',
  sourceIp: '192.0.2.7',
  traceId: '12345678-1234-1234-1234-123456789012',
  properties: {
    contentType: 'application/json', payloadIsText: true, responseTopic: 'answers/1', correlationData: Buffer.from('cid'),
    userProperties: [{ key: 'k', value: 'v1' }, { key: 'o', value: 'w' }, { key: 'k', value: 'v2' }],
  },
};

export function messageOf(payload: unknown, topic = MESSAGE.topic): RuleMessage {
  return { ...MESSAGE, topic, payload: Buffer.isBuffer(payload) ? payload : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)) };
}

/** Each answers with what it was asked. */
export const PROVIDERS: RuleProviders = {
  getThingShadow: ({ thingName, shadowName }) => {
    if (thingName === 'Broken') {
      throw new Error('no such thing');
    }
    return shadowName === undefined ? { of: thingName } : { state: { reported: { alarm: 'ON' } } };
  },
  invokeLambda: ({ input }) => ({ got: input }),
  getDynamoDb: ({ tableName, partitionKey, sortKey }) => ({
    location: [tableName, ...[partitionKey, sortKey].flatMap((key) => (key === undefined ? [] : [`${key.name}=${String(key.value)}`]))].join('/'),
  }),
  getSecret: ({ secretId, key }) => [secretId, key].filter((part) => part !== undefined).join('.'),
  getRegistryData: ({ api, thingName }) => ({ [api]: thingName }),
  predict: () => ({ predictedLabel: '1' }),
  decodeProtobuf: ({ data, bucket, key, protoFile, messageType }) => ({ bytes: data.toString('base64'), from: [bucket, key, protoFile, messageType].join('/') }),
};

export const ENVIRONMENT: RuleEnvironment = {
  now: () => 1481825251155,
  newUuid: () => '123a4567-b89c-12d3-e456-789012345000',
  random: () => 0.8231909191640703,
  providers: PROVIDERS,
};

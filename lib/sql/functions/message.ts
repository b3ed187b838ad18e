import { toFlooredInt, toText } from '../convert';
import { visibleTopic } from '../message';
import type { MessageProperties } from '../message';
import type { Value } from '../value';
import type { Work } from '../work';
import { define } from './function';
import type { SqlFunction } from './function';

/** Names of get_mqtt_property() and what they read. */
const PROPERTIES: ReadonlyMap<Value, (properties: MessageProperties) => Value> = new Map<Value, (properties: MessageProperties) => Value>([
  ['content_type', ({ contentType }) => contentType],
  ['format_indicator', ({ payloadIsText }) => (payloadIsText === true ? 'UTF8_DATA' : 'UNSPECIFIED_BYTES')],
  ['response_topic', ({ responseTopic }) => responseTopic],
  ['correlation_data', ({ correlationData }) => correlationData?.toString('base64')],
]);

function userProperties(properties: MessageProperties | undefined, args: readonly Value[], work: Work): Value {
  const all = properties?.userProperties ?? [];
  work.spend(all.length);
  if (args.length === 0) {
    return all.length === 0 ? undefined : all.map(({ key: name, value }) => ({ [name]: value }));
  }
  const key = toText(args[0], work);
  const values = all.filter((property) => property.key === key).map(({ value }) => value);
  return values.length === 0 ? undefined : values;
}

/** Segments count from 1. */
function topic(whole: string, args: readonly Value[], work: Work): Value {
  const visible = visibleTopic(whole);
  if (args.length === 0) {
    return visible;
  }
  const index = toFlooredInt(args[0], work);
  return typeof index === 'number' && index > 0 ? visible.split('/')[index - 1] : undefined;
}

export const MESSAGE_FUNCTIONS: readonly SqlFunction[] = [
  define('topic', '2015-10-08', [0, 1], 'iot-function-topic', (args, { message, work }) => topic(message.topic, args, work)),
  define('accountid', '2015-10-08', [0, 0], 'iot-sql-function-accountid', (_, { message }) => message.accountId),
  define('clientid', '2015-10-08', [0, 0], 'iot-sql-function-clientid', (_, { message }) => message.clientId ?? 'n/a'),
  define('principal', '2015-10-08', [0, 0], 'iot-sql-function-principal', (_, { message }) => message.principal),
  define('sourceip', '2016-03-23', [0, 0], 'iot-sql-function-sourceip', (_, { message }) => message.sourceIp),
  define('traceid', '2015-10-08', [0, 0], 'iot-sql-function-traceid', (_, { message }) => message.traceId),
  define('timestamp', '2015-10-08', [0, 0], 'iot-function-timestamp', (_, evaluation) => evaluation.once(evaluation.environment.now)),
  define('newuuid', '2015-10-08', [0, 0], 'iot-sql-function-newuuid', (_, evaluation) => evaluation.once(evaluation.environment.newUuid)),
  define('sql_version', '2015-10-08', [0, 0], 'iot-sql-function-sql-version', (_, { version }) => version),
  define('get_mqtt_property', '2016-03-23', [1, 1], 'iot-sql-function-get-mqtt-property', ([name], { message }) => (
    message.properties && PROPERTIES.get(name)?.(message.properties)
  )),
  define('get_user_properties', '2016-03-23', [0, 1], 'iot-sql-function-get-user-properties', (args, { message, work }) => userProperties(message.properties, args, work)),
];

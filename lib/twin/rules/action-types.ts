import { isUtf8 } from 'node:buffer';
import { textAt } from '../../deployment';
import type { Deployment, Resource } from '../../deployment';
import { isPartialText } from '../../policy';
import type { AccountScope } from '../../policy';
import type { Need } from '../iam';
import type { Fields } from './fields';

/** What an action acts on, if the assembly is to declare it. */
export interface Target {
  /** Types of CloudFormation, any of which it may be. */
  readonly types: readonly string[];

  /** What `Ref` gives, an ARN, or the value of `named`; absent where only AWS knows. */
  readonly id: string | undefined;

  /** Whether messages choose it. */
  readonly isChosen?: boolean;

  /** The property with its name, for types whose names the reader of assemblies does not know. */
  readonly named?: string;
}

/** What an action has to go by. */
export interface Surroundings {
  readonly scope: AccountScope;
  readonly deployment: Deployment;
}

/** What the statement made of a message. */
export interface Payload {
  readonly bytes: Buffer;

  /** As JavaScript has it; undefined for what is no JSON. */
  readonly value: unknown;
}

/** What the twin knows of an action. */
export interface ActionType {
  /** What the error action is told that failed. */
  readonly resource: (fields: Fields) => string | undefined;

  /** @default - no role */
  readonly needs?: (fields: Fields, around: Surroundings) => readonly Need[];
  readonly target?: (fields: Fields, scope: AccountScope) => Target;

  /** Why the service would not take it. */
  readonly problem?: (fields: Fields, payload: Payload) => string | undefined;

  /** What besides the twin cannot tell. */
  readonly note?: (fields: Fields) => string | undefined;
}

/**
 * The actions of AWS IoT rules that the twin shows or puts into its stand-ins, by their keys in CloudFormation.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html
 */
const ACTION_TYPES: { readonly [action: string]: ActionType } = {
  Kinesis: {
    ...one('kinesis:PutRecord', 'kinesis', 'stream/', 'StreamName'),
    target: (fields) => ({ types: ['AWS::Kinesis::Stream'], id: fields.text('StreamName') }),
  },
  Firehose: {
    resource: (fields) => fields.text('DeliveryStreamName'),
    needs: (fields, { scope }) => [on(fields.text('BatchMode') === 'true' ? 'firehose:PutRecordBatch' : 'firehose:PutRecord', arn(scope, 'firehose', 'deliverystream/', fields.text('DeliveryStreamName')))],
    target: (fields) => ({ types: ['AWS::KinesisFirehose::DeliveryStream'], id: fields.text('DeliveryStreamName') }),
    problem: batchOf(500),
  },
  Sqs: {
    resource: (fields) => fields.text('QueueUrl'),
    needs: (fields, { scope }) => [on('sqs:SendMessage', queueArn(scope, fields.text('QueueUrl')))],
    target: (fields) => ({ types: ['AWS::SQS::Queue'], id: fields.text('QueueUrl') }),
    problem: (fields, { bytes }) => (fields.text('UseBase64') === 'true' || isUtf8(bytes) ? undefined : 'a message of Amazon SQS is text; set UseBase64 for bytes'),
  },
  Sns: {
    resource: (fields) => fields.text('TargetArn'),
    needs: (fields) => [on('sns:Publish', fields.text('TargetArn'))],
    target: (fields) => ({ types: ['AWS::SNS::Topic'], id: fields.text('TargetArn') }),
    problem: (fields, { value }) => (fields.text('MessageFormat') !== 'JSON' || typeof (asObject(value)?.default) === 'string' ? undefined : 'with MessageFormat JSON, the payload must be an object with a text "default"'),
  },
  S3: {
    resource: (fields) => fields.text('BucketName'),
    needs: (fields, { scope: { partition } }) => {
      const [bucket, key] = [fields.text('BucketName'), fields.text('Key')];
      const object = bucket === undefined || key === undefined ? undefined : `arn:${partition}:s3:::${bucket}/${key}`;
      return [on('s3:PutObject', object), ...fields.text('CannedAcl') === undefined ? [] : [on('s3:PutObjectAcl', object)]];
    },
    target: (fields) => ({ types: ['AWS::S3::Bucket'], id: fields.text('BucketName'), isChosen: fields.isFilledIn('BucketName') }),
  },
  DynamoDB: {
    ...one('dynamodb:PutItem', 'dynamodb', 'table/', 'TableName'),
    target: (fields) => ({ types: TABLES, id: fields.text('TableName'), isChosen: fields.isFilledIn('TableName') }),
  },
  DynamoDBv2: {
    ...one('dynamodb:PutItem', 'dynamodb', 'table/', 'PutItem', 'TableName'),
    target: (fields) => ({ types: TABLES, id: fields.text('PutItem', 'TableName'), isChosen: fields.isFilledIn('PutItem', 'TableName') }),
    problem: (_, { value }) => (asObject(value) === undefined ? 'the payload must be a JSON object, of which each member is a column' : undefined),
  },
  StepFunctions: {
    ...one('states:StartExecution', 'states', 'stateMachine:', 'StateMachineName'),
    target: (fields, scope) => ({ types: ['AWS::StepFunctions::StateMachine'], id: arn(scope, 'states', 'stateMachine:', fields.text('StateMachineName')) }),
    problem: (_, { value }) => (value === undefined ? 'the input of a state machine must be JSON' : undefined),
  },
  CloudwatchAlarm: {
    ...one('cloudwatch:SetAlarmState', 'cloudwatch', 'alarm:', 'AlarmName'),
    target: (fields) => ({ types: ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'], id: fields.text('AlarmName') }),
    problem: (fields) => (/^(OK|ALARM|INSUFFICIENT_DATA)$/.test(fields.text('StateValue') ?? '') ? undefined : `StateValue must be OK, ALARM or INSUFFICIENT_DATA, got '${fields.text('StateValue') ?? ''}'`),
  },
  CloudwatchLogs: {
    resource: (fields) => fields.text('LogGroupName'),
    needs: (fields, { scope }) => {
      // AWS IoT chooses the streams; what describes them is about none of them.
      const stream = (name: string): string | undefined => arn(scope, 'logs', 'log-group:', fields.text('LogGroupName'), `:log-stream:${name}`);
      return [on('logs:CreateLogStream', stream('rule')), on('logs:DescribeLogStreams', stream('')), on('logs:PutLogEvents', stream('rule'))];
    },
    target: (fields) => ({ types: ['AWS::Logs::LogGroup'], id: fields.text('LogGroupName') }),
    problem: (fields, { bytes, value }) => {
      if (fields.text('BatchMode') === 'true' && !(Array.isArray(value) && value.every((event) => typeof asObject(event)?.timestamp === 'number' && typeof asObject(event)?.message === 'string'))) {
        return 'with BatchMode, the payload must be an array of objects with a timestamp and a message';
      }
      return isUtf8(bytes) ? undefined : 'an event of Amazon CloudWatch Logs is text';
    },
  },
  CloudwatchMetric: {
    resource: (fields) => fields.text('MetricName'),
    needs: (fields) => [{ action: 'cloudwatch:PutMetricData', values: { 'cloudwatch:namespace': fields.text('MetricNamespace') ?? '' } }],
    problem: (fields) => numbers(fields, ['MetricValue']),
  },
  OpenSearch: search(),
  Elasticsearch: search(),
  Timestream: {
    resource: (fields) => fields.text('TableName'),
    needs: (fields, { scope }) => [
      on('timestream:WriteRecords', arn(scope, 'timestream', 'database/', fields.text('DatabaseName'), '/table/', fields.text('TableName'))),
      { action: 'timestream:DescribeEndpoints' },
    ],
    target: (fields) => ({ types: ['AWS::Timestream::Table'], id: fields.text('TableName'), named: 'TableName' }),
    problem: (_, { value }) => (Object.keys(asObject(value) ?? {}).length === 0 ? 'the payload must be a JSON object with at least one measure' : undefined),
  },
  IotAnalytics: {
    ...one('iotanalytics:BatchPutMessage', 'iotanalytics', 'channel/', 'ChannelName'),
    target: (fields) => ({ types: ['AWS::IoTAnalytics::Channel'], id: fields.text('ChannelName'), named: 'ChannelName' }),
    problem: batchOf(100),
  },
  IotEvents: {
    ...one('iotevents:BatchPutMessage', 'iotevents', 'input/', 'InputName'),
    target: (fields) => ({ types: ['AWS::IoTEvents::Input'], id: fields.text('InputName'), named: 'InputName' }),
    problem: batchOf(10),
  },
  IotSiteWise: {
    resource: (fields) => entryNames(fields).join(', '),
    needs: (fields, { scope }) => fields.list('PutAssetPropertyValueEntries').map((entry) => {
      const [asset, alias] = [entry.text('AssetId'), entry.text('PropertyAlias')];
      const call = 'iotsitewise:BatchPutAssetPropertyValue';
      // Of the hierarchy of assets, this is the part that is known.
      return asset === undefined
        ? on(call, arn(scope, 'iotsitewise', 'time-series/', alias), { 'iotsitewise:propertyAlias': alias ?? '' })
        : on(call, arn(scope, 'iotsitewise', 'asset/', asset), { 'iotsitewise:assetHierarchyPath': `/${asset}` });
    }),
    problem: (fields) => fields.list('PutAssetPropertyValueEntries').flatMap((entry) => entry.list('PropertyValues')).map((value) => (
      value.text('Value', 'DoubleValue') === undefined && value.text('Value', 'IntegerValue') === undefined ? undefined
        : numbers(value, ['Value', value.text('Value', 'DoubleValue') === undefined ? 'IntegerValue' : 'DoubleValue'])
    )).find((problem) => problem !== undefined),
  },
  Location: {
    ...one('geo:BatchUpdateDevicePosition', 'geo', 'tracker/', 'TrackerName'),
    target: (fields) => ({ types: ['AWS::Location::Tracker'], id: fields.text('TrackerName') }),
    problem: (fields) => numbers(fields, ['Latitude']) ?? numbers(fields, ['Longitude']),
  },
  Http: {
    resource: (fields) => fields.text('Url'),
    // Without a signature no role is asked. With one, it is for the API that the URL leads to.
    needs: (fields, { scope }) => {
      const service = fields.text('Auth', 'Sigv4', 'ServiceName');
      const call = SIGNED_CALLS.get(service);
      return call === undefined ? [] : [on(call, service === 'execute-api' ? apiArn(scope, fields.text('Url')) : undefined)];
    },
    note: (fields) => {
      const service = fields.text('Auth', 'Sigv4', 'ServiceName');
      return service !== undefined && !SIGNED_CALLS.has(service) ? `the twin cannot tell what ${service} asks of the role` : undefined;
    },
    problem: (fields) => {
      const [url, confirmed] = [fields.text('Url'), fields.text('ConfirmationUrl')];
      return url !== undefined && confirmed !== undefined && !url.startsWith(confirmed) ? `the URL must begin with the one that is confirmed, ${confirmed}, got ${url}` : undefined;
    },
  },
  // What its properties read from AWS Secrets Manager is read with the role that they name.
  Kafka: { resource: (fields) => fields.text('Topic') },
  InfluxDB: {
    resource: (fields) => fields.text('TableName'),
    // AWS does not document what else the role needs.
    needs: (fields, { deployment }) => [on('secretsmanager:GetSecretValue', secretOf(deployment, fields))],
    problem: (_, { value }) => (asObject(value) === undefined ? 'the payload must be a JSON object' : undefined),
  },
};

/** Nothing for an action that the twin does not know. */
export function actionType(kind: string): ActionType | undefined {
  return Object.hasOwn(ACTION_TYPES, kind) ? ACTION_TYPES[kind] : undefined;
}

const TABLES = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'];

/** The call that a signature permits, of services that the action is commonly signed for. */
const SIGNED_CALLS: ReadonlyMap<string | undefined, string> = new Map([['execute-api', 'execute-api:Invoke'], ['lambda', 'lambda:InvokeFunctionUrl']]);

/** An action with one call on one resource, named by a field. */
function one(action: string, service: string, prefix: string, ...field: readonly string[]): Pick<ActionType, 'resource' | 'needs'> {
  return {
    resource: (fields) => fields.text(...field),
    needs: (fields, { scope }) => [on(action, arn(scope, service, prefix, fields.text(...field)))],
  };
}

function on(action: string, resource: string | undefined, values?: Readonly<Record<string, string>>): Need {
  return { action, ...(resource === undefined ? { isUnknown: true } : { resource }), ...(values && { values }) };
}

function arn({ partition, region, accountId }: AccountScope, service: string, ...parts: readonly (string | undefined)[]): string | undefined {
  return parts.includes(undefined) ? undefined : `arn:${partition}:${service}:${region}:${accountId}:${parts.join('')}`;
}

/** https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, of whichever account. */
function queueArn({ partition }: AccountScope, url: string | undefined): string | undefined {
  const [, region, account, name] = /^https:\/\/sqs\.([^./]+)\.[^/]+\/(\d{12})\/([^/]+)$/.exec(url ?? '') ?? [];
  return region === undefined ? undefined : `arn:${partition}:sqs:${region}:${account!}:${name!}`;
}

/** https://API.execute-api.REGION.amazonaws.com/STAGE/PATH; a domain of one's own does not tell. */
function apiArn({ partition, accountId }: AccountScope, url: string | undefined): string | undefined {
  const [, api, region, stage, path = ''] = /^https:\/\/([^./]+)\.execute-api\.([^./]+)\.[^/]+\/([^/?]*)\/?([^?]*)/.exec(url ?? '') ?? [];
  return api === undefined ? undefined : `arn:${partition}:execute-api:${region!}:${accountId}:${api}/${stage!}/POST/${path}`;
}

/** An index of a domain, whose name is in its endpoint: search-NAME-26 CHARACTERS.REGION.es.amazonaws.com, or vpc-. */
function search(): ActionType {
  return {
    resource: (fields) => fields.text('Endpoint'),
    needs: (fields, { scope, deployment }) => {
      const [, named] = /^https:\/\/(?:search|vpc)-(.+)-[a-z0-9]{26}\./.exec(fields.text('Endpoint') ?? '') ?? [];
      const path = fields.unknownPart('Endpoint');
      const declared = deployment.resources.find(({ stack, logicalId }) => path?.startsWith(`${stack}/${logicalId}.`));
      const domain = named ?? (declared && textAt(declared.properties, 'DomainName'));
      return [on('es:ESHttpPut', arn(scope, 'es', 'domain/', domain, '/', fields.text('Index'), '/', fields.text('Type'), '/', fields.text('Id')))];
    },
    problem: (_, { value }) => (asObject(value) === undefined ? 'a document must be a JSON object' : undefined),
  };
}

/** The secret that a destination of the assembly names. */
function secretOf({ resources }: Deployment, fields: Fields): string | undefined {
  const path = fields.unknownPart('DestinationArn');
  const destination = resources.find((resource) => resource.type === 'AWS::IoT::TopicRuleDestination' && path !== undefined && unknownIn(resource) === path);
  return destination && textAt(destination.properties, 'InfluxDBProperties', 'SecretId');
}

function unknownIn({ physicalId }: Resource): string | undefined {
  const part = isPartialText(physicalId) ? physicalId.parts[0] : undefined;
  return typeof part === 'object' ? part.unknown : undefined;
}

/** With BatchMode, the elements of an array are sent one by one. */
function batchOf(most: number): NonNullable<ActionType['problem']> {
  return (fields, { value }) => (fields.text('BatchMode') === 'true' && Array.isArray(value) && value.length > most
    ? `with BatchMode, the payload must be an array of at most ${most} elements, got ${value.length}` : undefined);
}

function numbers(fields: Fields, keys: readonly string[]): string | undefined {
  const text = fields.text(...keys);
  return text === undefined || (text.trim() !== '' && Number.isFinite(Number(text))) ? undefined : `${keys.at(-1)!} must be a number, got '${text}'`;
}

function entryNames(fields: Fields): readonly string[] {
  return fields.list('PutAssetPropertyValueEntries').flatMap((entry) => entry.text('PropertyAlias') ?? entry.text('AssetId') ?? []);
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Readonly<Record<string, unknown>> : undefined;
}

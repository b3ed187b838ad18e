import type { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as location from 'aws-cdk-lib/aws-location';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as opensearch from 'aws-cdk-lib/aws-opensearchservice';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as stepfunctions from 'aws-cdk-lib/aws-stepfunctions';
import * as timestream from 'aws-cdk-lib/aws-timestream';
import {
  FirehoseSeparator, HttpRuleDestination, InfluxDbRuleDestination, InfluxDbTimeUnit, InfluxDbVersion, KafkaAuthentication, RepublishPayloadFormat, RepublishQos, RuleAction,
  RuleTimeUnit, S3CannedAcl, SiteWiseProperty, SiteWiseType, SnsMessageFormat, VpcRuleDestination,
} from '../../lib/rules';

/** The one call of an action on its one target. */
export interface Call {
  readonly action: string;
  readonly resource: string;

  /** What AWS knows of the request besides. */
  readonly values?: Readonly<Record<string, string>>;

  /** A target that the templates in the real one do not reach. */
  readonly beside?: string;
}

export interface ActionCase {
  readonly action: RuleAction;

  /** Everything that its role must allow, and nothing else. */
  readonly calls: readonly Call[];

  /** What CloudFormation is told. */
  readonly rendered: object;
}

/** Each action of AWS IoT with all its options, on targets that exist elsewhere in the account of the stack. */
export const EVERY_ACTION: { readonly [name: string]: (stack: Stack) => ActionCase } = {
  Lambda: (stack) => {
    const handler = lambda.Function.fromFunctionAttributes(stack, 'Handler', { functionArn: arn(stack, 'lambda', 'function:handler'), sameEnvironment: true });
    return { action: RuleAction.toLambda(handler), calls: [], rendered: { Lambda: { FunctionArn: arnText('lambda', 'function:handler') } } };
  },
  Kinesis: (stack) => ({
    action: RuleAction.toKinesis(kinesis.Stream.fromStreamAttributes(stack, 'Stream', { streamArn: arn(stack, 'kinesis', 'stream/telemetry'), encryptionKey: key(stack) }), { partitionKey: '${topic(3)}' }),
    calls: [{ action: 'kinesis:PutRecord', resource: arnText('kinesis', 'stream/telemetry') }, ...keyCalls('GenerateDataKey')],
    rendered: { Kinesis: { StreamName: 'telemetry', PartitionKey: '${topic(3)}' } },
  }),
  Firehose: (stack) => ({
    action: RuleAction.toFirehose(firehose.DeliveryStream.fromDeliveryStreamName(stack, 'Delivery', 'telemetry'), { separator: FirehoseSeparator.NEWLINE }),
    calls: [{ action: 'firehose:PutRecord', resource: arnText('firehose', 'deliverystream/telemetry') }],
    rendered: { Firehose: { DeliveryStreamName: 'telemetry', Separator: '\n' } },
  }),
  FirehoseBatch: (stack) => ({
    action: RuleAction.toFirehose(firehose.DeliveryStream.fromDeliveryStreamName(stack, 'Batches', 'batches'), { batch: true }),
    calls: [{ action: 'firehose:PutRecordBatch', resource: arnText('firehose', 'deliverystream/batches') }],
    rendered: { Firehose: { DeliveryStreamName: 'batches', BatchMode: true } },
  }),
  Sqs: (stack) => ({
    action: RuleAction.toSqs(sqs.Queue.fromQueueAttributes(stack, 'Queue', { queueArn: arn(stack, 'sqs', 'telemetry'), keyArn: key(stack).keyArn }), { base64: true }),
    calls: [{ action: 'sqs:SendMessage', resource: arnText('sqs', 'telemetry') }, ...keyCalls('GenerateDataKey', 'Decrypt')],
    rendered: { Sqs: { QueueUrl: 'https://sqs.eu-west-1.ref-AWS::URLSuffix/111122223333/telemetry', UseBase64: true } },
  }),
  Sns: (stack) => ({
    action: RuleAction.toSns(sns.Topic.fromTopicAttributes(stack, 'Topic', { topicArn: arn(stack, 'sns', 'alerts'), keyArn: key(stack).keyArn }), { messageFormat: SnsMessageFormat.JSON }),
    calls: [{ action: 'sns:Publish', resource: arnText('sns', 'alerts') }, ...keyCalls('GenerateDataKey', 'Decrypt')],
    rendered: { Sns: { TargetArn: arnText('sns', 'alerts'), MessageFormat: 'JSON' } },
  }),
  S3: (stack) => ({
    action: RuleAction.toS3(s3.Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'telemetry', encryptionKey: key(stack) }), {
      key: 'raw/${topic(3)}/${timestamp()}.json', cannedAcl: S3CannedAcl.BUCKET_OWNER_FULL_CONTROL,
    }),
    calls: [
      { action: 's3:PutObject', resource: 'arn:aws:s3:::telemetry/raw/sensor-1/1.json', beside: 'arn:aws:s3:::telemetry/clean/sensor-1/1.json' },
      { action: 's3:PutObjectAcl', resource: 'arn:aws:s3:::telemetry/raw/sensor-1/1.json', beside: 'arn:aws:s3:::telemetry/clean/sensor-1/1.json' },
      ...keyCalls('GenerateDataKey', 'Decrypt'),
    ],
    rendered: { S3: { BucketName: 'telemetry', Key: 'raw/${topic(3)}/${timestamp()}.json', CannedAcl: 'bucket-owner-full-control' } },
  }),
  DynamoDb: (stack) => ({
    action: RuleAction.toDynamoDb(dynamodb.Table.fromTableAttributes(stack, 'Table', { tableName: 'readings', encryptionKey: key(stack) }), {
      partitionKey: { name: 'thing', value: '${topic(3)}' }, sortKey: { name: 'time', value: '${timestamp()}' }, payloadField: 'reading',
    }),
    calls: [
      { action: 'dynamodb:PutItem', resource: arnText('dynamodb', 'table/readings') },
      ...keyCalls('Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'DescribeKey'),
    ],
    rendered: { DynamoDB: { TableName: 'readings', HashKeyField: 'thing', HashKeyValue: '${topic(3)}', RangeKeyField: 'time', RangeKeyValue: '${timestamp()}', PayloadField: 'reading' } },
  }),
  DynamoDbV2: (stack) => ({
    action: RuleAction.toDynamoDbV2(dynamodb.Table.fromTableName(stack, 'TableV2', 'columns')),
    calls: [{ action: 'dynamodb:PutItem', resource: arnText('dynamodb', 'table/columns') }],
    rendered: { DynamoDBv2: { PutItem: { TableName: 'columns' } } },
  }),
  Timestream: (stack) => ({
    action: RuleAction.toTimestream(new timestream.CfnTable(stack, 'Series', { databaseName: 'plant' }), {
      dimensions: { thing: '${topic(3)}' }, timestamp: { value: '${time}', unit: RuleTimeUnit.MILLISECONDS }, encryptionKey: key(stack),
    }),
    calls: [
      { action: 'timestream:WriteRecords', resource: arnText('own', 'Series.Arn') },
      { action: 'timestream:DescribeEndpoints', resource: '*' },
      ...keyCalls('GenerateDataKey', 'Decrypt'),
    ],
    rendered: { Timestream: { Dimensions: [{ Name: 'thing', Value: '${topic(3)}' }], Timestamp: { Value: '${time}', Unit: 'MILLISECONDS' } } },
  }),
  CloudWatchLogs: (stack) => ({
    action: RuleAction.toCloudWatchLogs(logs.LogGroup.fromLogGroupName(stack, 'Log', 'telemetry'), { batch: true }),
    calls: ['CreateLogStream', 'DescribeLogStreams', 'PutLogEvents'].map((call) => ({ action: `logs:${call}`, resource: arnText('logs', 'log-group:telemetry:log-stream:a') })),
    rendered: { CloudwatchLogs: { LogGroupName: 'telemetry', BatchMode: true } },
  }),
  CloudWatchMetric: () => ({
    action: RuleAction.toCloudWatchMetric({ metricNamespace: 'Plant', metricName: 'Heat of ${topic(3)}', value: '${celsius}', unit: cloudwatch.Unit.COUNT, timestamp: '${floor(time / 1000)}' }),
    calls: [{ action: 'cloudwatch:PutMetricData', resource: '*', values: { 'cloudwatch:namespace': 'Plant' } }],
    rendered: { CloudwatchMetric: { MetricNamespace: 'Plant', MetricName: 'Heat of ${topic(3)}', MetricValue: '${celsius}', MetricUnit: 'Count', MetricTimestamp: '${floor(time / 1000)}' } },
  }),
  CloudWatchAlarm: (stack) => ({
    action: RuleAction.toCloudWatchAlarm(cloudwatch.Alarm.fromAlarmArn(stack, 'Alarm', arn(stack, 'cloudwatch', 'alarm:heat')), { state: cloudwatch.AlarmState.ALARM, reason: '${topic(3)} is hot' }),
    calls: [{ action: 'cloudwatch:SetAlarmState', resource: arnText('cloudwatch', 'alarm:heat') }],
    rendered: { CloudwatchAlarm: { AlarmName: 'heat', StateValue: 'ALARM', StateReason: '${topic(3)} is hot' } },
  }),
  StepFunctions: (stack) => ({
    action: RuleAction.toStepFunctions(stepfunctions.StateMachine.fromStateMachineName(stack, 'Machine', 'onboard'), { executionNamePrefix: '${topic(3)}-' }),
    calls: [{ action: 'states:StartExecution', resource: arnText('states', 'stateMachine:onboard') }],
    rendered: { StepFunctions: { StateMachineName: 'onboard', ExecutionNamePrefix: '${topic(3)}-' } },
  }),
  Republish: () => ({
    action: RuleAction.republish('alerts/${topic(3)}/heat', {
      qos: RepublishQos.AT_LEAST_ONCE,
      headers: { contentType: 'application/json', payloadFormat: RepublishPayloadFormat.UTF8_DATA, userProperties: { device: '${topic(3)}' } },
    }),
    calls: [{ action: 'iot:Publish', resource: arnText('iot', 'topic/alerts/sensor-1/heat') }],
    rendered: {
      Republish: {
        Topic: 'alerts/${topic(3)}/heat', Qos: 1,
        Headers: { ContentType: 'application/json', PayloadFormatIndicator: 'UTF8_DATA', UserProperties: [{ Key: 'device', Value: '${topic(3)}' }] },
      },
    },
  }),
  RepublishToShadow: () => ({
    action: RuleAction.republish('$$aws/things/${topic(3)}/shadow/update'),
    calls: [{ action: 'iot:Publish', resource: arnText('iot', 'topic/$aws/things/sensor-1/shadow/update'), beside: arnText('iot', 'topic/$aws/things/sensor-1/shadow/delete') }],
    rendered: { Republish: { Topic: '$$aws/things/${topic(3)}/shadow/update' } },
  }),
  Http: (stack) => ({
    action: RuleAction.toHttp('https://example.com/in/${topic(3)}', {
      destination: new HttpRuleDestination(stack, 'Endpoint', { confirmationUrl: 'https://example.com/in/' }),
      headers: { 'x-device': '${topic(3)}' },
      signing: { serviceName: 'execute-api', action: 'execute-api:Invoke', resourceArn: arn(stack, 'execute-api', 'abc/prod/POST/in/*') },
      batching: { maxMessages: 5 },
    }),
    calls: [{ action: 'execute-api:Invoke', resource: arnText('execute-api', 'abc/prod/POST/in/sensor-1'), beside: arnText('execute-api', 'abc/prod/GET/in/sensor-1') }],
    rendered: {
      Http: {
        Url: 'https://example.com/in/${topic(3)}', ConfirmationUrl: 'https://example.com/in/', Headers: [{ Key: 'x-device', Value: '${topic(3)}' }],
        Auth: { Sigv4: { ServiceName: 'execute-api', SigningRegion: 'eu-west-1' } }, EnableBatching: true, BatchConfig: { MaxBatchSize: 5, MaxBatchOpenMs: 20 },
      },
    },
  }),
  Kafka: (stack) => {
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-0a1b2c3d4e5f60718', availabilityZones: ['a'], privateSubnetIds: ['subnet-0a1b2c3d4e5f60718'] });
    const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Login', { secretCompleteArn: arn(stack, 'secretsmanager', 'secret:login-AbCdEf'), encryptionKey: key(stack) });
    return {
      action: RuleAction.toKafka(new VpcRuleDestination(stack, 'Kafka', { vpc }), {
        topic: 'telemetry', bootstrapServers: ['b-1.example.com:9096', 'b-2.example.com:9096'], authentication: KafkaAuthentication.scram(secret), key: '${topic(3)}', headers: { thing: '${topic(3)}' },
      }),
      calls: [...['GetSecretValue', 'DescribeSecret'].map((call) => ({ action: `secretsmanager:${call}`, resource: arnText('secretsmanager', 'secret:login-AbCdEf') })), ...keyCalls('Decrypt')],
      rendered: {
        Kafka: {
          Topic: 'telemetry', Key: '${topic(3)}', Headers: [{ Key: 'thing', Value: '${topic(3)}' }],
          ClientProperties: { 'acks': '1', 'bootstrap.servers': 'b-1.example.com:9096,b-2.example.com:9096', 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'SCRAM-SHA-512' },
        },
      },
    };
  },
  OpenSearch: (stack) => ({
    action: RuleAction.toOpenSearch(opensearch.Domain.fromDomainAttributes(stack, 'Domain', { domainArn: arn(stack, 'es', 'domain/plant'), domainEndpoint: 'search.example.com' }), { index: 'readings-${topic(2)}', documentId: '${topic(3)}' }),
    calls: [{ action: 'es:ESHttpPut', resource: arnText('es', 'domain/plant/readings-oven/_doc/sensor-1') }],
    rendered: { OpenSearch: { Endpoint: 'https://search.example.com', Index: 'readings-${topic(2)}', Type: '_doc', Id: '${topic(3)}' } },
  }),
  IotEvents: () => ({
    action: RuleAction.toIotEvents('heat', { messageId: '${newuuid()}' }),
    calls: [{ action: 'iotevents:BatchPutMessage', resource: arnText('iotevents', 'input/heat') }],
    rendered: { IotEvents: { InputName: 'heat', MessageId: '${newuuid()}' } },
  }),
  IotSiteWise: () => ({
    action: RuleAction.toIotSiteWise([
      { property: SiteWiseProperty.ofAsset('asset-1', 'property-1'), value: '${celsius}', dataType: SiteWiseType.DOUBLE },
      { property: SiteWiseProperty.ofAlias('/plant/${topic(3)}/heat'), value: '${celsius}', dataType: SiteWiseType.INTEGER, timeInSeconds: '${time}' },
    ]),
    calls: [['assetHierarchyPath', '/asset-1'], ['propertyAlias', '/plant/sensor-1/heat']]
      .map(([key, value]) => ({ action: 'iotsitewise:BatchPutAssetPropertyValue', resource: '*', values: { [`iotsitewise:${key}`]: value! } })),
    rendered: {
      IotSiteWise: {
        PutAssetPropertyValueEntries: [
          { AssetId: 'asset-1', PropertyId: 'property-1', PropertyValues: [{ Value: { DoubleValue: '${celsius}' }, Timestamp: { TimeInSeconds: '${floor(timestamp() / 1E3)}' } }] },
          { PropertyAlias: '/plant/${topic(3)}/heat', PropertyValues: [{ Value: { IntegerValue: '${celsius}' }, Timestamp: { TimeInSeconds: '${time}' } }] },
        ],
      },
    },
  }),
  Location: (stack) => ({
    action: RuleAction.toLocation(location.CfnTracker.fromTrackerName(stack, 'Tracker', 'vans'), {
      deviceId: '${topic(3)}', latitude: '${position.lat}', longitude: '${position.long}', timestamp: { value: '${time}', unit: RuleTimeUnit.SECONDS },
    }),
    calls: [{ action: 'geo:BatchUpdateDevicePosition', resource: arnText('geo', 'tracker/vans') }],
    rendered: { Location: { TrackerName: 'vans', DeviceId: '${topic(3)}', Latitude: '${position.lat}', Longitude: '${position.long}', Timestamp: { Value: '${time}', Unit: 'SECONDS' } } },
  }),
  InfluxDb: (stack) => {
    const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Token', { secretCompleteArn: arn(stack, 'secretsmanager', 'secret:token-AbCdEf'), encryptionKey: key(stack) });
    return {
      action: RuleAction.toInfluxDb(new InfluxDbRuleDestination(stack, 'Influx', { endpoint: 'https://influx.example.com:8086', version: InfluxDbVersion.V2, secret }), {
        databaseName: 'plant', tableName: 'readings', organization: 'works', tags: { thing: '${topic(3)}' }, timestampUnit: InfluxDbTimeUnit.MILLISECONDS,
      }),
      calls: [{ action: 'secretsmanager:GetSecretValue', resource: arnText('secretsmanager', 'secret:token-AbCdEf') }, ...keyCalls('Decrypt')],
      rendered: { InfluxDB: { DatabaseName: 'plant', TableName: 'readings', Organization: 'works', Tags: { thing: '${topic(3)}' }, TimestampUnit: 'ms' } },
    };
  },
};

const KEY = 'key/11112222-3333-4444-5555-666677778888';

function key(stack: Stack): kms.IKey {
  return stack.node.tryFindChild('Key') as kms.IKey | undefined ?? kms.Key.fromKeyArn(stack, 'Key', arn(stack, 'kms', KEY));
}

function keyCalls(...calls: readonly string[]): Call[] {
  return calls.map((call) => ({ action: `kms:${call}`, resource: arnText('kms', KEY) }));
}

function arn(stack: Stack, service: string, rest: string): string {
  return `arn:${stack.partition}:${service}:${stack.region}:${stack.account}:${rest}`;
}

/** The same as deployed. */
function arnText(service: string, rest: string): string {
  return `arn:aws:${service}:eu-west-1:111122223333:${rest}`;
}

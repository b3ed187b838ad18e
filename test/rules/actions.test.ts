import { App, CfnParameter, Duration, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as opensearch from 'aws-cdk-lib/aws-opensearchservice';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as timestream from 'aws-cdk-lib/aws-timestream';
import {
  DynamoDbKeyType, HttpRuleDestination, KafkaAcknowledgement, KafkaAuthentication, RuleAction, S3CannedAcl, SiteWiseProperty, SiteWiseQuality, SiteWiseType, TopicRule, VpcRuleDestination,
} from '../../lib/rules';
import { ruleIn } from './deployed';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
});
const define = (action: RuleAction) => new TopicRule(stack, 'Rule', { sql: "SELECT * FROM 'dt/+/telemetry'", actions: [action], loseFailedMessages: true });
const rendered = (action: RuleAction) => {
  define(action);
  return ruleIn(stack).TopicRulePayload.Actions[0]!;
};
const bucket = () => s3.Bucket.fromBucketName(stack, 'Bucket', 'telemetry');
const kafka = () => VpcRuleDestination.fromTopicRuleDestinationArn(stack, 'Kafka', 'arn:aws:iot:eu-west-1:111122223333:ruledestination/vpc/a');
const kafkaOptions = () => ({ topic: 'telemetry', bootstrapServers: ['b-1:9092'], authentication: KafkaAuthentication.scram(secretsmanager.Secret.fromSecretNameV2(stack, 'KafkaLogin', 'kafka')) });
const METRIC = { metricNamespace: 'Plant', metricName: 'heat', value: '${celsius}' };
const domain = () => opensearch.Domain.fromDomainEndpoint(stack, 'Domain', 'https://search-plant-abcdef.eu-west-1.es.amazonaws.com');
const alarm = () => cloudwatch.Alarm.fromAlarmArn(stack, 'Alarm', 'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:heat');

describe('an action fails at synthesis for', () => {
  test.each<[string, () => RuleAction, string | RegExp]>([
    ['a FIFO queue', () => RuleAction.toSqs(new sqs.Queue(stack, 'Queue', { fifo: true })), "'queue' must be a standard queue, AWS IoT cannot send to FIFO queues, got Stack/Queue"],
    ['a FIFO topic', () => RuleAction.toSns(new sns.Topic(stack, 'Topic', { fifo: true })), "'topic' must be a standard topic, AWS IoT cannot publish to FIFO topics, got Stack/Topic"],
    ['a wildcard in a key', () => RuleAction.toS3(bucket(), { key: 'a/*' }), "'key' must consist of characters other than * and ?, got \"a/*\""],
    ['a template without end', () => RuleAction.toS3(bucket(), { key: 'a/${topic(' }), /^'key' cannot be read: 1:\d+: /],
    ['an unknown function in a template', () => RuleAction.toS3(bucket(), { key: '${toppic(3)}' }), /^'key' cannot be read: 1:3: .*toppic.*topic/],
    ['no dimensions', () => RuleAction.toTimestream(new timestream.CfnTable(stack, 'Table', { databaseName: 'a' }), { dimensions: {} }), "'dimensions' must have 1 to 128 entries, got 0"],
    ['too many dimensions', () => RuleAction.toTimestream(new timestream.CfnTable(stack, 'Table', { databaseName: 'a' }), { dimensions: Object.fromEntries(Array.from({ length: 129 }, (_, n) => [`d${n}`, 'v'])) }), "'dimensions' must have 1 to 128 entries, got 129"],
    ['a namespace of AWS', () => RuleAction.toCloudWatchMetric({ ...METRIC, metricNamespace: 'AWS/IoT' }), "'metricNamespace' must consist of letters, digits and .-_/#: and not begin with AWS/, got \"AWS/IoT\""],
    ['a value that is no number', () => RuleAction.toCloudWatchMetric({ ...METRIC, value: 'hot' }), "'value' must consist of a number or a template, got \"hot\""],
    ['a time in milliseconds', () => RuleAction.toCloudWatchMetric({ ...METRIC, timestamp: '1700000000000' }), "'timestamp' must consist of a template or seconds in at most 10 digits, got \"1700000000000\""],
    ['an empty reason', () => RuleAction.toCloudWatchAlarm(alarm(), { state: cloudwatch.AlarmState.OK, reason: '' }), "'reason' must consist of some text, got \"\""],
    ['a topic with wildcards', () => RuleAction.republish('a/#'), "'topic' must consist of a topic without wildcards, got \"a/#\""],
    ['one $ before a reserved topic', () => RuleAction.republish('$aws/things/a/shadow/update'), '\'topic\' must begin with "$$" for a reserved topic, got "$aws/things/a/shadow/update"; write "$$aws/things/a/shadow/update"'],
    ['a topic of jobs', () => RuleAction.republish('$$aws/things/${topic(2)}/jobs/start-next'), '\'topic\' must not be of jobs, to which AWS IoT republishes nothing, got "$$aws/things/${topic(2)}/jobs/start-next"'],
    ['correlation data that is no base64', () => RuleAction.republish('a', { headers: { correlationData: 'a b' } }), "'correlationData' must consist of base64, got \"a b\""],
    ['too many user properties', () => RuleAction.republish('a', { headers: { userProperties: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`p${n}`, 'v'])) } }), "'userProperties' must have at most 100 entries, got 101"],
    ['a content type that is too long', () => RuleAction.republish('a', { headers: { contentType: 'a'.repeat(1025) } }), "'contentType' must be at most 1024 characters long, got 1025"],
    ['plain HTTP', () => RuleAction.toHttp('http://example.com/'), "'url' must consist of an https:// URL with port 443 or 8443 and no user in it, got \"http://example.com/\""],
    ['another port', () => RuleAction.toHttp('https://example.com:8080/'), "'url' must consist of an https:// URL with port 443 or 8443 and no user in it, got \"https://example.com:8080/\""],
    ['a password in a URL', () => RuleAction.toHttp('https://me:word@example.com/'), /^'url' must consist of an https:/],
    ['a URL that nobody can confirm', () => RuleAction.toHttp('https://example.com/${topic(2)}'), "'destination' must be given for a URL with templates, of which AWS IoT can confirm none"],
    ['a URL of another destination', () => RuleAction.toHttp('https://other.com/a', { confirmationUrl: 'https://example.com/' }), '\'url\' must begin with the confirmation URL of its destination, "https://example.com/", got "https://other.com/a"'],
    ['two confirmation URLs', () => RuleAction.toHttp('https://a.com/', { confirmationUrl: 'https://a.com/', destination: new HttpRuleDestination(stack, 'A', { confirmationUrl: 'https://a.com/' }) }), "'confirmationUrl' must be left out with 'destination', which has one"],
    ['a header of two lines', () => RuleAction.toHttp('https://a.com/', { headers: { 'x-a': 'a\r\nb' } }), '\'headers.x-a\' must consist of one line, got "a\\r\\nb"'],
    ['a header whose name is none', () => RuleAction.toHttp('https://a.com/', { headers: { 'x a': 'a' } }), "'headers' must consist of the names of headers, got \"x a\""],
    ['a template in the name of a header', () => RuleAction.toHttp('https://a.com/', { headers: { '${topic(1)}': 'a' } }), "'headers' must be the same for all messages, AWS IoT replaces no ${…} in it"],
    ['too many headers', () => RuleAction.toHttp('https://a.com/', { headers: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`h${n}`, 'v'])) }), "'headers' must have at most 100 entries, got 101"],
    ['a batch that waits too long', () => RuleAction.toHttp('https://a.com/', { batching: { maxOpen: Duration.seconds(1) } }), "'batching.maxOpen' must be between 5 and 200 milliseconds, got 1000"],
    ['a batch of one', () => RuleAction.toHttp('https://a.com/', { batching: { maxMessages: 1 } }), "'batching.maxMessages' must be between 2 and 10, got 1"],
    ['a batch that is too large', () => RuleAction.toHttp('https://a.com/', { batching: { maxBytes: 131_073 } }), "'batching.maxBytes' must be between 100 and 131072, got 131073"],
    ['no brokers', () => RuleAction.toKafka(kafka(), { ...kafkaOptions(), bootstrapServers: [] }), "'bootstrapServers' must name at least one broker"],
    ['a broker without a port', () => RuleAction.toKafka(kafka(), { ...kafkaOptions(), bootstrapServers: ['b-1'] }), "'bootstrapServers' must consist of host:port, got \"b-1\""],
    ['a connection that is not encrypted', () => RuleAction.toKafka(kafka(), { ...kafkaOptions(), clientProperties: { 'security.protocol': 'PLAINTEXT' } }), "'clientProperties.security.protocol' must be SSL or SASL_SSL, got \"PLAINTEXT\""],
    ['an empty key', () => RuleAction.toKafka(kafka(), { ...kafkaOptions(), key: '' }), "'key' must have characters; leave it out for none"],
    ['an index in capitals', () => RuleAction.toOpenSearch(domain(), { index: 'Readings' }), "'index' must consist of characters that an index may have and not begin with _ or -, got \"Readings\""],
    ['an id for a batch', () => RuleAction.toIotEvents('heat', { batch: true, messageId: 'a' }), "'messageId' must be left out with 'batch', where AWS IoT makes the ids"],
    ['an input that cannot be', () => RuleAction.toIotEvents('1-heat'), "'inputName' must consist of a letter, and then letters, digits and _, got \"1-heat\""],
    ['no values', () => RuleAction.toIotSiteWise([]), "'entries' must have at least one entry"],
    ['a wildcard in an alias', () => RuleAction.toIotSiteWise([{ property: SiteWiseProperty.ofAlias('/plant/*'), value: '1', dataType: SiteWiseType.INTEGER }]), "'propertyAlias' must consist of characters other than * and ?, got \"/plant/*\""],
    ['a function in another Region', () => RuleAction.toLambda(lambda.Function.fromFunctionArn(stack, 'F', 'arn:aws:lambda:us-east-1:111122223333:function:f')), 'the action Lambda must be in the Region of the rule, eu-west-1, got us-east-1; move the rule or what it acts on'],
    ['a stream of another account', () => RuleAction.toKinesis(kinesis.Stream.fromStreamArn(stack, 'S', 'arn:aws:kinesis:eu-west-1:999999999999:stream/s')), 'the action Kinesis must be in the account of the rule, 111122223333, got 999999999999; of other accounts a rule reaches functions, queues, topics and buckets alone'],
  ])('%s', (_, action, message) => {
    expect(() => define(action())).toThrow(typeof message === 'string' ? new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')} \\(at Stack/Rule/\\w+\\)$`) : message);
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Role', 0);
  });
});

test.each([
  ['queues', () => RuleAction.toSqs(sqs.Queue.fromQueueArn(stack, 'Q', 'arn:aws:sqs:eu-west-1:999999999999:q'))],
  ['topics', () => RuleAction.toSns(sns.Topic.fromTopicArn(stack, 'T', 'arn:aws:sns:eu-west-1:999999999999:t'))],
  ['functions', () => RuleAction.toLambda(lambda.Function.fromFunctionArn(stack, 'F', 'arn:aws:lambda:eu-west-1:999999999999:function:f'))],
])('%s may belong to another account', (_, action) => {
  expect(() => define(action())).not.toThrow();
});

test('a function of another account is let in by its owner, and the app says so', () => {
  define(RuleAction.toLambda(lambda.Function.fromFunctionArn(stack, 'F', 'arn:aws:lambda:eu-west-1:999999999999:function:f')));
  Template.fromStack(stack).resourceCountIs('AWS::Lambda::Permission', 0);
  Annotations.fromStack(stack).hasWarning('/Stack/Rule/Lambda', Match.stringLikeRegexp('the owner of arn:aws:lambda:eu-west-1:999999999999:function:f must let iot.amazonaws.com invoke it'));
});

describe('a name that a device chooses by its payload', () => {
  const table = () => dynamodb.Table.fromTableName(stack, 'T', 't');
  const isWarnedOf = (action: RuleAction, sql = "SELECT * FROM 'dt/+/telemetry'") => {
    new TopicRule(stack, 'Rule', { sql, actions: [action], loseFailedMessages: true });
    return Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('is what a device says in its payload')).length === 1;
  };

  test.each<[string, () => RuleAction]>([
    ['an object', () => RuleAction.toS3(bucket(), { key: 'raw/${device}.json' })],
    ['an object, by the whole of it', () => RuleAction.toS3(bucket(), { key: '${get(*, "device")}' })],
    ['a topic', () => RuleAction.republish('cmd/${target.name}/reboot')],
    ['an item', () => RuleAction.toDynamoDb(table(), { partitionKey: { name: 'id', value: '${lower(device)}' } })],
    ['a document', () => RuleAction.toOpenSearch(domain(), { index: 'readings', documentId: '${id}' })],
    ['an asset', () => RuleAction.toIotSiteWise([{ property: SiteWiseProperty.ofAlias('${alias}'), value: '${v}', dataType: SiteWiseType.DOUBLE }])],
  ])('%s gives a warning', (_, action) => {
    expect(isWarnedOf(action())).toBe(true);
  });

  test.each<[string, () => RuleAction]>([
    ['below who it is', () => RuleAction.toS3(bucket(), { key: 'raw/${topic(2)}/${name}.json' })],
    ['mapped from who it is', () => RuleAction.republish('cmd/${concat(clientid(), name)}')],
    ['that is none', () => RuleAction.toS3(bucket(), { key: 'raw/${newuuid()}/${timestamp()}' })],
    ['of the sort key', () => RuleAction.toDynamoDb(table(), { partitionKey: { name: 'id', value: '${principal()}' }, sortKey: { name: 'time', value: '${time}' } })],
  ])('%s gives none', (_, action) => {
    expect(isWarnedOf(action())).toBe(false);
  });

  test('is seen through variables', () => {
    expect(isWarnedOf(RuleAction.republish('cmd/${@to}'), "SET @to = target SELECT * FROM 'dt/+/telemetry'")).toBe(true);
  });

  test('is AWS who says it in events', () => {
    expect(isWarnedOf(RuleAction.republish('lost/${clientId}'), "SELECT * FROM '$aws/events/presence/disconnected/+'")).toBe(false);
  });
});

describe('by default', () => {
  test.each<[string, () => RuleAction, object]>([
    ['records are spread over the shards of a stream', () => RuleAction.toKinesis(kinesis.Stream.fromStreamArn(stack, 'S', 'arn:aws:kinesis:eu-west-1:111122223333:stream/s')), { Kinesis: { PartitionKey: '${newuuid()}' } }],
    ['objects have keys of their own', () => RuleAction.toS3(bucket()), { S3: { Key: '${topic()}/${timestamp()}-${newuuid()}' } }],
    ['a metric has no unit', () => RuleAction.toCloudWatchMetric(METRIC), { CloudwatchMetric: { MetricUnit: 'None' } }],
    ['an alarm says which topic it was', () => RuleAction.toCloudWatchAlarm(alarm(), { state: cloudwatch.AlarmState.OK }), { CloudwatchAlarm: { StateValue: 'OK', StateReason: 'Set by an AWS IoT rule for ${topic()}' } }],
    ['a document has an id of its own', () => RuleAction.toOpenSearch(domain(), { index: 'readings' }), { OpenSearch: { Id: '${newuuid()}', Type: '_doc' } }],
    ['a broker answers when its leader has the message', () => RuleAction.toKafka(kafka(), kafkaOptions()), { Kafka: { ClientProperties: { 'acks': '1', 'security.protocol': 'SASL_SSL' } } }],
  ])('%s', (_, action, expected) => {
    expect(rendered(action())).toMatchObject(expected);
  });

  test('republishing has no headers', () => {
    expect(rendered(RuleAction.republish('a')).Republish).toEqual({ Topic: 'a', RoleArn: expect.anything() as unknown });
  });

  test('a request is not signed and has no role', () => {
    expect(rendered(RuleAction.toHttp('https://example.com/'))).toEqual({ Http: { Url: 'https://example.com/' } });
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Role', 0);
  });
});

test('a rule waits for the destinations of its actions, the error action included', () => {
  const [one, two] = ['One', 'Two'].map((id) => new HttpRuleDestination(stack, id, { confirmationUrl: 'https://example.com/' }));
  const to = (destination: HttpRuleDestination) => RuleAction.toHttp('https://example.com/a', { destination });
  new TopicRule(stack, 'Rule', { sql: "SELECT * FROM 'a'", actions: [to(one!)], errorAction: to(two!) });
  Template.fromStack(stack).hasResource('AWS::IoT::TopicRule', { DependsOn: [Match.stringLikeRegexp('^One'), Match.stringLikeRegexp('^Two')] });
});

describe('options', () => {
  test.each<[string, () => RuleAction, object]>([
    ['types of keys', () => RuleAction.toDynamoDb(dynamodb.Table.fromTableName(stack, 'T', 't'), { partitionKey: { name: 'a', value: '1', keyType: DynamoDbKeyType.NUMBER } }), { DynamoDB: { HashKeyField: 'a', HashKeyValue: '1', HashKeyType: 'NUMBER' } }],
    ['MQTT 5 properties', () => RuleAction.republish('a', { headers: { correlationData: 'YWJj', messageExpiry: Duration.minutes(1), responseTopic: 'b' } }), { Republish: { Headers: { CorrelationData: 'YWJj', MessageExpiry: '60', ResponseTopic: 'b' } } }],
    ['the Region of a signature', () => RuleAction.toHttp('https://a.com/', { signing: { serviceName: 'lambda', action: 'lambda:InvokeFunctionUrl', resourceArn: '*', region: 'us-east-1' } }), { Http: { Auth: { Sigv4: { SigningRegion: 'us-east-1' } } } }],
    ['the limits of a batch', () => RuleAction.toHttp('https://a.com/', { batching: { maxOpen: Duration.millis(200), maxBytes: 100, acrossTopics: true } }), { Http: { EnableBatching: true, BatchConfig: { MaxBatchOpenMs: 200, MaxBatchSizeBytes: 100, BatchAcrossTopics: true } } }],
    ['a destination that exists elsewhere', () => RuleAction.toHttp('https://a.com/${topic(1)}', { confirmationUrl: 'https://a.com/' }), { Http: { ConfirmationUrl: 'https://a.com/' } }],
    ['properties of a Kafka client', () => RuleAction.toKafka(kafka(), { ...kafkaOptions(), partition: '3', acknowledgement: KafkaAcknowledgement.NONE, clientProperties: { 'compression.type': 'gzip' } }), { Kafka: { Partition: '3', ClientProperties: { 'acks': '0', 'compression.type': 'gzip' } } }],
    ['quality, offset and id of a value', () => RuleAction.toIotSiteWise([{ property: SiteWiseProperty.ofAlias('/a'), value: 'x', dataType: SiteWiseType.STRING, quality: SiteWiseQuality.BAD, offsetInNanos: '5', entryId: 'e' }]), { IotSiteWise: { PutAssetPropertyValueEntries: [{ EntryId: 'e', PropertyValues: [{ Quality: 'BAD', Timestamp: { OffsetInNanos: '5' }, Value: { StringValue: 'x' } }] }] } }],
    ['a batch of IoT Events', () => RuleAction.toIotEvents('heat', { batch: true }), { IotEvents: { BatchMode: true } }],
    ['tokens', () => RuleAction.toHttp(Token.asString({ Ref: 'Url' }), { headers: { 'x-a': new CfnParameter(stack, 'Header').valueAsString } }), { Http: { Url: { Ref: 'Url' }, Headers: [{ Key: 'x-a', Value: { Ref: 'Header' } }] } }],
  ])('may give %s', (_, action, expected) => {
    expect(rendered(action())).toMatchObject(expected);
  });

  test('of an object may open it to the world, with a warning', () => {
    define(RuleAction.toS3(bucket(), { cannedAcl: S3CannedAcl.PUBLIC_READ }));
    Annotations.fromStack(stack).hasWarning('/Stack/Rule/S3', Match.stringLikeRegexp("'cannedAcl' public-read lets others than the account read what devices send"));
  });

  test('keep the value of a secret out of the template', () => {
    const { Kafka: action } = rendered(RuleAction.toKafka(kafka(), { ...kafkaOptions(), authentication: KafkaAuthentication.scram(secretIn(stack)) })) as { Kafka: { ClientProperties: Record<string, unknown> } };
    expect(JSON.stringify(action.ClientProperties['sasl.scram.password'])).toMatch(/^\{"Fn::Join":\["",\["\$\{get_secret\('.*', 'SecretString', 'password', '",\{"Fn::GetAtt":\["RuleKafkaRole\w+","Arn"\]\},"'\)\}"\]\]\}$/);
  });
});

test('the role of a fixed key reaches that object alone', () => {
  define(RuleAction.toS3(bucket(), { key: `${new CfnParameter(stack, 'Prefix').valueAsString}/last.json` }));
  const [policy] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  expect(JSON.stringify(policy)).toContain('":s3:::telemetry/",{"Ref":"Prefix"},"/last.json"');
  expect(policy!.Metadata).toBeUndefined();
});

function secretIn(scope: Stack): secretsmanager.ISecret {
  return new secretsmanager.Secret(scope, 'Login');
}

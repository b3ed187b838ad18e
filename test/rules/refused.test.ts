import { App, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as opensearch from 'aws-cdk-lib/aws-opensearchservice';
import { DynamoDbKeyType, RuleAction, TopicRule, type TopicRuleProps } from '../../lib/rules';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
});
const define = (action: RuleAction, props: Partial<TopicRuleProps> = {}) => new TopicRule(stack, 'Rule', { sql: "SELECT * FROM 'dt/+/telemetry'", actions: [action], loseFailedMessages: true, ...props });
const refused = (action: RuleAction, message: string) => expect(() => define(action)).toThrow(message);

describe('an OpenSearch domain in a VPC', () => {
  const action = (domain: opensearch.IDomain) => RuleAction.toOpenSearch(domain, { index: 'readings' });

  test('is refused', () => {
    const vpc = new ec2.Vpc(stack, 'Vpc');
    refused(action(new opensearch.Domain(stack, 'Domain', { version: opensearch.EngineVersion.OPENSEARCH_2_19, vpc })), "'domain' must have a public endpoint, AWS IoT reaches none in a VPC, got Stack/Domain");
  });

  test('is refused by its endpoint', () => {
    refused(action(opensearch.Domain.fromDomainEndpoint(stack, 'Domain', 'https://vpc-plant-abcdef.eu-west-1.es.amazonaws.com')), "'domain' must have a public endpoint");
  });
});

describe('the keys of an item', () => {
  const { STRING, NUMBER } = dynamodb.AttributeType;
  const keys = { partitionKey: { name: 'thing', type: STRING }, sortKey: { name: 'time', type: NUMBER } };
  const [thing, time] = [{ name: 'thing', value: '${topic(2)}' }, { name: 'time', value: '${timestamp()}', keyType: DynamoDbKeyType.NUMBER }];

  describe.each([
    ['Table', (props: dynamodb.TableProps) => new dynamodb.Table(stack, 'Table', props)],
    ['TableV2', (props: dynamodb.TableProps) => new dynamodb.TableV2(stack, 'Table', props as dynamodb.TablePropsV2)],
  ])('of a %s', (_, table) => {
    test('are those of the table', () => {
      expect(() => define(RuleAction.toDynamoDb(table(keys), { partitionKey: thing, sortKey: time }))).not.toThrow();
    });

    test.each([
      ['another name', { partitionKey: { ...thing, name: 'device' }, sortKey: time }, '\'partitionKey\' must be "thing", as Stack/Table has it, got "device"'],
      ['no sort key', { partitionKey: thing }, '\'sortKey\' must be "time", as Stack/Table has it, got none'],
    ])('fail with %s', (__, options, message) => {
      refused(RuleAction.toDynamoDb(table(keys), options), message);
    });

    test('fail with a sort key that the table has not', () => {
      refused(RuleAction.toDynamoDb(table({ partitionKey: keys.partitionKey }), { partitionKey: thing, sortKey: time }), "'sortKey' must be left out, Stack/Table has none");
    });
  });

  test('fail with another type, which a TableV2 does not tell', () => {
    refused(RuleAction.toDynamoDb(new dynamodb.Table(stack, 'Table', keys), { partitionKey: thing, sortKey: { ...time, keyType: DynamoDbKeyType.STRING } }), "'sortKey.keyType' must be that of Stack/Table, N, got STRING");
  });

  test('are not known of a table that exists elsewhere', () => {
    expect(() => define(RuleAction.toDynamoDb(dynamodb.Table.fromTableName(stack, 'Table', 'readings'), { partitionKey: { name: 'a', value: 'b' } }))).not.toThrow();
  });
});

describe('an action that takes an array apart', () => {
  const batches: [string, () => RuleAction][] = [
    ['Firehose', () => RuleAction.toFirehose(firehose.DeliveryStream.fromDeliveryStreamName(stack, 'Stream', 's'), { batch: true })],
    ['CloudWatch Logs', () => RuleAction.toCloudWatchLogs(logs.LogGroup.fromLogGroupName(stack, 'Group', 'g'), { batch: true })],
    ['IoT Events', () => RuleAction.toIotEvents('heat', { batch: true })],
  ];

  test.each(batches)('of %s fails where the statement makes an object', (_, action) => {
    expect(() => define(action(), { sql: "SELECT celsius FROM 'a'" })).toThrow("'batch' must be left out where the statement makes an object of each message; for an array, select it with SELECT VALUE");
  });

  test.each(batches)('of %s cannot be an error action', (_, action) => {
    expect(() => define(RuleAction.republish('b'), { errorAction: action(), loseFailedMessages: false })).toThrow("'errorAction' is given one object for each failure; leave out its 'batch'");
  });

  test.each(["SELECT * FROM 'a'", "SELECT VALUE readings FROM 'a'"])('is fine with %s', (sql) => {
    expect(() => define(RuleAction.toIotEvents('heat', { batch: true }), { sql })).not.toThrow();
  });
});

test.each(['', 'dt/#', '+'])('no device reaches a rule with the topic %j', (topic) => {
  expect(() => TopicRule.fromTopicRuleName(stack, 'Rule', 'Ingest').basicIngestTopic(topic)).toThrow("'topic' must consist of a topic without wildcards");
});

test.each([0, 1.5])('an alarm has no %d evaluation periods', (evaluationPeriods) => {
  expect(() => TopicRule.fromTopicRuleName(stack, 'Rule', 'Ingest').alarmOnFailures('Failures', { evaluationPeriods })).toThrow(`'evaluationPeriods' must be a whole number from 1 on, got ${evaluationPeriods}`);
});

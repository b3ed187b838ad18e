import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kinesis from 'aws-cdk-lib/aws-kinesis';
import type * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as location from 'aws-cdk-lib/aws-location';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as opensearch from 'aws-cdk-lib/aws-opensearchservice';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as stepfunctions from 'aws-cdk-lib/aws-stepfunctions';
import type * as timestream from 'aws-cdk-lib/aws-timestream';
import { cloudWatchAlarmAction, type CloudWatchAlarmActionOptions } from './actions/cloudwatch-alarm';
import { cloudWatchLogsAction, type CloudWatchLogsActionOptions } from './actions/cloudwatch-logs';
import { cloudWatchMetricAction, type CloudWatchMetricActionOptions } from './actions/cloudwatch-metric';
import type { ActionDefinition } from './actions/definition';
import { dynamoDbAction, dynamoDbV2Action, type DynamoDbActionOptions } from './actions/dynamodb';
import { firehoseAction, type FirehoseActionOptions } from './actions/firehose';
import { httpAction, type HttpActionOptions } from './actions/http';
import { influxDbAction, type InfluxDbActionOptions } from './actions/influx-db';
import { iotEventsAction, type IotEventsActionOptions } from './actions/iot-events';
import { iotSiteWiseAction, type SiteWiseEntry } from './actions/iot-site-wise';
import { kafkaAction, type KafkaActionOptions } from './actions/kafka';
import { kinesisAction, type KinesisActionOptions } from './actions/kinesis';
import { lambdaAction } from './actions/lambda';
import { locationAction, type LocationActionOptions } from './actions/location';
import { openSearchAction, type OpenSearchActionOptions } from './actions/open-search';
import { republishAction, type RepublishActionOptions } from './actions/republish';
import { s3Action, type S3ActionOptions } from './actions/s3';
import { snsAction, type SnsActionOptions } from './actions/sns';
import { sqsAction, type SqsActionOptions } from './actions/sqs';
import { stepFunctionsAction, type StepFunctionsActionOptions } from './actions/step-functions';
import { timestreamAction, type TimestreamActionOptions } from './actions/timestream';
import type { IInfluxDbRuleDestination, ITopicRuleDestination } from './destinations';

/**
 * What a rule does with a message.
 *
 * Each action has a role of its own, which only this rule can use, for one call on one target. Where the target is
 * encrypted with a key of the customer, the role may use it. Targets are in the Region of the rule, and in its account but
 * for functions, queues, topics and buckets whose resource policies let the role in.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html
 */
export class RuleAction {
  /**
   * Invokes a function with the message, once or more, and does not wait for it.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/lambda-rule-action.html
   */
  public static toLambda(handler: lambda.IFunction): RuleAction {
    return new RuleAction(lambdaAction(handler));
  }

  /**
   * Puts the message into a Kinesis data stream.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/kinesis-rule-action.html
   */
  public static toKinesis(stream: kinesis.IStream, options: KinesisActionOptions = {}): RuleAction {
    return new RuleAction(kinesisAction(stream, options));
  }

  /**
   * Puts the message into a Firehose stream.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/kinesis-firehose-rule-action.html
   */
  public static toFirehose(stream: firehose.IDeliveryStream, options: FirehoseActionOptions = {}): RuleAction {
    return new RuleAction(firehoseAction(stream, options));
  }

  /**
   * Sends the message to a queue.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/sqs-rule-action.html
   */
  public static toSqs(queue: sqs.IQueue, options: SqsActionOptions = {}): RuleAction {
    return new RuleAction(sqsAction(queue, options));
  }

  /**
   * Publishes the message to an Amazon SNS topic.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/sns-rule-action.html
   */
  public static toSns(topic: sns.ITopic, options: SnsActionOptions = {}): RuleAction {
    return new RuleAction(snsAction(topic, options));
  }

  /**
   * Stores the message as an object in a bucket.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/s3-rule-action.html
   */
  public static toS3(bucket: s3.IBucket, options: S3ActionOptions = {}): RuleAction {
    return new RuleAction(s3Action(bucket, options));
  }

  /**
   * Puts the message into one attribute of an item, whose keys are given.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/dynamodb-rule-action.html
   */
  public static toDynamoDb(table: dynamodb.ITable, options: DynamoDbActionOptions): RuleAction {
    return new RuleAction(dynamoDbAction(table, options));
  }

  /**
   * Puts each attribute of the message into an attribute of an item; the keys must be among them.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/dynamodb-v2-rule-action.html
   */
  public static toDynamoDbV2(table: dynamodb.ITable): RuleAction {
    return new RuleAction(dynamoDbV2Action(table));
  }

  /**
   * Writes each attribute of the message as a measure into an Amazon Timestream table.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/timestream-rule-action.html
   */
  public static toTimestream(table: timestream.ITableRef, options: TimestreamActionOptions): RuleAction {
    return new RuleAction(timestreamAction(table, options));
  }

  /**
   * Writes the message into a log group.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/cloudwatch-logs-rule-action.html
   */
  public static toCloudWatchLogs(logGroup: logs.ILogGroup, options: CloudWatchLogsActionOptions = {}): RuleAction {
    return new RuleAction(cloudWatchLogsAction(logGroup, options));
  }

  /**
   * Captures a CloudWatch metric.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/cloudwatch-metrics-rule-action.html
   */
  public static toCloudWatchMetric(options: CloudWatchMetricActionOptions): RuleAction {
    return new RuleAction(cloudWatchMetricAction(options));
  }

  /**
   * Changes the state of a CloudWatch alarm.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/cloudwatch-alarms-rule-action.html
   */
  public static toCloudWatchAlarm(alarm: cloudwatch.IAlarm, options: CloudWatchAlarmActionOptions): RuleAction {
    return new RuleAction(cloudWatchAlarmAction(alarm, options));
  }

  /**
   * Starts an execution of a state machine with the message.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/stepfunctions-rule-action.html
   */
  public static toStepFunctions(stateMachine: stepfunctions.IStateMachine, options: StepFunctionsActionOptions = {}): RuleAction {
    return new RuleAction(stepFunctionsAction(stateMachine, options));
  }

  /**
   * Publishes the message to another topic of MQTT.
   *
   * Substitution templates are replaced in the topic; a reserved topic begins with `$$`. It must not be one that the rule
   * listens to.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/republish-rule-action.html
   */
  public static republish(topic: string, options: RepublishActionOptions = {}): RuleAction {
    return new RuleAction(republishAction(topic, options));
  }

  /**
   * Posts the message to an HTTPS endpoint, once that is confirmed. Substitution templates are replaced in the URL.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/https-rule-action.html
   */
  public static toHttp(url: string, options: HttpActionOptions = {}): RuleAction {
    return new RuleAction(httpAction(url, options));
  }

  /**
   * Sends the message to an Apache Kafka cluster in a VPC.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/apache-kafka-rule-action.html
   */
  public static toKafka(destination: ITopicRuleDestination, options: KafkaActionOptions): RuleAction {
    return new RuleAction(kafkaAction(destination, options));
  }

  /**
   * Indexes the message in an Amazon OpenSearch Service domain, which must let the role in.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/opensearch-rule-action.html
   */
  public static toOpenSearch(domain: opensearch.IDomain, options: OpenSearchActionOptions): RuleAction {
    return new RuleAction(openSearchAction(domain, options));
  }

  /**
   * Sends the message to an input of AWS IoT Events, a service that AWS is ending: CloudFormation validation warns of it.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/iotevents-rule-action.html
   */
  public static toIotEvents(inputName: string, options: IotEventsActionOptions = {}): RuleAction {
    return new RuleAction(iotEventsAction(inputName, options));
  }

  /**
   * Sends values to asset properties of AWS IoT SiteWise.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/iotsitewise-rule-action.html
   */
  public static toIotSiteWise(entries: SiteWiseEntry[]): RuleAction {
    return new RuleAction(iotSiteWiseAction(entries));
  }

  /**
   * Updates the position of a device in an Amazon Location Service tracker.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/location-rule-action.html
   */
  public static toLocation(tracker: location.ITrackerRef, options: LocationActionOptions): RuleAction {
    return new RuleAction(locationAction(tracker, options));
  }

  /**
   * Writes the message as a point into an InfluxDB database.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/influxdb-rule-action.html
   */
  public static toInfluxDb(destination: IInfluxDbRuleDestination, options: InfluxDbActionOptions): RuleAction {
    return new RuleAction(influxDbAction(destination, options));
  }

  private constructor(
    /** @internal */
    public readonly _definition: ActionDefinition,
  ) {}
}

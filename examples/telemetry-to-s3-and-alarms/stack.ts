/**
 * Readings of sensors that are archived in a bucket, counted as a metric, and raise an alarm when one is too hot.
 *
 * What to look at: no statement names a topic, and no policy is written. Each rule listens to what the channel says, and
 * each of its actions has a role for one call on one target. What fails is in one queue, which has an alarm of its own.
 */
import { type CfnResource, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { Channel, DeviceFleet, RuleAction } from '../../lib';

export interface TelemetryStackProps extends StackProps {
  /** The certificate signing request of sensor-1, which keeps its private key, as PEM text. */
  readonly csr: string;
}

const METRIC = { namespace: 'Sensors', metricName: 'Celsius' };

export class TelemetryStack extends Stack {
  constructor(scope: Construct, id: string, props: TelemetryStackProps) {
    super(scope, id, props);

    const archive = new s3.Bucket(this, 'Archive', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
    });
    acknowledge(archive, 'AwsSolutions-S1', 'An example needs no log of who reads its bucket');

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: { telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry') },
    });
    fleet.addCertificate('Sensor1', {
      thing: fleet.addThing('sensor-1'),
      csr: props.csr,
      removalPolicy: RemovalPolicy.DESTROY,
    });

    const telemetry = fleet.channel('telemetry');
    // The policies let no device publish under the name of another, whatever its payload says.
    const sensor = telemetry.thingExpression;
    const { deadLetterQueue } = telemetry.addRule('Archive', RuleAction.toS3(archive, { key: `raw/\${${sensor}}/\${timestamp()}-\${newuuid()}.json` }), {
      select: `*, ${sensor} AS sensor, timestamp() AS received`,
      moreActions: [RuleAction.toCloudWatchMetric({ metricNamespace: METRIC.namespace, metricName: METRIC.metricName, value: '${celsius}' })],
      // A metric must have a value; what lacks one is no reading.
      where: 'isUndefined(celsius) = false',
    });

    const hot = new cloudwatch.Alarm(this, 'Hot', {
      alarmDescription: 'A sensor is too hot',
      metric: new cloudwatch.Metric({ ...METRIC, statistic: 'Maximum', period: Duration.minutes(1) }),
      threshold: 30,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    // At once, not when CloudWatch looks at the metric the next time.
    telemetry.addRule('TooHot', RuleAction.toCloudWatchAlarm(hot, { state: cloudwatch.AlarmState.ALARM, reason: `\${${sensor}} has \${celsius} degrees` }), {
      where: 'celsius > 30',
      ...deadLetterQueue && { deadLetterQueue },
    });

    new CfnOutput(this, 'ArchiveBucket', { value: archive.bucketName });
    new CfnOutput(this, 'HotAlarm', { value: hot.alarmName });
  }
}

/** Says to cdk-nag why one of its rules does not apply. */
function acknowledge(construct: Construct, id: string, reason: string): void {
  (construct.node.defaultChild as CfnResource).addMetadata('cdk_nag', { rules_to_suppress: [{ id, reason }] });
}

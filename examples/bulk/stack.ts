/**
 * Sensors that are registered all at once, from a file with a line for each.
 *
 * What to look at: there is one resource for all of them, and AWS IoT does the work, so that a million lines deploy as fast
 * as three. Each line has a signing request; the private key stays on its sensor.
 */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { BulkFile, Channel, DeviceFleet } from '../../lib';

export interface BulkStackProps extends StackProps {
  /** The file of the sensors: `SerialNumber` and `CSR` in each line. */
  readonly file: string;
}

export class BulkStack extends Stack {
  constructor(scope: Construct, id: string, props: BulkStackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: { telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry') },
    });
    const registration = fleet.addBulkRegistration('FirstBatch', {
      file: BulkFile.fromLocalFile(props.file),
      parameters: { SerialNumber: {} },
      thingName: 'sensor-{SerialNumber}',
    });
    new CfnOutput(this, 'TaskId', { value: registration.taskId });
  }
}

/**
 * Two sensors that publish telemetry, take commands and keep a shadow, each with a certificate of its own.
 *
 * What to look at: nothing names a policy. The fleet makes one from its topics, and `sensor-1` can do nothing as, to or
 * with the data of `sensor-10`. The signing requests in `devices/` are public; whoever made them keeps the private keys.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Channel, DeviceFleet, Shadow } from '../../lib';

const SENSORS = ['sensor-1', 'sensor-10'];

export class QuickstartStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: {
        telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry'),
        commands: Channel.toDevice('cmd/sensors/{thing}/+'),
      },
      shadows: [Shadow.classic()],
    });

    for (const thing of fleet.addThings(SENSORS)) {
      const csr = readFileSync(join(__dirname, 'devices', `${thing.node.id}.csr.pem`), 'utf8');
      // Certificates outlive a stack unless told otherwise: devices in the field may have no other.
      fleet.addCertificate(thing.node.id, { thing, csr, removalPolicy: RemovalPolicy.DESTROY });
    }
  }
}

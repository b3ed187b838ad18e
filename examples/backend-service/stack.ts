/**
 * A service that hears the sensors of a fleet and answers them, with a role and no certificate.
 *
 * What to look at: three grants are all that the role has. It subscribes to the telemetry of all sensors, publishes
 * commands, and connects with client ids that no sensor can have. Nobody needs AWSIoTDataAccess.
 */
import { type CfnResource, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { Channel, DeviceFleet, IotEndpoint } from '../../lib';

export interface BackendServiceStackProps extends StackProps {
  /** The certificate signing request of sensor-1, which keeps its private key, as PEM text. */
  readonly csr: string;
}

export class BackendServiceStack extends Stack {
  constructor(scope: Construct, id: string, props: BackendServiceStackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: {
        telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry'),
        commands: Channel.toDevice('cmd/sensors/{thing}/+'),
      },
    });
    fleet.addCertificate('Sensor1', {
      thing: fleet.addThing('sensor-1'),
      csr: props.csr,
      removalPolicy: RemovalPolicy.DESTROY,
    });

    // Whom else in the account a policy lets assume it, so that you can be the service at your desk. For a function, a
    // task or an instance, give these grants to its own role.
    const role = new iam.Role(this, 'Service', { assumedBy: new iam.AccountRootPrincipal() });
    fleet.channel('telemetry').grants.subscribe(role);
    fleet.channel('commands').grants.publish(role);
    fleet.grants.connect(role, { clientIdPrefix: 'cooling-' });
    acknowledge(role.node.findChild('DefaultPolicy'), 'AwsSolutions-IAM5', 'The service is for all sensors, and names its connections as it likes');

    new CfnOutput(this, 'Role', { value: role.roleArn });
    new CfnOutput(this, 'Endpoint', { value: IotEndpoint.of(this).dataAddress });
  }
}

/** Says to cdk-nag why one of its rules does not apply. */
function acknowledge(construct: { readonly node: Construct['node'] }, id: string, reason: string): void {
  (construct.node.defaultChild as CfnResource).addMetadata('cdk_nag', { rules_to_suppress: [{ id, reason }] });
}

/**
 * A thermostat that follows a temperature it is told, and says what it does, whether or not the other side is there.
 *
 * What to look at: two named shadows in place of one. A policy cannot see into a document, so that a device that may update a
 * shadow may write `desired` too. Here it may only read the shadow with the target: whoever steals its key cannot change what
 * the owner has set, and whoever runs the app cannot make up what the thermostat has said.
 */
import { type CfnResource, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { DeviceFleet, IotEndpoint, Shadow, ShadowAccess } from '../../lib';

export interface ThermostatStackProps extends StackProps {
  /** The certificate signing request of thermostat-1, which keeps its private key, as PEM text. */
  readonly csr: string;
}

export class ThermostatStack extends Stack {
  constructor(scope: Construct, id: string, props: ThermostatStackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Thermostats', {
      shadows: [Shadow.named('target', { access: ShadowAccess.READ }), Shadow.named('state')],
    });
    fleet.addCertificate('Thermostat1', {
      thing: fleet.addThing('thermostat-1'),
      csr: props.csr,
      removalPolicy: RemovalPolicy.DESTROY,
    });

    // Whom else in the account a policy lets assume it, so that you can be the app at your desk.
    const app = new iam.Role(this, 'App', { assumedBy: new iam.AccountRootPrincipal() });
    fleet.shadow('target').grants.read(app);
    fleet.shadow('target').grants.update(app);
    fleet.shadow('state').grants.read(app);
    acknowledge(app.node.findChild('DefaultPolicy'), 'AwsSolutions-IAM5', 'The app is for all thermostats');

    new CfnOutput(this, 'Role', { value: app.roleArn });
    new CfnOutput(this, 'Endpoint', { value: IotEndpoint.of(this).dataAddress });
  }
}

/** Says to cdk-nag why one of its rules does not apply. */
function acknowledge(construct: { readonly node: Construct['node'] }, id: string, reason: string): void {
  (construct.node.defaultChild as CfnResource).addMetadata('cdk_nag', { rules_to_suppress: [{ id, reason }] });
}

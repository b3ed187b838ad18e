/**
 * A thermostat that is told its target temperature by an app, whether it is online at that moment or not.
 *
 * What to look at: two shadows, because a policy cannot see into a document. The thermostat writes `state`, and can only read
 * `config`, so that a thermostat that somebody has opened cannot set its own target. The app has it the other way round.
 */
import { type CfnResource, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { DeviceFleet, IotEndpoint, Shadow, ShadowAccess } from '../../lib';

export interface ShadowThermostatStackProps extends StackProps {
  /** The certificate signing request of thermostat-1, which keeps its private key, as PEM text. */
  readonly csr: string;
}

export class ShadowThermostatStack extends Stack {
  constructor(scope: Construct, id: string, props: ShadowThermostatStackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Thermostats', {
      shadows: [
        Shadow.named('config', { access: ShadowAccess.READ }),
        Shadow.named('state'),
      ],
    });
    fleet.addCertificate('Thermostat1', {
      thing: fleet.addThing('thermostat-1'),
      csr: props.csr,
      removalPolicy: RemovalPolicy.DESTROY,
    });

    // Whom else in the account a policy lets assume it, so that you can be the app at your desk. For a function or a task,
    // give these grants to its own role.
    const role = new iam.Role(this, 'App', { assumedBy: new iam.AccountRootPrincipal() });
    fleet.shadow('config').grants.update(role);
    fleet.shadow('state').grants.read(role);
    acknowledge(role.node.findChild('DefaultPolicy'), 'AwsSolutions-IAM5', 'The app is for all thermostats');

    new CfnOutput(this, 'Role', { value: role.roleArn });
    new CfnOutput(this, 'Endpoint', { value: IotEndpoint.of(this).dataAddress });
  }
}

/** Says to cdk-nag why one of its rules does not apply. */
function acknowledge(construct: { readonly node: Construct['node'] }, id: string, reason: string): void {
  (construct.node.defaultChild as CfnResource).addMetadata('cdk_nag', { rules_to_suppress: [{ id, reason }] });
}

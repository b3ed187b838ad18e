/**
 * Sensors that leave the factory with one certificate in common, and get one of their own when they are switched on.
 *
 * What to look at: the claim certificate lets a device ask for a certificate and nothing else, and its private key is made
 * in AWS and put where the factory fetches it. A function lets in the serial numbers on a list, each with one key. The
 * devices get the policies of the fleet.
 */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { Channel, DeviceCertificate, DeviceFleet, KeyDelivery } from '../../lib';

export class ClaimProvisioningStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: { telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry') },
      thingNamePrefix: 'sensor-',
    });
    // The devices know the template by this name.
    const template = fleet.addClaimProvisioning('ByClaim', { templateName: 'sensors-by-claim' });

    const encryptionKey = new kms.Key(this, 'ClaimKey', { enableKeyRotation: true, removalPolicy: RemovalPolicy.DESTROY });
    const claim = DeviceCertificate.withDeliveredKey(this, 'Claim', {
      delivery: KeyDelivery.toSecret({ encryptionKey }),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    template.addClaimCertificate(claim);

    new CfnOutput(this, 'AllowList', { value: fleet.allowList.table.tableName });
    new CfnOutput(this, 'ClaimSecret', { value: claim.keySecret!.secretArn });
  }
}

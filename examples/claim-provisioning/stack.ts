/**
 * Sensors that leave the factory with one certificate in common, and get one of their own when they are switched on.
 *
 * What to look at: the claim certificate lets a device ask for a certificate and nothing else, and its private key is made
 * in AWS and put where the factory fetches it. The hook knows the serial numbers that were made, and lets each of them in
 * with one key. The policies that devices get are those of the fleet.
 */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { AllowList, AllowListHook, Channel, ClaimProvisioningTemplate, DeviceCertificate, DeviceFleet, KeyDelivery } from '../../lib';

export class ClaimProvisioningStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: { telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry') },
    });

    // Two for a start; others become items of the table when they are made.
    const allowList = new AllowList(this, 'AllowList', { serialNumbers: ['1001', '1002'], removalPolicy: RemovalPolicy.DESTROY });
    const template = new ClaimProvisioningTemplate(this, 'Template', {
      // The devices know it by this name.
      templateName: 'sensors-by-claim',
      parameters: { SerialNumber: {} },
      thingName: 'sensor-{SerialNumber}',
      policies: fleet.policies,
      hook: new AllowListHook(this, 'Hook', { allowList }),
    });

    const encryptionKey = new kms.Key(this, 'ClaimKey', { enableKeyRotation: true, removalPolicy: RemovalPolicy.DESTROY });
    const claim = DeviceCertificate.withDeliveredKey(this, 'Claim', {
      delivery: KeyDelivery.toSecret({ encryptionKey }),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    template.addClaimCertificate(claim);
    new CfnOutput(this, 'ClaimSecret', { value: claim.keySecret!.secretArn });
  }
}

import type { Construct } from 'constructs';
import { fleetOptions, type FleetProvisioningTemplateProps } from './fleet-provisioning';
import { OwnedTemplate } from './owned-template';
import { ProvisioningTemplateGrants } from './provisioning-template-grants';

/**
 * Defines a provisioning template for devices that a trusted user installs.
 *
 * The user's app gets a claim that is valid for 5 minutes and hands it to the device, which asks for a certificate of
 * its own with it. Users name the devices: with a hook, they can be kept to those that they may install.
 *
 * @resource AWS::IoT::ProvisioningTemplate
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/provision-wo-cert.html#trusted-user
 */
export class TrustedUserProvisioningTemplate extends OwnedTemplate {
  /** Permissions on this template that IAM principals can be given. */
  public readonly grants: ProvisioningTemplateGrants;

  constructor(scope: Construct, id: string, props: FleetProvisioningTemplateProps) {
    super(scope, id, props, fleetOptions(props));

    this.grants = ProvisioningTemplateGrants.fromProvisioningTemplate(this);
  }
}

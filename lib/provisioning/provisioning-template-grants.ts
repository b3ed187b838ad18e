import * as iam from 'aws-cdk-lib/aws-iam';
import type { IProvisioningTemplate } from './provisioning-template';

/** Permissions on a provisioning template that IAM principals can be given. */
export class ProvisioningTemplateGrants {
  /** The grants of a template, of this app or not. */
  public static fromProvisioningTemplate(template: IProvisioningTemplate): ProvisioningTemplateGrants {
    return new ProvisioningTemplateGrants(template);
  }

  private constructor(private readonly template: IProvisioningTemplate) {}

  /**
   * Permits to create claims, with which devices can be provisioned for 5 minutes, by this template and no other.
   *
   * Give it to the back end of the app of those who install devices, not to whom anybody can be.
   */
  public createClaim(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['iot:CreateProvisioningClaim'],
      resourceArns: [this.template.templateArn],
    });
  }
}

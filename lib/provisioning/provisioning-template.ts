import { Resource, type IResource } from 'aws-cdk-lib';
import type * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { iotArn, nameFromArn } from '../private/arns';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateProvisioningTemplate.html */
export const TEMPLATE_NAME: TextRule = {
  pattern: /^[0-9A-Za-z_-]+$/,
  characters: 'one or more of 0-9, A-Z, a-z, "_" and "-"',
  maxLength: 36,
};

/** Represents a provisioning template, owned by this app or not. */
export interface IProvisioningTemplate extends IResource, iot.IProvisioningTemplateRef {
  /**
   * The name of this template, which devices ask for.
   *
   * @attribute
   */
  readonly templateName: string;

  /**
   * The ARN of this template.
   *
   * @attribute
   */
  readonly templateArn: string;
}

/**
 * A provisioning template: what AWS IoT sets up for a device that has no identity of its own yet.
 *
 * Define one by how devices prove that they are entitled to it: `ClaimProvisioningTemplate`,
 * `TrustedUserProvisioningTemplate` or `JustInTimeProvisioningTemplate`.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-provision.html
 */
export abstract class ProvisioningTemplate extends Resource implements IProvisioningTemplate {
  /** Refers to a provisioning template that exists outside this app, in the account and Region of the stack. */
  public static fromTemplateName(scope: Construct, id: string, templateName: string): IProvisioningTemplate {
    requireText(scope, 'templateName', templateName, TEMPLATE_NAME);
    class Import extends ProvisioningTemplate {
      public readonly templateName = templateName;
      public readonly templateArn = iotArn(this, 'provisioningtemplate', templateName);
    }
    return new Import(scope, id);
  }

  /** Refers to a provisioning template that exists outside this app, in the account and Region that the ARN names. */
  public static fromTemplateArn(scope: Construct, id: string, templateArn: string): IProvisioningTemplate {
    const templateName = nameFromArn(scope, 'templateArn', templateArn, 'provisioningtemplate');
    class Import extends ProvisioningTemplate {
      public readonly templateName = templateName;
      public readonly templateArn = templateArn;
    }
    return new Import(scope, id, { environmentFromArn: templateArn });
  }

  public abstract readonly templateName: string;
  public abstract readonly templateArn: string;

  public get provisioningTemplateRef(): iot.ProvisioningTemplateReference {
    return { templateName: this.templateName };
  }
}

import type { Construct } from 'constructs';
import { OwnedTemplate, TemplateType } from './owned-template';
import type { CommonProvisioningTemplateProps, ProvisioningOptions, ProvisioningTemplateOptions } from './provisioning-props';
import { SubjectField } from './subject-field';
import { CERTIFICATE_ID } from './template-body';

/** What tells the devices of one manufacturer apart. */
export const IDENTIFYING_FIELDS = [SubjectField.COMMON_NAME, SubjectField.SERIAL_NUMBER, SubjectField.DISTINGUISHED_NAME_QUALIFIER, CERTIFICATE_ID];

/** What provisioning just in time takes, besides what a device becomes. */
export interface JustInTimeProvisioningOptions extends ProvisioningOptions, ProvisioningTemplateOptions {
  /**
   * The subject fields that the CA puts into every certificate. They are the parameters, along with
   * `AWS::IoT::Certificate::Id`, as in `sensor-{AWS::IoT::Certificate::CommonName}`.
   *
   * A device whose certificate lacks a field that the template uses stays pending, and nobody is told why. A thing name
   * has fewer characters than a subject: let the CA use no others.
   */
  readonly subjectFields: SubjectField[];
}

/** Properties for provisioning devices just in time. */
export interface JustInTimeProvisioningTemplateProps extends JustInTimeProvisioningOptions, CommonProvisioningTemplateProps {}

/**
 * Defines a template for just-in-time provisioning: of devices that come with a certificate of a registered CA.
 *
 * The CA names the template in its registration. A device is provisioned when it connects for the first time, which
 * fails, so that it has to connect again. There is no hook: whatever the CA signs becomes a device, so let it sign
 * nothing else.
 *
 * @resource AWS::IoT::ProvisioningTemplate
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jit-provisioning.html
 */
export class JustInTimeProvisioningTemplate extends OwnedTemplate {
  constructor(scope: Construct, id: string, props: JustInTimeProvisioningTemplateProps) {
    super(scope, id, props, {
      type: TemplateType.JITP,
      parameters: Object.fromEntries(props.subjectFields.map((field) => [field, {}])),
      missing: "'subjectFields' does not declare, so that devices would stay pending",
      identifying: IDENTIFYING_FIELDS,
      // A parameter that is declared must be in the subject, whether it is used or not.
      unused: 'leave-out',
    });
  }
}

import type { Construct } from 'constructs';
import { OwnedTemplate, TemplateType } from './owned-template';
import type { CommonProvisioningTemplateProps } from './provisioning-props';
import { CERTIFICATE_ID } from './template-body';

/**
 * A field of a certificate's subject, by the name of the parameter that has its value.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jit-provisioning.html
 */
export enum SubjectField {
  /** C, the country. */
  COUNTRY = 'AWS::IoT::Certificate::Country',
  /** O, the organization. */
  ORGANIZATION = 'AWS::IoT::Certificate::Organization',
  /** OU, the unit of the organization. */
  ORGANIZATIONAL_UNIT = 'AWS::IoT::Certificate::OrganizationalUnit',
  /** The qualifier that tells equal names apart. */
  DISTINGUISHED_NAME_QUALIFIER = 'AWS::IoT::Certificate::DistinguishedNameQualifier',
  /** ST, the state or province. */
  STATE_NAME = 'AWS::IoT::Certificate::StateName',
  /** CN, the common name. */
  COMMON_NAME = 'AWS::IoT::Certificate::CommonName',
  /** The serial number in the subject, not that of the certificate. */
  SERIAL_NUMBER = 'AWS::IoT::Certificate::SerialNumber',
}

/** What tells the devices of one manufacturer apart. */
const IDENTIFYING = [SubjectField.COMMON_NAME, SubjectField.SERIAL_NUMBER, SubjectField.DISTINGUISHED_NAME_QUALIFIER, CERTIFICATE_ID];

/** Properties for provisioning devices just in time. */
export interface JustInTimeProvisioningTemplateProps extends CommonProvisioningTemplateProps {
  /**
   * The subject fields that the CA puts into every certificate. They are the parameters, along with
   * `AWS::IoT::Certificate::Id`, as in `sensor-{AWS::IoT::Certificate::CommonName}`.
   *
   * A device whose certificate lacks a field that the template uses stays pending, and nobody is told why. A thing name
   * has fewer characters than a subject: let the CA use no others.
   */
  readonly subjectFields: SubjectField[];
}

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
      identifying: IDENTIFYING,
      // A parameter that is declared must be in the subject, whether it is used or not.
      unused: 'leave-out',
    });
  }
}

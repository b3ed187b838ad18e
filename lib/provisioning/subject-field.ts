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

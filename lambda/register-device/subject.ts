import { Certificate } from '@peculiar/asn1-x509';
import { parse } from '../x509/der';

/** The fields that AWS IoT gives names to. https://docs.aws.amazon.com/iot/latest/developerguide/jit-provisioning.html */
const FIELDS: { readonly [oid: string]: string } = {
  '2.5.4.6': 'Country',
  '2.5.4.10': 'Organization',
  '2.5.4.11': 'OrganizationalUnit',
  '2.5.4.46': 'DistinguishedNameQualifier',
  '2.5.4.8': 'StateName',
  '2.5.4.3': 'CommonName',
  '2.5.4.5': 'SerialNumber',
};

/** The values of parameters that a certificate gives. A field that is there twice has none: who reads it would choose. */
export function parametersOf(certificateId: string, der: Uint8Array): { readonly [parameter: string]: string } {
  const { tbsCertificate: { subject } } = parse('the certificate', der, Certificate);
  const values = new Map<string, string[]>();
  for (const { type, value } of subject.flatMap((part) => [...part])) {
    const field = FIELDS[type];
    if (field !== undefined) {
      values.set(field, [...values.get(field) ?? [], value.toString()]);
    }
  }
  const single = [...values].flatMap(([field, [value, ...others]]) => (value === undefined || others.length > 0 ? [] : [[`AWS::IoT::Certificate::${field}`, value]]));
  return { ...Object.fromEntries(single) as Record<string, string>, 'AWS::IoT::Certificate::Id': certificateId };
}

import 'reflect-metadata';
import type { X509Certificate } from 'node:crypto';
import { SubjectAlternativeNameExtension, X509Certificate as ParsedCertificate } from '@peculiar/x509';
import type { CertificateName, Principal } from '../../policy';

/** The names that Node gives to the attributes of a distinguished name, by those of the policy variables. */
const NODE_NAMES: { readonly [attribute: string]: string } = {
  DistinguishedNameQualifier: 'dnQualifier',
  Country: 'C',
  Organization: 'O',
  OrganizationalUnit: 'OU',
  State: 'ST',
  CommonName: 'CN',
  SerialNumber: 'serialNumber',
  Title: 'title',
  Surname: 'SN',
  GivenName: 'GN',
  Initials: 'initials',
  Pseudonym: 'pseudonym',
  GenerationQualifier: 'generationQualifier',
};

/** Kinds of alternative name, by those of the policy variables. */
const ALTERNATIVE_NAMES: { readonly [attribute: string]: string } = {
  RFC822Name: 'email',
  DNSName: 'dns',
  DirectoryName: 'dn',
  UniformResourceIdentifier: 'url',
  IPAddress: 'ip',
};

/** The id by which AWS IoT knows a certificate: the SHA-256 of its DER form. */
export function certificateId(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/**
 * What policy variables see of a certificate.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/cert-policy-variables.html
 */
export function certificateFacts(certificate: X509Certificate): NonNullable<Principal['certificate']> {
  const { subject, issuer } = certificate.toLegacyObject();
  const alternativeName = certificate.subjectAltName === undefined ? undefined : alternativeNames(certificate);
  return {
    subject: { ...distinguishedName(subject), ...(alternativeName === undefined ? {} : { alternativeName }) },
    issuer: distinguishedName(issuer),
    serialNumber: decimal(certificate.serialNumber),
  };
}

/** Node gives a negative serial number as '-05'. */
function decimal(hexadecimal: string): string {
  return hexadecimal.startsWith('-') ? `-${decimal(hexadecimal.slice(1))}` : BigInt(`0x${hexadecimal}`).toString();
}

function distinguishedName(name: object): CertificateName {
  const values = name as { readonly [attribute: string]: string | readonly string[] | undefined };
  return Object.fromEntries(Object.entries(NODE_NAMES).flatMap(([attribute, nodeName]) => {
    const value = values[nodeName];
    return value === undefined ? [] : [[attribute, typeof value === 'string' ? [value] : value]];
  }));
}

function alternativeNames(certificate: X509Certificate): NonNullable<CertificateName['alternativeName']> {
  const items = new ParsedCertificate(certificate.raw).getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  return Object.fromEntries(Object.entries(ALTERNATIVE_NAMES).flatMap(([attribute, type]) => {
    const values = items.filter((item) => item.type === type).map((item) => item.value);
    return values.length === 0 ? [] : [[attribute, values]];
  }));
}

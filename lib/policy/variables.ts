/**
 * The policy variables and condition keys that AWS IoT defines.
 *
 * Keys are compared without regard to case, except for the attribute name between brackets; every key in this folder
 * is in the form that `canonicalKey` gives.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-variables.html
 */
export function canonicalKey(key: string): string {
  const bracket = key.indexOf('[');
  return bracket < 0 ? key.toLowerCase() : key.slice(0, bracket).toLowerCase() + key.slice(bracket);
}

/** Attributes of a certificate's subject and issuer. */
export const DISTINGUISHED_NAME_ATTRIBUTES = [
  'DistinguishedNameQualifier', 'Country', 'Organization', 'OrganizationalUnit', 'State', 'CommonName', 'SerialNumber',
  'Title', 'Surname', 'GivenName', 'Initials', 'Pseudonym', 'GenerationQualifier',
] as const;

/** Attributes of a certificate's alternative names. */
export const ALTERNATIVE_NAME_ATTRIBUTES = [
  'RFC822Name', 'DNSName', 'DirectoryName', 'UniformResourceIdentifier', 'IPAddress',
] as const;

/** At most so many values of one certificate attribute are kept. */
export const MAX_CERTIFICATE_VALUES = 5;

const PLAIN_KEYS = [
  'iot:ClientId', 'aws:SourceIp', 'iot:DomainName', 'iot:CertificateId', 'iot:Certificate.SerialNumber',
  'iot:Certificate.AvailableKeys', 'iot:Connection.Thing.ThingName', 'iot:Connection.Thing.ThingTypeName',
  'iot:Connection.Thing.IsAttached', 'iot:ConnectAttributes', 'iot:LastWillTopic', 'iot:Topic',
  'cognito-identity.amazonaws.com:sub', 'aws:SourceVpc', 'aws:SourceVpce', 'aws:VpcSourceIp',
];

const KNOWN_KEYS = new Set([
  ...PLAIN_KEYS,
  ...['Subject', 'Issuer'].flatMap((side) => [
    ...DISTINGUISHED_NAME_ATTRIBUTES.map((name) => `iot:Certificate.${side}.${name}`),
    ...ALTERNATIVE_NAME_ATTRIBUTES.map((name) => `iot:Certificate.${side}.AlternativeName.${name}`),
  ]),
].map(canonicalKey));

const THING_ATTRIBUTE_PREFIX = canonicalKey('iot:Connection.Thing.Attributes[');
const CERTIFICATE_PREFIX = canonicalKey('iot:Certificate.');

/** Whether AWS IoT documents the key, an index or `.List` after a certificate attribute included. */
export function isKnownKey(key: string): boolean {
  const canonical = canonicalKey(key);
  if (canonical.startsWith(THING_ATTRIBUTE_PREFIX)) {
    return canonical.endsWith(']') && canonical.length > THING_ATTRIBUTE_PREFIX.length + 1;
  }
  const withoutIndex = isCertificateKey(canonical) ? canonical.replace(/\.(\d+|list)$/, '') : canonical;
  return KNOWN_KEYS.has(withoutIndex);
}

export function isCertificateKey(canonical: string): boolean {
  return canonical.startsWith(CERTIFICATE_PREFIX);
}

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

/** An index or `.List` after a certificate attribute. No suffix is the first value, `.1` the second. */
const INDEX = new RegExp(`^(iot:certificate\\.(?:subject|issuer)\\..+)\\.(?:[1-${MAX_CERTIFICATE_VALUES - 1}]|list)$`);

/** Whether AWS IoT documents the key, an index or `.List` after a certificate attribute included. */
export function isKnownKey(key: string): boolean {
  const canonical = canonicalKey(key);
  if (canonical.startsWith(THING_ATTRIBUTE_PREFIX)) {
    return canonical.endsWith(']') && canonical.length > THING_ATTRIBUTE_PREFIX.length + 1;
  }
  return KNOWN_KEYS.has(INDEX.exec(canonical)?.[1] ?? canonical);
}

const CONDITION_KEYS = new Set([
  'iot:Certificate.AvailableKeys', 'iot:ConnectAttributes', 'iot:LastWillTopic', 'iot:Topic',
].map(canonicalKey));

/** Whether the key can also be substituted as a variable: keys with several values, and those of one request, cannot. */
export function isVariable(key: string): boolean {
  const canonical = canonicalKey(key);
  return isKnownKey(canonical) && !CONDITION_KEYS.has(canonical) && !(isCertificateKey(canonical) && canonical.endsWith('.list'));
}

const MODELLED_KEYS = new Set(['aws:SourceIp', 'cognito-identity.amazonaws.com:sub'].map(canonicalKey));
const MODELLED_NAMESPACES = new Set(['iot', 'credentials-iot']);

/**
 * Whether a key without a value is known to have none. Everything that AWS IoT defines is; what the rest of AWS adds to
 * a request, such as `aws:SourceVpce` or `aws:PrincipalTag/team`, is not. No key holds a brace.
 */
export function isModelledKey(canonical: string): boolean {
  const colon = canonical.indexOf(':');
  return colon < 0 || canonical.includes('{') || MODELLED_NAMESPACES.has(canonical.slice(0, colon)) || MODELLED_KEYS.has(canonical);
}

export function isCertificateKey(canonical: string): boolean {
  return canonical.startsWith(CERTIFICATE_PREFIX);
}

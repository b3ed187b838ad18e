import { AsnConvert } from '@peculiar/asn1-schema';
import { AttributeTypeAndValue, AttributeValue, Name, RelativeDistinguishedName } from '@peculiar/asn1-x509';
import { RequestError } from '../custom-resource/errors';

/** The fields of a subject that AWS IoT gives names to, in the order in which they are written. */
const FIELDS = {
  country: { oid: '2.5.4.6', isPrintable: true },
  stateName: { oid: '2.5.4.8', isPrintable: false },
  organization: { oid: '2.5.4.10', isPrintable: false },
  organizationalUnit: { oid: '2.5.4.11', isPrintable: false },
  distinguishedNameQualifier: { oid: '2.5.4.46', isPrintable: true },
  commonName: { oid: '2.5.4.3', isPrintable: false },
  serialNumber: { oid: '2.5.4.5', isPrintable: true },
} as const;

export type NameFields = { readonly [field in keyof typeof FIELDS]?: string };

/** RFC 5280 allows these fields nothing but a PrintableString. */
const PRINTABLE = /^[A-Za-z0-9 '()+,./:=?-]+$/;

/** A distinguished name in DER, of the fields that have a value. */
export function nameOf(fields: NameFields): Uint8Array {
  const attributes = Object.entries(FIELDS).flatMap(([field, { oid, isPrintable }]) => {
    const text = fields[field as keyof typeof FIELDS];
    if (text === undefined) {
      return [];
    }
    if (isPrintable && !PRINTABLE.test(text)) {
      throw new RequestError(`'${field}' in a certificate's subject must consist of letters, digits, spaces and '()+,-./:=?`);
    }
    return [new AttributeTypeAndValue({ type: oid, value: new AttributeValue(isPrintable ? { printableString: text } : { utf8String: text }) })];
  });
  return new Uint8Array(AsnConvert.serialize(new Name(attributes.map((attribute) => new RelativeDistinguishedName([attribute])))));
}

/** The common name, where there is exactly one. With two of them, who reads the name chooses. */
export function commonNameOf(name: Name): string | undefined {
  const names = name.flatMap((part) => part.filter(({ type }) => type === FIELDS.commonName.oid));
  return names.length === 1 ? names[0]!.value.toString() : undefined;
}

import { createHash, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { OctetString } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  ExtendedKeyUsage,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { RequestError } from '../custom-resource/errors';
import { arrayBufferOf, parse, readDer, writeDer } from './der';
import { publicKeyOf } from './keys';
import { fromPem, toPem } from './pem';
import { identifierOf, type Signer } from './signer';

/** What a certificate is for, which decides on its extensions. */
export type CertificateProfile = 'device' | 'signing-ca' | 'verification';

/** What a certificate says. Names and keys are in DER, and are copied as they are. */
export interface CertificateContent {
  readonly subject: Uint8Array;
  /** The public key, as a SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** The subject of the CA. */
  readonly issuer: Uint8Array;
  /** The subject key identifier of the CA, where its certificate has one. */
  readonly issuerKeyId?: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly serialNumber: Uint8Array;
  readonly profile: CertificateProfile;
}

/** Issues a certificate: writes what it says and lets the CA sign that. */
export async function issueCertificate(content: CertificateContent, signer: Signer): Promise<string> {
  const algorithm = identifierOf(signer.algorithm);
  const subjectPublicKeyInfo = readDer('the public key', content.spki, SubjectPublicKeyInfo);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: arrayBufferOf(content.serialNumber),
    signature: algorithm,
    issuer: readDer('the name of the issuer', content.issuer, Name),
    validity: new Validity({ notBefore: content.notBefore, notAfter: content.notAfter }),
    subject: readDer('the subject', content.subject, Name),
    subjectPublicKeyInfo,
    extensions: new Extensions(extensionsOf(content, subjectPublicKeyInfo)),
  });
  const signatureValue = arrayBufferOf(await signer.sign(writeDer(tbsCertificate)));
  return toPem('CERTIFICATE', writeDer(new Certificate({ tbsCertificate, signatureAlgorithm: algorithm, signatureValue })));
}

function extensionsOf({ profile, spki, issuerKeyId }: CertificateContent, { subjectPublicKey }: SubjectPublicKeyInfo): Extension[] {
  const keyId = createHash('sha1').update(Buffer.from(subjectPublicKey)).digest();
  return [
    extension(id_ce_basicConstraints, profile === 'signing-ca' ? new BasicConstraints({ cA: true, pathLenConstraint: 0 }) : new BasicConstraints(), true),
    extension(id_ce_keyUsage, new KeyUsage(keyUsageOf(profile, spki)), true),
    ...profile === 'device' ? [extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_clientAuth]))] : [],
    // https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.2, method (1): a name for the key, for which SHA-1 is good enough.
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId)),
    ...issuerKeyId ? [extension(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(issuerKeyId) }))] : [],
  ];
}

function keyUsageOf(profile: CertificateProfile, spki: Uint8Array): number {
  if (profile === 'signing-ca') {
    return KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
  }
  // For TLS 1.2 without a Diffie-Hellman exchange.
  const isRsa = publicKeyOf(spki).asymmetricKeyType === 'rsa';
  return KeyUsageFlags.digitalSignature | (profile === 'device' && isRsa ? KeyUsageFlags.keyEncipherment : 0);
}

function extension(extnID: string, value: unknown, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(writeDer(value)) });
}

/** What the certificates that a CA issues say about it. */
export interface Issuer {
  /** Its subject, in DER. */
  readonly name: Uint8Array;
  /** Its subject key identifier, where it has one. */
  readonly keyId?: Uint8Array;
  readonly publicKey: KeyObject;
  readonly notAfter: Date;
}

/** Reads the certificate of a CA. */
export function readIssuer(pem: string): Issuer {
  const der = fromPem('CERTIFICATE', pem);
  const { tbsCertificate } = parse('the certificate of the CA', der, Certificate);
  const keyId = tbsCertificate.extensions?.find(({ extnID }) => extnID === id_ce_subjectKeyIdentifier)?.extnValue;
  const certificate = new X509Certificate(der);
  if (!certificate.ca) {
    throw new RequestError('the certificate of the CA does not say that it may sign others');
  }
  return {
    name: writeDer(tbsCertificate.subject),
    ...keyId && { keyId: new Uint8Array(parse('the key identifier of the CA', new Uint8Array(keyId.buffer), SubjectKeyIdentifier).buffer) },
    publicKey: certificate.publicKey,
    notAfter: new Date(certificate.validTo),
  };
}

/** The id that AWS IoT gives a certificate: the SHA-256 of its DER. */
export function certificateIdOf(pem: string): string {
  return createHash('sha256').update(fromPem('CERTIFICATE', pem)).digest('hex');
}

const SERIAL_NUMBER_BYTES = 16;

/** A serial number that nobody can foresee: positive, and within the 20 bytes of RFC 5280. */
export function randomSerialNumber(): Uint8Array {
  const bytes = new Uint8Array(randomBytes(SERIAL_NUMBER_BYTES));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

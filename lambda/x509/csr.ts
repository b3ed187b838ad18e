import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr';
import { Name, SubjectPublicKeyInfo } from '@peculiar/asn1-x509';
import { RequestError } from '../custom-resource/errors';
import { arrayBufferOf, parse, readDer, writeDer } from './der';
import { keySpecOf, publicKeyOf } from './keys';
import { commonNameOf, nameOf } from './name';
import { fromPem, toPem } from './pem';
import { identifierOf, localSigner, SIGNATURE_ALGORITHMS } from './signer';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateCertificateFromCsr.html */
const MAX_CSR_CHARS = 4096;

const WHAT = 'the certificate signing request';

/** What a device asks a certificate for. Extensions that it asks for are not read: whoever issues decides on them. */
export interface CertificateRequest {
  /** The distinguished name, in DER. */
  readonly subject: Uint8Array;
  /** The common name in it, where there is exactly one. */
  readonly commonName?: string;
  readonly publicKey: KeyObject;
  /** The kind and size of the key in the words of AWS KMS, such as `RSA_2048`. */
  readonly keySpec: string;
  /** The public key as it was sent: a SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
}

/** Reads a PKCS #10 request. Fails where its key is not one that AWS IoT takes, or did not sign it. */
export function readCsr(pem: string): CertificateRequest {
  if (pem.length > MAX_CSR_CHARS) {
    throw new RequestError(`${WHAT} must be at most ${MAX_CSR_CHARS} characters long, got ${pem.length}`);
  }
  const request = parse(WHAT, fromPem('CERTIFICATE REQUEST', pem), CertificationRequest);
  const signed = Buffer.from(request.certificationRequestInfoRaw ?? new ArrayBuffer(0));
  const { subject: name, subjectPKInfo } = request.certificationRequestInfo;
  const [subject, spki] = [writeDer(name), writeDer(subjectPKInfo)];
  if (!signed.includes(subject) || !signed.includes(spki)) {
    throw new RequestError(`${WHAT} is not in DER; create it again`);
  }
  const publicKey = readKey(spki);
  const keySpec = keySpecOf(publicKey);
  requireSigned(request, signed, publicKey);
  return { subject, commonName: commonNameOf(name), publicKey, keySpec, spki };
}

function readKey(spki: Uint8Array): KeyObject {
  try {
    return publicKeyOf(spki);
  } catch {
    throw new RequestError(`the key in ${WHAT} cannot be read; create it again`);
  }
}

function requireSigned({ signatureAlgorithm, signature }: CertificationRequest, signed: Uint8Array, publicKey: KeyObject): void {
  const algorithm = SIGNATURE_ALGORITHMS.find(({ oid, key }) => oid === signatureAlgorithm.algorithm && key === publicKey.asymmetricKeyType);
  if (algorithm === undefined) {
    throw new RequestError(`${WHAT} must be signed with SHA-256, SHA-384 or SHA-512 by its own key, as PKCS #1 v1.5 or ECDSA`);
  }
  if (!verify(algorithm.digest, signed, publicKey, new Uint8Array(signature))) {
    throw new RequestError(`${WHAT} is not signed by the private key that belongs to it; create it again`);
  }
}

/** Writes a PKCS #10 request for a common name, signed by the private key. */
export async function createCsr(commonName: string, key: KeyObject): Promise<string> {
  const signer = localSigner(key);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const certificationRequestInfo = new CertificationRequestInfo({
    subject: readDer('the subject', nameOf({ commonName }), Name),
    subjectPKInfo: readDer('the public key', spki, SubjectPublicKeyInfo),
    attributes: new Attributes(),
  });
  const request = new CertificationRequest({
    certificationRequestInfo,
    signatureAlgorithm: identifierOf(signer.algorithm),
    signature: arrayBufferOf(await signer.sign(writeDer(certificationRequestInfo))),
  });
  return toPem('CERTIFICATE REQUEST', writeDer(request));
}

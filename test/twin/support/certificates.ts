import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';

const ALGORITHMS = {
  EC: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RSA: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
} as const;

/** A key and a certificate of its own making, which nobody but the registry has reason to believe. */
export async function selfSigned(kind: keyof typeof ALGORITHMS, name: string, validity: { notBefore?: Date; notAfter?: Date } = {}): Promise<{
  readonly privateKeyPem: string;
  readonly certificatePem: string;
}> {
  const algorithm = ALGORITHMS[kind];
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    serialNumber: '2a',
    notBefore: validity.notBefore ?? new Date(Date.now() - 3_600_000),
    notAfter: validity.notAfter ?? new Date(Date.now() + 24 * 3_600_000),
    signingAlgorithm: algorithm,
    keys,
  });
  return {
    privateKeyPem: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string,
    certificatePem: certificate.toString('pem'),
  };
}

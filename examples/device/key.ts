import 'reflect-metadata';
import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const CURVE = 'P-256';
const ALGORITHM = { name: 'ECDSA', namedCurve: CURVE, hash: 'SHA-256' } as const;

/** Makes a private key, as PEM text. */
export function makePrivateKey(): string {
  return generateKeyPairSync('ec', { namedCurve: CURVE }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** Makes a certificate signing request for a key of `makePrivateKey`, as PEM text. The key stays where it is. */
export async function makeCsr(commonName: string, privateKeyPem: string): Promise<string> {
  const key = createPrivateKey(privateKeyPem);
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), ALGORITHM, false, ['sign']),
    webcrypto.subtle.importKey('spki', createPublicKey(key).export({ type: 'spki', format: 'der' }), ALGORITHM, true, ['verify']),
  ]);
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys: { privateKey, publicKey },
    signingAlgorithm: ALGORITHM,
  });
  return csr.toString('pem');
}

import './reflect';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const DAY_MS = 24 * 60 * 60 * 1000;

export type Algorithm = webcrypto.RsaHashedKeyGenParams | (webcrypto.EcKeyGenParams & { hash: string });

export const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
export const P384 = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
export const P521 = { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' };
export const ED25519 = { name: 'Ed25519', namedCurve: 'Ed25519', hash: '' };

export function rsa(modulusLength: number, name = 'RSASSA-PKCS1-v1_5') {
  return { name, modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256', saltLength: 32 };
}

export interface Holder {
  readonly pem: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: Algorithm;
}

export interface CertificateOptions {
  readonly algorithm?: Algorithm;
  readonly issuer?: Holder;
  readonly ca?: boolean;
  readonly from?: Date;
  readonly days?: number;
}

export async function generateKeys(algorithm: Algorithm): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']));
}

/** A certificate of `CN=name`, signed by its issuer or by itself. */
export async function issue(name: string, options: CertificateOptions = {}): Promise<Holder> {
  const { algorithm = P256, issuer, ca = false, from = new Date(Date.now() - DAY_MS), days = 365 } = options;
  const keys = await generateKeys(algorithm);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer ? new x509.X509Certificate(issuer.pem).subject : `CN=${name}`,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: issuer?.algorithm ?? algorithm,
    notBefore: from,
    notAfter: new Date(from.getTime() + days * DAY_MS),
    extensions: [new x509.BasicConstraintsExtension(ca, undefined, true)],
  });
  return { pem: certificate.toString('pem'), keys, algorithm };
}

/** A signing request of `CN=device`. */
export async function request(algorithm: Algorithm = P256, keys?: webcrypto.CryptoKeyPair): Promise<string> {
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=device',
    keys: keys ?? (await generateKeys(algorithm)),
    signingAlgorithm: algorithm,
  });
  return csr.toString('pem');
}

/** The private key of a holder, as PKCS #8 PEM. */
export async function privateKey(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

/** The bytes of a PEM block, changed and wrapped again under any label. */
export function rewrap(pem: string, label: string, change: (der: Buffer) => Buffer = (der) => der): string {
  const der = change(Buffer.from(pem.split('-----')[2] ?? '', 'base64'));
  return x509.PemConverter.encode(der, label);
}

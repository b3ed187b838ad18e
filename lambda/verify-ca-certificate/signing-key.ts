import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { GetCertificateAuthorityCertificateCommand } from '@aws-sdk/client-acm-pca';
import { GetPublicKeyCommand } from '@aws-sdk/client-kms';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { choice, RequestError, text, type Call, type Properties } from '../custom-resource';
import { issueCertificate, keySpecOf, kmsSigner, localSigner, publicKeyOf, randomSerialNumber, readCsr, type Issuer, type Kms, type Signer } from '../x509';
import { issueByPrivateCa, type PrivateCa } from './private-ca';

/** Where the private key of a CA is. */
export interface SigningKey {
  readonly kind: 'kms' | 'secret' | 'private-ca';
  /** The ARN of the key, of the secret, or of the CA. */
  readonly id: string;
  /** The field of the secret, where that is a JSON object. */
  readonly field?: string;
}

export interface SigningClients {
  readonly kms: Kms;
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
  readonly privateCa: PrivateCa;
}

/** A verification certificate is looked at once, and AWS Private CA issues for a week at most in its cheaper mode. */
const VALIDITY_MS = 6 * 24 * 60 * 60 * 1000;

/** For clocks that are behind. */
const SKEW_MS = 5 * 60 * 1000;

export function readSigningKey(properties: Properties): SigningKey {
  return {
    kind: choice(properties, 'SigningKeyKind', ['kms', 'secret', 'private-ca']),
    id: text(properties, 'SigningKeyId'),
    ...properties.SigningKeyField !== undefined && { field: text(properties, 'SigningKeyField') },
  };
}

/** Issues a verification certificate for a request, once it is sure that the key is that of the CA. */
export async function signRequest(clients: SigningClients, call: Call, key: SigningKey, issuer: Issuer, csr: string, now: Date): Promise<string> {
  const notAfter = new Date(now.getTime() + VALIDITY_MS);
  if (key.kind === 'private-ca') {
    requireOwn(issuer, await publicKeyOfPrivateCa(clients.privateCa, call, key.id), `AWS Private CA ${key.id}`);
    return issueByPrivateCa(clients.privateCa, call, key.id, csr, issuer, notAfter);
  }
  const signer = key.kind === 'kms' ? await openKms(clients.kms, call, key.id, issuer) : await openSecret(clients.secrets, call, key, issuer);
  const { subject, spki } = readCsr(csr);
  return issueCertificate({
    subject,
    spki,
    issuer: issuer.name,
    issuerKeyId: issuer.keyId,
    notBefore: new Date(now.getTime() - SKEW_MS),
    notAfter,
    serialNumber: randomSerialNumber(),
    profile: 'verification',
  }, signer);
}

async function openKms(kms: Kms, call: Call, keyId: string, issuer: Issuer): Promise<Signer> {
  const { PublicKey: spki } = await call(() => kms.send(new GetPublicKeyCommand({ KeyId: keyId })));
  if (spki === undefined) {
    throw new RequestError('AWS KMS answered without a public key');
  }
  requireOwn(issuer, publicKeyOf(spki), `key ${keyId}`);
  return kmsSigner(kms, keyId, keySpecOf(issuer.publicKey), call);
}

async function openSecret(secrets: SigningClients['secrets'], call: Call, { id, field }: SigningKey, issuer: Issuer): Promise<Signer> {
  const { SecretString: content } = await call(() => secrets.send(new GetSecretValueCommand({ SecretId: id })));
  const key = readPrivateKey(content, field);
  if (key === undefined) {
    throw new RequestError(`secret ${id} must hold a private key that is not encrypted, as PEM text${field === undefined ? '' : ` in its field "${field}"`}`);
  }
  requireOwn(issuer, createPublicKey(key), `secret ${id}`);
  return localSigner(key);
}

/** Nothing that a parser throws goes on: it might quote the secret. */
function readPrivateKey(content: string | undefined, field: string | undefined): KeyObject | undefined {
  try {
    const pem: unknown = field === undefined ? content : (JSON.parse(content ?? '') as Record<string, unknown>)[field];
    return typeof pem === 'string' ? createPrivateKey(pem) : undefined;
  } catch {
    return undefined;
  }
}

async function publicKeyOfPrivateCa(privateCa: PrivateCa, call: Call, arn: string): Promise<KeyObject> {
  const { Certificate: pem } = await call(() => privateCa.send(new GetCertificateAuthorityCertificateCommand({ CertificateAuthorityArn: arn })));
  if (pem === undefined) {
    throw new RequestError('AWS Private CA answered without a certificate; activate the CA');
  }
  return new X509Certificate(pem).publicKey;
}

function requireOwn(issuer: Issuer, key: KeyObject, where: string): void {
  if (!issuer.publicKey.equals(key)) {
    throw new RequestError(`${where} is not the private key of the CA certificate; pass the two that belong together`);
  }
}

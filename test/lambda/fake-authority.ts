import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';
import type * as pca from '@aws-sdk/client-acm-pca';
import type * as kms from '@aws-sdk/client-kms';
import type * as secretsmanager from '@aws-sdk/client-secrets-manager';
import type * as ssm from '@aws-sdk/client-ssm';
import type { Clients } from '../../lambda/verify-ca-certificate';
import { issueCertificate, localSigner, nameOf, randomSerialNumber, readCsr, readIssuer } from '../../lambda/x509';
import { awsError, FaultyClient } from './faulty-client';

export const REGISTRATION_CODE = '0123456789abcdef'.repeat(4);
export const KEY_ARN = 'arn:aws:kms:eu-central-1:123456789012:key/1';
export const SECRET_ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:ca-abcdef';
export const PRIVATE_CA_ARN = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1';

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const PAGE = 1;

const ALGORITHMS: { readonly [spec: string]: readonly [algorithm: string, digest: string] } = {
  RSA_2048: ['RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
  RSA_4096: ['RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
  ECC_NIST_P256: ['ECDSA_SHA_256', 'sha256'],
  ECC_NIST_P384: ['ECDSA_SHA_384', 'sha384'],
  ECC_NIST_P521: ['ECDSA_SHA_512', 'sha512'],
};

export function makeKeys(spec: string): Keys {
  return spec.startsWith('RSA_')
    ? generateKeyPairSync('rsa', { modulusLength: Number(spec.slice('RSA_'.length)) })
    : generateKeyPairSync('ec', { namedCurve: spec.replace('ECC_NIST_P', 'P-') });
}

export function privatePem({ privateKey }: Keys): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** A CA of these keys, self-signed. */
export function selfSigned({ publicKey, privateKey }: Keys, days = 3650): Promise<string> {
  const name = nameOf({ commonName: 'Signing CA' });
  return issueCertificate({
    subject: name, issuer: name, spki: publicKey.export({ type: 'spki', format: 'der' }), serialNumber: randomSerialNumber(), profile: 'signing-ca',
    notBefore: new Date(Date.now() - 3651 * DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS),
  }, localSigner(privateKey));
}

/** The services of AWS that CAs are made of, in memory, with faults. */
export class FakeAuthority extends FaultyClient {
  public readonly parameters = new Map<string, string>();
  public readonly keys = new Map<string, { readonly spec: string; readonly keys: Keys }>();
  public readonly secrets = new Map<string, string>();
  public readonly privateCas = new Map<string, { readonly keys: Keys; readonly certificatePem: string }>();
  private readonly issued = new Map<string, string>();
  private pending = 0;

  public readonly clients: Clients = { iot: this.sender, kms: this.sender, ssm: this.sender, secrets: this.sender, privateCa: this.sender };

  protected readonly operations = {
    GetRegistrationCode: () => ({ registrationCode: REGISTRATION_CODE }),

    GetPublicKey: ({ KeyId: id = '' }: kms.GetPublicKeyRequest): Partial<kms.GetPublicKeyResponse> => {
      const { keys, spec } = found(this.keys.get(id), 'NotFoundException');
      return { PublicKey: keys.publicKey.export({ type: 'spki', format: 'der' }), KeySpec: spec as kms.KeySpec };
    },

    Sign: ({ KeyId: id = '', Message: message, MessageType: type, SigningAlgorithm: algorithm }: kms.SignRequest): Partial<kms.SignResponse> => {
      const { keys, spec } = found(this.keys.get(id), 'NotFoundException');
      const [wanted, name] = ALGORITHMS[spec]!;
      if (type !== 'RAW' || algorithm !== wanted) {
        throw awsError('ValidationException');
      }
      return { Signature: sign(name, message!, keys.privateKey) };
    },

    GetSecretValue: ({ SecretId: id = '' }: secretsmanager.GetSecretValueRequest) => ({ SecretString: found(this.secrets.get(id), 'ResourceNotFoundException') }),

    GetCertificateAuthorityCertificate: ({ CertificateAuthorityArn: arn = '' }: pca.GetCertificateAuthorityCertificateRequest) => (
      { Certificate: found(this.privateCas.get(arn), 'ResourceNotFoundException').certificatePem }
    ),

    IssueCertificate: async ({ CertificateAuthorityArn: arn = '', Csr: csr, IdempotencyToken: token = '', Validity: validity }: pca.IssueCertificateRequest) => {
      const { keys, certificatePem } = found(this.privateCas.get(arn), 'ResourceNotFoundException');
      const certificateArn = `${arn}/certificate/${token}`;
      if (!this.issued.has(certificateArn)) {
        const { subject, spki } = readCsr(new TextDecoder().decode(csr));
        const { name, keyId } = readIssuer(certificatePem);
        this.pending = 2;
        this.issued.set(certificateArn, await issueCertificate({
          subject, spki, issuer: name, issuerKeyId: keyId, serialNumber: randomSerialNumber(), profile: 'verification',
          notBefore: new Date(), notAfter: new Date((validity?.Value ?? 0) * 1000),
        }, localSigner(keys.privateKey)));
      }
      return { CertificateArn: certificateArn };
    },

    GetCertificate: ({ CertificateArn: arn = '' }: pca.GetCertificateRequest) => {
      if (this.pending-- > 0) {
        throw awsError('RequestInProgressException');
      }
      return { Certificate: found(this.issued.get(arn), 'ResourceNotFoundException') };
    },

    GetParameter: ({ Name: name = '' }: ssm.GetParameterRequest) => ({ Parameter: { Name: name, Value: found(this.parameters.get(name), 'ParameterNotFound') } }),

    PutParameter: ({ Name: name = '', Value: value = '', Type: type }: ssm.PutParameterRequest) => {
      expect([type, Buffer.byteLength(value) <= 4096]).toEqual(['String', true]);
      this.parameters.set(name, value);
      return {};
    },

    DeleteParameter: ({ Name: name = '' }: ssm.DeleteParameterRequest) => {
      if (!this.parameters.delete(name)) {
        throw awsError('ParameterNotFound');
      }
      return {};
    },

    GetParametersByPath: ({ Path: path = '', NextToken: token }: ssm.GetParametersByPathRequest) => {
      const all = [...this.parameters].filter(([name]) => name.startsWith(`${path}/`)).map(([Name, Value]) => ({ Name, Value }));
      const from = Number(token ?? 0);
      return { Parameters: all.slice(from, from + PAGE), ...from + PAGE < all.length && { NextToken: String(from + PAGE) } };
    },
  };
}

function found<T>(value: T | undefined, error: string): T {
  if (value === undefined) {
    throw awsError(error);
  }
  return value;
}

/** Whether the key of a certificate has signed another one. */
export function isSignedBy(pem: string, caPem: string): boolean {
  const [certificate, ca] = [new X509Certificate(pem), new X509Certificate(caPem)];
  return certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
}

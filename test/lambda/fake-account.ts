import { generateKeyPairSync, randomUUID, sign, X509Certificate, type KeyObject } from 'node:crypto';
import type * as iot from '@aws-sdk/client-iot';
import type * as kms from '@aws-sdk/client-kms';
import type * as secretsManager from '@aws-sdk/client-secrets-manager';
import type * as ssm from '@aws-sdk/client-ssm';
import type { Clients } from '../../lambda/issue-certificates/workshop';
import { certificateIdOf, issueCertificate, localSigner, nameOf, randomSerialNumber, readCsr, type Signer } from '../../lambda/x509';
import { certificateArn } from './fake-iot';
import { awsError, FaultyClient, type Fault } from './faulty-client';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Lists come in pages of this size, so that whoever forgets to turn the page is found out. */
const PAGE = 2;

export interface FakeCertificate {
  readonly pem: string;
  readonly created: number;
  status: string;
  readonly caCertificatePem?: string | undefined;
  readonly things: Set<string>;
  readonly policies: Set<string>;
}

interface Version {
  readonly text: string;
  readonly stages: Set<string>;
}

/** A CA in memory: what AWS IoT signs with, or a key in AWS KMS. */
export interface FakeCa {
  readonly privateKey: KeyObject;
  readonly pem: string;
}

/** A self-signed CA with an RSA key. */
export async function createCa(commonName: string, days = 3650): Promise<FakeCa> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = nameOf({ commonName });
  const pem = await issueCertificate({
    profile: 'signing-ca',
    subject: name,
    issuer: name,
    spki: publicKey.export({ type: 'spki', format: 'der' }),
    serialNumber: randomSerialNumber(),
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + days * DAY_MS),
  }, localSigner(privateKey));
  return { privateKey, pem };
}

/** What https://www.rfc-editor.org/rfc/rfc8017#section-9.2 puts before a SHA-256 digest. */

/**
 * Certificates, parameters, secrets and keys of an AWS account in memory, with what AWS refuses and what it loses. All its
 * services count their requests together.
 */
export class FakeAccount extends FaultyClient {
  public readonly certificates = new Map<string, FakeCertificate>();
  public readonly parameters = new Map<string, { readonly type: string; readonly value: string; readonly keyId?: string | undefined }>();
  public readonly secrets = new Map<string, Map<string, Version>>();
  public readonly keys = new Map<string, KeyObject>();

  /** Everything that AWS has answered and refused, as text. */
  public readonly answers: string[] = [];
  /** How many lists of certificates are still behind. */
  public listLag = 0;
  public now = (): number => Date.now();

  public readonly clients: Clients;
  private readonly signer: Signer;

  constructor(private readonly amazon: FakeCa) {
    super();
    this.clients = { iot: this.sender, ssm: this.sender, secrets: this.sender, kms: this.sender };
    this.signer = localSigner(amazon.privateKey);
  }

  public addSecret(arn: string): void {
    this.secrets.set(arn, new Map());
  }

  /** What a device would read. */
  public secret(arn: string): { privateKey: string; certificatePem: string; certificateId: string } | undefined {
    const current = [...this.secrets.get(arn)?.values() ?? []].find(({ stages }) => stages.has('AWSCURRENT'));
    return current && JSON.parse(current.text);
  }

  public parameter(name: string): { privateKey: string; certificatePem: string; certificateId: string } | undefined {
    const parameter = this.parameters.get(name);
    return parameter && JSON.parse(parameter.value);
  }

  /** Every private key that is anywhere in the account. */
  public privateKeys(): string[] {
    const texts = [...[...this.secrets.values()].flatMap((versions) => [...versions.values()].map(({ text }) => text)), ...[...this.parameters.values()].map(({ value }) => value)];
    return [...new Set(texts.flatMap((text) => (JSON.parse(text) as { privateKey?: string }).privateKey ?? []))];
  }

  /** As unkind as AWS can be: it quotes what it refuses. */
  protected override refusal({ error }: Fault, input: unknown): Error {
    return awsError(error, `a message of ${error} about ${JSON.stringify(input)}`);
  }

  private certificate(id: string | undefined): FakeCertificate {
    return found(this.certificates.get(id ?? ''), 'ResourceNotFoundException', `Certificate ${id}`);
  }

  private add(pem: string, status: string, caCertificatePem?: string): { certificateId: string; certificateArn: string } {
    const certificateId = certificateIdOf(pem);
    if (this.certificates.has(certificateId)) {
      throw awsError('ResourceAlreadyExistsException', 'The certificate is registered already');
    }
    this.certificates.set(certificateId, { pem, status, created: this.now(), caCertificatePem, things: new Set(), policies: new Set() });
    return { certificateId, certificateArn: certificateArn(certificateId) };
  }

  private versions(arn: string | undefined): Map<string, Version> {
    return found(this.secrets.get(arn ?? ''), 'ResourceNotFoundException', `Secret ${arn}`);
  }

  private move(versions: Map<string, Version>, stage: string, to: Version): void {
    const from = [...versions.values()].find(({ stages }) => stages.has(stage));
    if (from === to) {
      return;
    }
    if (stage === 'AWSCURRENT' && from) {
      this.move(versions, 'AWSPREVIOUS', from);
    }
    from?.stages.delete(stage);
    to.stages.add(stage);
  }

  protected readonly operations = {
    CreateCertificateFromCsr: async ({ certificateSigningRequest = '', setAsActive }: iot.CreateCertificateFromCsrRequest) => {
      const request = readCsr(certificateSigningRequest);
      const certificatePem = await issueCertificate({
        profile: 'device',
        subject: request.subject,
        issuer: nameOf({ commonName: 'Amazon' }),
        spki: request.spki,
        serialNumber: randomSerialNumber(),
        notBefore: new Date(Date.now() - DAY_MS),
        notAfter: new Date('2049-12-31T23:59:59Z'),
      }, this.signer);
      return { ...this.add(certificatePem, setAsActive === true ? 'ACTIVE' : 'INACTIVE'), certificatePem };
    },

    RegisterCertificate: ({ certificatePem = '', caCertificatePem = '', status = 'INACTIVE' }: iot.RegisterCertificateRequest) => {
      if (!new X509Certificate(certificatePem).verify(new X509Certificate(caCertificatePem).publicKey)) {
        throw awsError('CertificateValidationException', 'The CA did not sign the certificate');
      }
      return this.add(certificatePem, status, caCertificatePem);
    },

    DescribeCertificate: ({ certificateId }: iot.DescribeCertificateRequest) => {
      const { pem, status, created } = this.certificate(certificateId);
      return { certificateDescription: { certificateId, certificateArn: certificateArn(certificateId ?? ''), certificatePem: pem, status, creationDate: new Date(created) } };
    },

    UpdateCertificate: ({ certificateId, newStatus = 'INACTIVE' }: iot.UpdateCertificateRequest) => {
      this.certificate(certificateId).status = newStatus;
      return {};
    },

    DeleteCertificate: ({ certificateId = '' }: iot.DeleteCertificateRequest) => {
      const { status, things, policies } = this.certificate(certificateId);
      if (status === 'ACTIVE') {
        throw awsError('CertificateStateException', 'The certificate is active');
      }
      if (things.size + policies.size > 0) {
        throw awsError('DeleteConflictException', 'The certificate is attached');
      }
      this.certificates.delete(certificateId);
      return {};
    },

    ListCertificates: ({ ascendingOrder, marker }: iot.ListCertificatesRequest) => {
      expect(ascendingOrder).toBe(false);
      const hidden = this.listLag-- > 0 ? 1 : 0;
      const newest = [...this.certificates].reverse().sort(([, a], [, b]) => b.created - a.created).slice(hidden);
      const { items, next } = page(newest, marker);
      return { certificates: items.map(([certificateId, { status, created }]) => ({ certificateId, status, creationDate: new Date(created) })), nextMarker: next };
    },

    ListPrincipalThings: ({ principal, nextToken }: iot.ListPrincipalThingsRequest) => {
      const { items, next } = page([...this.certificate(principal?.split('/')[1]).things], nextToken);
      return { things: items, nextToken: next };
    },

    DetachThingPrincipal: ({ principal, thingName = '' }: iot.DetachThingPrincipalRequest) => {
      if (!this.certificate(principal?.split('/')[1]).things.delete(thingName)) {
        throw awsError('ResourceNotFoundException', 'The thing is not attached');
      }
      return {};
    },

    ListAttachedPolicies: ({ target, marker }: iot.ListAttachedPoliciesRequest) => {
      const { items, next } = page([...this.certificate(target?.split('/')[1]).policies], marker);
      return { policies: items.map((policyName) => ({ policyName })), nextMarker: next };
    },

    DetachPolicy: ({ policyName = '', target }: iot.DetachPolicyRequest) => {
      this.certificate(target?.split('/')[1]).policies.delete(policyName);
      return {};
    },

    PutParameter: ({ Name: name = '', Value: value = '', Type: type = 'String', KeyId: keyId, Overwrite: overwrite }: ssm.PutParameterRequest) => {
      if (this.parameters.has(name) && overwrite !== true) {
        throw awsError('ParameterAlreadyExists');
      }
      expect(value.length).toBeLessThanOrEqual(4096);
      this.parameters.set(name, { type, value, keyId });
      return {};
    },

    GetParameter: ({ Name: name = '', WithDecryption: isDecrypted }: ssm.GetParameterRequest) => {
      const { type, value } = found(this.parameters.get(name), 'ParameterNotFound', name);
      return { Parameter: { Name: name, Value: type === 'SecureString' && isDecrypted !== true ? 'encrypted' : value } };
    },

    GetParametersByPath: ({ Path: path = '', NextToken: nextToken }: ssm.GetParametersByPathRequest) => {
      const { items, next } = page([...this.parameters].filter(([name]) => name.startsWith(`${path}/`)), nextToken);
      return { Parameters: items.map(([name, { value }]) => ({ Name: name, Value: value })), NextToken: next };
    },

    DeleteParameter: ({ Name: name = '' }: ssm.DeleteParameterRequest) => {
      found(this.parameters.delete(name) || undefined, 'ParameterNotFound', name);
      return {};
    },

    PutSecretValue: ({ SecretId: arn, ClientRequestToken: token = randomUUID(), SecretString: text = '', VersionStages: stages = ['AWSCURRENT'] }: secretsManager.PutSecretValueRequest) => {
      const versions = this.versions(arn);
      const isFirst = versions.size === 0;
      const version = versions.get(token) ?? { text, stages: new Set<string>() };
      if (version.text !== text) {
        throw awsError('ResourceExistsException', 'The version has another value');
      }
      versions.set(token, version);
      [...stages, ...isFirst ? ['AWSCURRENT'] : []].forEach((stage) => this.move(versions, stage, version));
      return { VersionId: token };
    },

    GetSecretValue: ({ SecretId: arn, VersionStage: stage = 'AWSCURRENT' }: secretsManager.GetSecretValueRequest) => {
      const version = [...this.versions(arn).values()].find(({ stages }) => stages.has(stage));
      return { SecretString: found(version, 'ResourceNotFoundException', stage).text };
    },

    DescribeSecret: ({ SecretId: arn }: secretsManager.DescribeSecretRequest) => {
      const labelled = [...this.versions(arn)].filter(([, { stages }]) => stages.size > 0);
      return { VersionIdsToStages: Object.fromEntries(labelled.map(([id, { stages }]) => [id, [...stages]])) };
    },

    UpdateSecretVersionStage: ({ SecretId: arn, VersionStage: stage = '', MoveToVersionId: to, RemoveFromVersionId: from }: secretsManager.UpdateSecretVersionStageRequest) => {
      const versions = this.versions(arn);
      const holder = [...versions].find(([, { stages }]) => stages.has(stage))?.[0];
      if (holder !== from || (to === undefined && stage === 'AWSCURRENT')) {
        throw awsError('InvalidParameterException', `The label is at ${holder}`);
      }
      if (to === undefined) {
        versions.get(from ?? '')?.stages.delete(stage);
      } else {
        this.move(versions, stage, found(versions.get(to), 'ResourceNotFoundException', to));
      }
      return {};
    },

    Sign: ({ KeyId: keyId = '', Message: message = new Uint8Array(), MessageType: type, SigningAlgorithm: algorithm }: kms.SignRequest) => {
      expect([type, algorithm]).toEqual(['RAW', 'RSASSA_PKCS1_V1_5_SHA_256']);
      const key = found(this.keys.get(keyId), 'NotFoundException', keyId);
      return { Signature: new Uint8Array(sign('sha256', message, key)) };
    },
  };

  /** What tests compare: what there is, by what it is for, without the bytes that no two runs have in common. */
  public snapshot(): unknown {
    const nameOfKey = new Map<string, string>();
    for (const [arn] of this.secrets) {
      nameOfKey.set(this.secret(arn)?.certificateId ?? '', arn);
    }
    for (const [name, { type }] of this.parameters) {
      if (type === 'SecureString' && !name.includes('.')) {
        nameOfKey.set(this.parameter(name)?.certificateId ?? '', name);
      }
    }
    return {
      certificates: [...this.certificates].map(([id, { pem, status, things, policies, caCertificatePem }]) => ({
        subject: new X509Certificate(pem).subject.replace(/-[0-9a-f]{16}$/, ''),
        isAmazon: new X509Certificate(pem).verify(new X509Certificate(this.amazon.pem).publicKey),
        hasCa: caCertificatePem !== undefined,
        status,
        things: [...things].sort(),
        policies: [...policies].sort(),
        deliveredTo: nameOfKey.get(id),
      })).sort((a, b) => (a.subject < b.subject ? -1 : 1)),
      parameters: [...this.parameters.keys()].sort(),
      secrets: [...this.secrets].map(([arn, versions]) => [arn, [...versions.values()].flatMap(({ stages }) => [...stages]).filter((stage) => !stage.startsWith('AWS')).sort()]),
    };
  }
}

function found<T>(value: T | undefined, error: string, what: string): T {
  if (value === undefined) {
    throw awsError(error, `${what} not found`);
  }
  return value;
}

function page<T>(items: readonly T[], from: string | undefined): { items: T[]; next: string | undefined } {
  const start = Number(from ?? 0);
  const end = start + PAGE;
  return { items: items.slice(start, end), next: end < items.length ? String(end) : undefined };
}

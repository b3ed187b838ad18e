import 'reflect-metadata';
import { KeyObject, createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension,
  Name, Pkcs10CertificateRequest, SubjectKeyIdentifierExtension, X509Certificate, X509CertificateGenerator,
} from '@peculiar/x509';
import { asText, propertyOf } from '../../../deployment';
import type { Resource } from '../../../deployment';
import { ServiceError } from '../service';
import { StateFile } from '../state-file';
import { declared } from '../surroundings';
import type { Surroundings } from '../surroundings';

/** A certificate authority of the deployment, which has a certificate that it has signed itself. */
export interface Authority {
  readonly arn: string;
  readonly resource: Resource;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Keys, as WebCrypto names them. https://docs.aws.amazon.com/privateca/latest/APIReference/API_CertificateAuthorityConfiguration.html */
const KEY_ALGORITHMS: Readonly<Record<string, { readonly name: string; readonly [parameter: string]: unknown }>> = {
  RSA_2048: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  RSA_3072: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 3072, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  RSA_4096: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 4096, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  EC_prime256v1: { name: 'ECDSA', namedCurve: 'P-256' },
  EC_secp384r1: { name: 'ECDSA', namedCurve: 'P-384' },
  EC_secp521r1: { name: 'ECDSA', namedCurve: 'P-521' },
};

/** The parts of a subject, by how CloudFormation and X.500 name them. */
const SUBJECT = { CommonName: 'CN', Country: 'C', Locality: 'L', Organization: 'O', OrganizationalUnit: 'OU', State: 'ST' } as const;

/** What certificates are for, by the end of the ARN of a template. https://docs.aws.amazon.com/privateca/latest/userguide/template-definitions.html */
const TEMPLATES: Readonly<Record<string, readonly ExtendedKeyUsage[]>> = {
  'EndEntityCertificate/V1': [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth],
  'EndEntityClientAuthCertificate/V1': [ExtendedKeyUsage.clientAuth],
  'EndEntityServerAuthCertificate/V1': [ExtendedKeyUsage.serverAuth],
};
const DEFAULT_TEMPLATE = 'EndEntityCertificate/V1';

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** What is wanted of a certificate. */
export interface Order {
  readonly csr: string;
  readonly signingAlgorithm: string;
  readonly templateArn: string | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The authorities that the deployment declares; their keys are made when they are first needed. */
export class Authorities {
  private readonly opening = new Map<string, Promise<Authority>>();

  constructor(private readonly around: Surroundings) {}

  /** @throws ServiceError as AWS Private CA does for one that is not there. */
  public find(arn: string): Promise<Authority> {
    const found = declared(this.around, 'AWS::ACMPCA::CertificateAuthority').find((one) => one.arn === arn);
    if (found === undefined) {
      throw new ServiceError('ResourceNotFoundException', `the assembly declares no certificate authority '${arn.slice(0, 200)}'`);
    }
    const opened = this.opening.get(arn) ?? this.open(arn, found.resource);
    this.opening.set(arn, opened);
    opened.catch(() => this.opening.delete(arn));
    return opened;
  }

  private async open(arn: string, resource: Resource): Promise<Authority> {
    const file = new StateFile<{ readonly certificatePem?: string; readonly privateKeyPem?: string }>(this.around.folder, `ca-${arn.split('/')[1]}`, {});
    const { certificatePem, privateKeyPem } = file.read();
    if (certificatePem !== undefined && privateKeyPem !== undefined) {
      return { arn, resource, certificatePem, privateKeyPem };
    }
    const made = await found(resource, this.around.clock.now());
    file.write(made);
    return { arn, resource, ...made };
  }
}

function textAt(resource: Resource, ...keys: readonly string[]): string | undefined {
  const value = asText(propertyOf(resource.properties, ...keys));
  return typeof value === 'string' ? value : undefined;
}

async function found(resource: Resource, now: number): Promise<Pick<Authority, 'certificatePem' | 'privateKeyPem'>> {
  const name = textAt(resource, 'KeyAlgorithm') ?? '';
  const algorithm = KEY_ALGORITHMS[name];
  if (algorithm === undefined) {
    throw new ServiceError('InvalidArgsException', `the twin makes no keys of the algorithm ${name}; of ${Object.keys(KEY_ALGORITHMS).join(', ')} it does`);
  }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as webcrypto.CryptoKeyPair;
  const subject = Object.entries(SUBJECT).flatMap(([property, type]) => {
    const value = textAt(resource, 'Subject', property);
    return value === undefined ? [] : [{ [type]: [value] }];
  });
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: new Name(subject),
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + 10 * YEAR_MS),
    signingAlgorithm: { ...algorithm, hash: hashOf(textAt(resource, 'SigningAlgorithm') ?? '') },
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificatePem: certificate.toString('pem'),
    privateKeyPem: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/**
 * Issue a certificate for a request.
 *
 * @throws ServiceError as AWS Private CA does for a request that is none.
 */
export async function issue(authority: Authority, order: Order): Promise<string> {
  const request = await readRequest(order.csr);
  const usages = TEMPLATES[/:template\/(.*)$/.exec(order.templateArn ?? '')?.[1] ?? DEFAULT_TEMPLATE];
  if (usages === undefined) {
    throw new ServiceError('InvalidArgsException', `the twin knows the templates ${Object.keys(TEMPLATES).join(', ')}, got ${String(order.templateArn).slice(0, 200)}`);
  }
  const issuer = new X509Certificate(authority.certificatePem);
  if (order.notAfter > issuer.notAfter) {
    throw new ServiceError('ValidationException', 'the certificate would outlive its authority');
  }
  const key = createPrivateKey(authority.privateKeyPem);
  const algorithm = { ...KEY_ALGORITHMS[textAt(authority.resource, 'KeyAlgorithm') ?? '']!, hash: hashOf(order.signingAlgorithm) };
  const publicDer = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: request.subjectName,
    issuer: issuer.subjectName,
    notBefore: order.notBefore,
    notAfter: order.notAfter,
    signingAlgorithm: algorithm,
    publicKey: request.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign']),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new ExtendedKeyUsageExtension([...usages]),
      await AuthorityKeyIdentifierExtension.create(await webcrypto.subtle.importKey('spki', publicDer, algorithm, true, ['verify'])),
      await SubjectKeyIdentifierExtension.create(request.publicKey),
    ],
  });
  return certificate.toString('pem');
}

async function readRequest(csr: string): Promise<Pkcs10CertificateRequest> {
  try {
    const request = new Pkcs10CertificateRequest(csr);
    if (await request.verify()) {
      return request;
    }
  } catch {
    // Said below.
  }
  throw new ServiceError('MalformedCSRException', 'the certificate signing request is none, or is not signed with its own key');
}

/** `SHA256WITHECDSA` and its like. */
function hashOf(signingAlgorithm: string): string {
  const [, size] = /^SHA(256|384|512)WITH(?:RSA|ECDSA)$/.exec(signingAlgorithm) ?? [];
  if (size === undefined) {
    throw new ServiceError('InvalidArgsException', `the signing algorithm must be SHA256, SHA384 or SHA512 WITHRSA or WITHECDSA, got ${signingAlgorithm.slice(0, 50)}`);
  }
  return `SHA-${size}`;
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  // Positive, as X.509 asks.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

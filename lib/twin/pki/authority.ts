import 'reflect-metadata';
import { KeyObject, X509Certificate, createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension,
  KeyUsageFlags, KeyUsagesExtension, Pkcs10CertificateRequest, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Extension, Name, PublicKey } from '@peculiar/x509';
import { isIP } from 'node:net';
import { TwinError } from '../errors';
import { objectToKey } from './certificate-checks';
import type { StateFolder } from './state-folder';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;
const CA_DAYS = 3650;
const LEAF_DAYS = 365;

/** A stored certificate with less left than this is made anew. */
const RENEW_DAYS = 7;

/** The names under which the twin is reached on this computer. */
const SERVER_NAMES = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '::1' },
] as const;

/** The twin's own certificate authority: it signs the server's certificate and those of devices, and nothing else trusts it. */
export class LocalAuthority {
  private keys: Promise<SigningKeys> | undefined;

  private constructor(private readonly own: KeyPair, private readonly folder: StateFolder, private readonly now: () => number) {}

  /** Open the authority of a state folder, or found one. */
  public static async open(folder: StateFolder, now: () => number): Promise<LocalAuthority> {
    return new LocalAuthority(await stored(folder, 'root-ca', now(), () => createRoot(now())), folder, now);
  }

  /** The certificate that clients trust, as a file. */
  public get rootCaPath(): string {
    return this.folder.file('root-ca.pem');
  }

  public get rootCaPem(): string {
    return this.own.certificatePem;
  }

  /** What the servers show: good for this computer's own names, and for other addresses that they listen on. */
  public async serverCertificate(addresses: readonly string[]): Promise<KeyPair> {
    const others = addresses.filter((address) => !SERVER_NAMES.some(({ value }) => value === address));
    const root = new X509Certificate(this.own.certificatePem);
    return stored(this.folder, ['server', ...others].join('-'), this.now(), () => this.issue('CN=localhost', [
      new SubjectAlternativeNameExtension([...SERVER_NAMES, ...others.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const)]),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    ]), (certificate) => certificate.verify(root.publicKey));
  }

  /** A new key and certificate for a device. */
  public deviceCertificate(thingName: string): Promise<KeyPair> {
    return this.issue(`CN=${thingName.replace(/[,+"\\<>;=]/g, '\\$&')}`, CLIENT);
  }

  /**
   * A certificate for a signing request, with its subject and key, as AWS IoT issues it.
   *
   * @throws Error in one line, for a request that cannot be read, is not signed by its own key, or has a key that AWS IoT does not take
   */
  public async issueForCsr(csrPem: string): Promise<string> {
    const request = await readRequest(csrPem);
    return this.sign(request.subject === '' ? 'CN=AWS IoT Certificate' : request.subjectName, request.publicKey, AWS_VALID_UNTIL, CLIENT);
  }

  private async issue(subject: string, extensions: readonly Extension[]): Promise<KeyPair> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const { notAfter } = validity(this.now(), LEAF_DAYS);
    return { certificatePem: await this.sign(subject, keys.publicKey, notAfter, extensions), privateKeyPem: toPem(keys.privateKey) };
  }

  private async sign(subject: string | Name, publicKey: PublicKey | webcrypto.CryptoKey, notAfter: Date, extensions: readonly Extension[]): Promise<string> {
    const { signingKey, publicKey: issuerKey } = await (this.keys ??= keysOf(this.own));
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: ROOT_NAME,
      notBefore: validity(this.now(), LEAF_DAYS).notBefore,
      notAfter,
      signingAlgorithm: ALGORITHM,
      publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await AuthorityKeyIdentifierExtension.create(issuerKey),
        await SubjectKeyIdentifierExtension.create(publicKey),
        ...extensions,
      ],
    });
    return certificate.toString('pem');
  }
}

const CLIENT = [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])];

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html */
const AWS_VALID_UNTIL = new Date('2049-12-31T23:59:59Z');

/** What signs, made ready once: thousands of devices may ask. */
interface SigningKeys {
  readonly signingKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

async function keysOf({ certificatePem, privateKeyPem }: KeyPair): Promise<SigningKeys> {
  const spki = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' });
  return {
    signingKey: await fromPem(privateKeyPem),
    publicKey: await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
  };
}

/** The longest request that is read; a key of 4096 bits with a long subject has a third of it. */
const MAX_CSR_LENGTH = 10_000;

async function readRequest(pem: string): Promise<Pkcs10CertificateRequest> {
  if (pem.length > MAX_CSR_LENGTH) {
    throw new Error(`the certificate signing request is longer than ${MAX_CSR_LENGTH} characters`);
  }
  let request: Pkcs10CertificateRequest;
  let isGenuine: boolean;
  let objection: string | undefined;
  try {
    request = new Pkcs10CertificateRequest(pem);
    objection = objectToKey(createPublicKey({ key: Buffer.from(request.publicKey.rawData), type: 'spki', format: 'der' }));
    isGenuine = objection !== undefined || await request.verify();
  } catch {
    throw new Error('the certificate signing request cannot be read: it must be PKCS #10 in PEM form');
  }
  if (objection !== undefined) {
    throw new Error(`the certificate signing request is refused: ${objection}`);
  }
  if (!isGenuine) {
    throw new Error('the certificate signing request is not signed by the key in it');
  }
  return request;
}

const ROOT_NAME = 'CN=cdk-iot-warden local root, OU=For development on this computer only';

async function createRoot(now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: ROOT_NAME,
    ...validity(now, CA_DAYS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: certificate.toString('pem'), privateKeyPem: toPem(keys.privateKey) };
}

/** Read a certificate and key of the folder; make them where there are none that fit, or where they are about to expire. */
async function stored(
  folder: StateFolder, name: string, now: number, make: () => Promise<KeyPair>, fits: (certificate: X509Certificate) => boolean = () => true,
): Promise<KeyPair> {
  const certificatePem = folder.read(`${name}.pem`);
  const privateKeyPem = folder.read(`${name}.key`);
  if (certificatePem !== undefined && privateKeyPem !== undefined) {
    const certificate = readPair(folder, name, { certificatePem, privateKeyPem });
    if (isFresh(certificatePem, now) && fits(certificate)) {
      return { certificatePem, privateKeyPem };
    }
  }
  const made = await make();
  folder.write(`${name}.key`, made.privateKeyPem);
  folder.write(`${name}.pem`, made.certificatePem);
  return made;
}

/** @throws TwinError for what is no certificate and its key: better than to trust or overwrite what a person put there. */
function readPair(folder: StateFolder, name: string, { certificatePem, privateKeyPem }: KeyPair): X509Certificate {
  try {
    const certificate = new X509Certificate(certificatePem);
    if (certificate.checkPrivateKey(createPrivateKey(privateKeyPem))) {
      return certificate;
    }
  } catch {
    // Said below.
  }
  throw new TwinError(`state folder ${folder.path}: ${name}.pem and ${name}.key are no certificate and its private key; remove them to have new ones made`);
}

/** Whether a certificate is good for a while. */
export function isFresh(certificatePem: string, now: number): boolean {
  return Date.parse(new X509Certificate(certificatePem).validTo) - now > RENEW_DAYS * DAY_MS;
}

function validity(now: number, days: number): { notBefore: Date; notAfter: Date } {
  // A little in the past, for clients whose clocks are behind.
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + days * DAY_MS) };
}

function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  // Positive, as X.509 asks.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

function toPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }) as string;
}

function fromPem(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

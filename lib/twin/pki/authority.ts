import 'reflect-metadata';
import { KeyObject, X509Certificate, createPrivateKey, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension,
  KeyUsageFlags, KeyUsagesExtension, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Extension } from '@peculiar/x509';
import { isIP } from 'node:net';
import { TwinError } from '../errors';
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
    return this.issue(`CN=${thingName.replace(/[,+"\\<>;=]/g, '\\$&')}`, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]);
  }

  private async issue(subject: string, extensions: readonly Extension[]): Promise<KeyPair> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const issuer = new X509Certificate(this.own.certificatePem);
    const signingKey = await fromPem(this.own.privateKeyPem);
    const issuerPublicKey = await webcrypto.subtle.importKey(
      'spki', issuer.publicKey.export({ type: 'spki', format: 'der' }), ALGORITHM, true, ['verify'],
    );
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: ROOT_NAME,
      ...validity(this.now(), LEAF_DAYS),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await AuthorityKeyIdentifierExtension.create(issuerPublicKey),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        ...extensions,
      ],
    });
    return { certificatePem: certificate.toString('pem'), privateKeyPem: toPem(keys.privateKey) };
  }
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

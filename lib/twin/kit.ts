import { randomBytes } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { signedHeaders } from './aws';
import { TwinError } from './errors';
import { LocalAuthority } from './pki/authority';
import { IssuedCertificates } from './pki/issued-certificates';
import { makePrivateFolder, writeWhole } from './pki/state-folder';
import type { StateFolder } from './pki/state-folder';

/** What a running twin tells other processes of this computer, in its state folder. */
export interface Advertisement {
  readonly pid: number;
  readonly endpoint: string;
  readonly mqttPort: number;
  readonly httpsPort: number;

  /** The logical ids of each thing's certificates in the template. */
  readonly things: { readonly [thingName: string]: readonly string[] };

  /** The certificates of the template that have no thing, such as claims: the client id that their policies allow, perhaps with `*` in it. */
  readonly certificates: { readonly [logicalId: string]: string };

  /** Where AWS APIs are served, and with which credentials. */
  readonly aws?: AwsAccess;
}

/** How a client of AWS APIs reaches the twin. */
export interface AwsAccess {
  readonly endpointUrl: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

const ADVERTISEMENT = 'twin.json';

export function advertise(folder: StateFolder, advertisement: Advertisement): void {
  folder.write(ADVERTISEMENT, JSON.stringify(advertisement, undefined, 2));
}

export function withdraw(folder: StateFolder): void {
  folder.remove(ADVERTISEMENT);
}

/** The twin that runs on a state folder, if one does. */
export function runningTwin(folder: StateFolder): Advertisement | undefined {
  const advertisement = folder.readJson(ADVERTISEMENT) as Advertisement | undefined;
  return advertisement !== undefined && isAlive(advertisement.pid) ? advertisement : undefined;
}

/** The process that uses a state folder. */
const OWNER = 'twin.pid';

/** Folders in use by this process. Its id alone says little: in a container, the process before had the same one. */
const claimed = new Set<string>();

/**
 * Take a state folder for a twin of this process, before anything is read from it.
 *
 * @returns what gives it back
 * @throws TwinError when another twin uses it
 */
export function claim(folder: StateFolder): () => void {
  const path = realpathSync(folder.path);
  const isNew = folder.writeNew(OWNER, String(process.pid));
  const owner = isNew ? process.pid : Number(folder.read(OWNER));
  if (claimed.has(path) || (owner !== process.pid && isAlive(owner))) {
    throw new TwinError(`state folder ${folder.path}: the twin of process ${owner} uses it; stop that one, choose another folder with --state, or remove ${folder.file(OWNER)} if that process is no twin`);
  }
  claimed.add(path);
  folder.write(OWNER, String(process.pid));
  return () => {
    claimed.delete(path);
    folder.remove(OWNER);
  };
}

function isAlive(pid: number): boolean {
  try {
    // 0 and less would mean groups of processes.
    return pid > 0 && process.kill(pid, 0) && !hasEnded(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process has ended, and only its parent has not taken note: in many containers nobody ever does. */
function hasEnded(pid: number): boolean {
  try {
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name may have anything in it.
    return /^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** Everything a client needs to connect. */
export interface ConnectionKit {
  /** For a certificate without a thing, the name under which the client connects. */
  readonly thingName: string;
  readonly clientId: string;
  readonly endpoint: string;
  readonly mqttPort: number;
  readonly httpsPort: number;
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  readonly rootCaPem: string;
}

/**
 * A connection kit for a thing, or for a certificate that has none: a certificate issued here that stands for the one in
 * the template, whose private key only the device has. The same kit is given again for as long as its certificate lasts.
 *
 * @throws TwinError when the thing or certificate is unknown, the thing has no certificate, or has several and none is chosen.
 */
export async function issueKit(
  folder: StateFolder, twin: Advertisement, thingName: string | undefined, now: () => number, certificate?: string,
): Promise<ConnectionKit> {
  const chosen = thingName === undefined
    ? chooseCertificate(twin, certificate)
    : { thingName, clientId: thingName, logicalId: await chooseCertificateOf(twin, thingName, certificate) };
  const authority = await LocalAuthority.open(folder, now);
  const pair = await new IssuedCertificates(folder).issue(authority, chosen, now());
  return {
    thingName: chosen.clientId,
    clientId: chosen.clientId,
    endpoint: twin.endpoint,
    mqttPort: twin.mqttPort,
    httpsPort: twin.httpsPort,
    ...pair,
    rootCaPem: authority.rootCaPem,
  };
}

const CLIENT_ID_BYTES = 6;

/** A certificate without a thing, and a client id of its own: many clients share a claim. */
function chooseCertificate({ certificates }: Advertisement, wanted: string | undefined): { readonly logicalId: string; readonly clientId: string } {
  const known = Object.keys(certificates).join(', ') || 'none';
  if (wanted === undefined) {
    throw new TwinError(`name a thing, or with --certificate a certificate that is attached to none; there are ${known}`);
  }
  if (!Object.hasOwn(certificates, wanted)) {
    throw new TwinError(`certificate '${wanted}' is not one of the deployment that is attached to no thing; there are ${known}`);
  }
  return { logicalId: wanted, clientId: certificates[wanted]!.replace(/[*?]+/g, () => randomBytes(CLIENT_ID_BYTES).toString('hex')) };
}

async function chooseCertificateOf({ things, aws }: Advertisement, thingName: string, wanted: string | undefined): Promise<string> {
  const certificates = Object.hasOwn(things, thingName) ? things[thingName]! : undefined;
  if (certificates === undefined) {
    if (aws !== undefined && await isRegistered(aws, thingName)) {
      throw new TwinError(`thing '${thingName}' was registered while the twin ran: its device has its own key, which the twin does not know`);
    }
    const known = Object.keys(things);
    throw new TwinError(`thing '${thingName}' is not part of the deployment; it has ${known.length === 0 ? 'no things' : known.slice(0, 10).join(', ')}${known.length > 10 ? ', …' : ''}`);
  }
  if (wanted !== undefined) {
    if (!certificates.includes(wanted)) {
      throw new TwinError(`certificate '${wanted}' is not attached to thing '${thingName}'; attached are ${certificates.join(', ') || 'none'}`);
    }
    return wanted;
  }
  if (certificates.length !== 1) {
    throw new TwinError(certificates.length === 0
      ? `thing '${thingName}' has no certificate in the template; attach one to it, or connect with the key that was delivered for it`
      : `thing '${thingName}' has several certificates; choose one with --certificate: ${certificates.join(', ')}`);
  }
  return certificates[0]!;
}

/** Whether a running twin knows a thing. */
async function isRegistered(aws: AwsAccess, thingName: string): Promise<boolean> {
  const url = new URL(`/things/${encodeURIComponent(thingName)}`, aws.endpointUrl);
  const { ok } = await fetch(url, { headers: await signedHeaders(url, 'iot', aws) });
  return ok;
}

/** The files of a kit, by their use. */
export interface KitFiles {
  readonly privateKey: string;
  readonly certificate: string;
  readonly rootCa: string;
  readonly config: string;
}

const PUBLIC_FILE = 0o644;

/** Write a kit into a folder of its own; the private key is readable by its owner alone. */
export function writeKit(kit: ConnectionKit, directory: string): KitFiles {
  const { privateKeyPem, certificatePem, rootCaPem, ...config } = kit;
  const files: KitFiles = {
    privateKey: join(directory, 'private.key'),
    certificate: join(directory, 'certificate.pem'),
    rootCa: join(directory, 'root-ca.pem'),
    config: join(directory, 'config.json'),
  };
  try {
    makePrivateFolder(directory);
    writeWhole(files.privateKey, privateKeyPem);
    writeWhole(files.certificate, certificatePem, PUBLIC_FILE);
    writeWhole(files.rootCa, rootCaPem, PUBLIC_FILE);
    writeWhole(files.config, `${JSON.stringify(config, undefined, 2)}\n`, PUBLIC_FILE);
  } catch (error) {
    throw new TwinError(`folder ${directory}: cannot be written to (${(error as NodeJS.ErrnoException).code ?? 'error'}); choose another with --out`);
  }
  return files;
}

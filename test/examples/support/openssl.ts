import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A private key and what goes with it, as PEM text. */
export interface Made {
  readonly privateKeyPem: string;
  readonly pem: string;
}

/** The files of a certificate authority, made by the script of the jitp example. */
export function makeAuthority(folder: string): string {
  run('sh', [join('examples', 'jitp', 'make-ca.sh'), folder]);
  return folder;
}

/** The certificate of an authority that nobody keeps. */
export function throwawayAuthorityPem(): string {
  const folder = mkdtempSync(join(tmpdir(), 'iot-warden-openssl-'));
  try {
    return readFileSync(join(makeAuthority(folder), 'ca.pem'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A device's key and certificate, made by the script of the jitp example. */
export function makeDevice(authority: string, commonName: string, folder: string): Made {
  run('sh', [join('examples', 'jitp', 'make-device.sh'), authority, commonName, folder]);
  return { privateKeyPem: readFileSync(join(folder, 'private.key'), 'utf8'), pem: readFileSync(join(folder, 'certificate.pem'), 'utf8') };
}

/** Adds a device to a file for bulk registration, by the script of the bulk example, and returns its key. */
export function addBulkDevice(serialNumber: string, file: string): string {
  const keyFile = `${file}.${serialNumber}.key`;
  run('sh', [join('examples', 'bulk', 'make-device.sh'), serialNumber, keyFile, file]);
  return readFileSync(keyFile, 'utf8');
}

/** A key and a signing request for it, by the command of the READMEs. */
export function makeRequest(commonName: string): Made {
  const pem = run('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-subj', `/CN=${commonName}`, '-keyout', '-']);
  const [privateKeyPem = ''] = /-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\n/s.exec(pem) ?? [];
  return { privateKeyPem, pem: pem.replace(privateKeyPem, '') };
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
}

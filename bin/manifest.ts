import { readFileSync } from 'node:fs';
import { ManifestError, readCertificateBundle, readSignedManifest, registrationLines } from '../lib/provisioning/manifest';
import type { ManifestDevice } from '../lib/provisioning/manifest';
import { writeWhole } from '../lib/twin/pki/state-folder';
import { plain } from './output';

interface ManifestOptions {
  readonly vendorCertificate: readonly string[];
  readonly out?: string;
}

/** `iot-warden manifest`. Nothing is written unless all of the files are good. */
export async function manifest(files: readonly string[], { vendorCertificate, out }: ManifestOptions): Promise<void> {
  const vendorCertificates = vendorCertificate.map((file) => read(file));
  const devices: ManifestDevice[] = [];
  for (const file of files) {
    devices.push(...await devicesIn(file, vendorCertificates));
  }
  const lines = [...registrationLines(devices)];
  if (out === undefined) {
    process.stdout.write(lines.join(''));
    return;
  }
  try {
    writeWhole(out, lines.join(''));
  } catch (error) {
    throw new ManifestError(`${out}: cannot be written (${codeOf(error)}); choose another file with --out`);
  }
  process.stderr.write(plain(`${lines.length} devices in ${out}`).concat('\n'));
}

async function devicesIn(file: string, vendorCertificates: readonly string[]): Promise<ManifestDevice[]> {
  const text = read(file);
  try {
    const devices: ManifestDevice[] = [];
    for await (const device of text.trimStart().startsWith('[') ? readSignedManifest(text, vendorCertificates) : readCertificateBundle(text)) {
      devices.push(device);
    }
    return devices;
  } catch (error) {
    throw error instanceof ManifestError ? new ManifestError(`${file}: ${error.message}`) : error;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new ManifestError(`${file}: cannot be read (${codeOf(error)}); give a file with certificates in PEM, or a signed manifest`);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'error';
}

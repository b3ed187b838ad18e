import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority of a test, and its private key. */
export interface Authority {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A certificate authority, as `examples/jitp/make-ca.sh` makes it. */
export function makeAuthority(): Authority {
  return inFolder((folder) => {
    runScript('make-ca.sh', folder);
    return { certificatePem: readFileSync(join(folder, 'ca.pem'), 'utf8'), privateKeyPem: readFileSync(join(folder, 'ca.key'), 'utf8') };
  });
}

/** Runs a shell script of the jitp example. */
export function runScript(script: string, ...args: readonly string[]): void {
  execFileSync('sh', [join('examples', 'jitp', script), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'iot-warden-openssl-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

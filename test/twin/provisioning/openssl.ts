import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Keys, requests, authorities and certificates of the `openssl` command, in a folder that lasts as long as a test file. */
export class OpenSsl {
  private readonly folder = mkdtempSync(join(tmpdir(), 'openssl-'));
  private files = 0;

  constructor() {
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  public csr(subject: string, key: readonly string[] = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']): { readonly csrPem: string; readonly privateKeyPem: string } {
    const [csr, keyFile] = [this.file(), this.file()];
    this.run('req', '-new', ...key, '-nodes', '-subj', subject, '-keyout', keyFile, '-out', csr);
    return { csrPem: read(csr), privateKeyPem: read(keyFile) };
  }

  public authority(subject: string, days = 30): Pair {
    const [certificate, key] = [this.file(), this.file()];
    this.run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', subject, '-days', String(days),
      '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', key, '-out', certificate);
    return { certificatePem: read(certificate), privateKeyPem: read(key) };
  }

  /** A certificate that an authority signed. */
  public issue(ca: Pair, subject: string, days = 10): Pair {
    const { csrPem, privateKeyPem } = this.csr(subject);
    return { certificatePem: this.sign(ca, csrPem, days), privateKeyPem };
  }

  public sign(ca: Pair, csrPem: string, days = 10): string {
    const certificate = this.file();
    this.run('x509', '-req', '-in', this.file(csrPem), '-CA', this.file(ca.certificatePem), '-CAkey', this.file(ca.privateKeyPem), '-days', String(days), '-sha256', '-out', certificate);
    return read(certificate);
  }

  private run(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: this.folder });
  }

  private file(content?: string): string {
    const path = join(this.folder, `${this.files++}.pem`);
    if (content !== undefined) {
      writeFileSync(path, content, { mode: 0o600 });
    }
    return path;
  }
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A CA of OpenSSL in a folder of its own. */
export class OpensslCa {
  public readonly folder = mkdtempSync(join(tmpdir(), 'ca-'));

  constructor(private readonly subject = '/CN=Factory CA', algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']) {
    writeFileSync(join(this.folder, 'ca.cnf'), `
      [ca]\ndefault_ca=this\n[this]\ndatabase=index.txt\nserial=serial\ncrlnumber=number\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\nunique_subject=no
      [any]\ncommonName=optional\norganizationName=optional\n[full]\n[part]\nissuingDistributionPoint=critical,@idp\n[idp]\nonlyuser=TRUE\n`);
    for (const [name, text] of [['index.txt', ''], ['serial', '00A1'], ['number', '01']] as const) {
      writeFileSync(join(this.folder, name), text);
    }
    this.run('req', '-x509', ...algorithm, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', this.subject);
  }

  public get pem(): string {
    return this.read('ca.pem').toString();
  }

  public issue(subject: string, ...options: readonly string[]): string {
    this.run('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'd.key', '-out', 'd.csr', '-subj', subject);
    this.run('ca', '-config', 'ca.cnf', '-batch', '-notext', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-in', 'd.csr', '-out', 'd.pem', '-days', '10', ...options);
    return this.read('d.pem').toString();
  }

  /** The private key of the device whose certificate was issued last. */
  public get deviceKey(): string {
    return this.read('d.key').toString();
  }

  /** Revokes the certificate that was issued last. */
  public revoke(): void {
    this.run('ca', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-revoke', 'd.pem');
  }

  public list(form: 'PEM' | 'DER' = 'PEM', ...options: readonly string[]): Buffer {
    this.run('ca', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-gencrl', '-crldays', '1', '-out', 'crl.pem', ...options);
    this.run('crl', '-in', 'crl.pem', '-outform', form, '-out', 'crl.out');
    return this.read('crl.out');
  }

  private read(name: string): Buffer {
    return readFileSync(join(this.folder, name));
  }

  private run(...options: readonly string[]): void {
    execFileSync('openssl', options, { cwd: this.folder, stdio: 'pipe' });
  }
}

import { X509Certificate } from 'node:crypto';
import { certificateId } from './certificate-facts';
import { isFresh } from './authority';
import type { KeyPair, LocalAuthority } from './authority';
import type { StateFolder } from './state-folder';

const FOLDER = 'certificates';

/** What the folder remembers of a certificate issued here. */
interface Issued extends KeyPair {
  readonly thingName: string;

  /** The template's certificate that it stands for. */
  readonly logicalId: string;
}

/**
 * Certificates that stand for those of the template, whose private keys only the devices have. They are kept in the
 * state folder, so that a device keeps its certificate across restarts, and found there by their id.
 */
export class IssuedCertificates {
  constructor(private readonly folder: StateFolder) {}

  /** The logical id of the template's certificate that a certificate stands for. */
  public standsFor(id: string): string | undefined {
    return /^[0-9a-f]{64}$/.test(id) ? this.read(`${id}.json`)?.logicalId : undefined;
  }

  /** The certificate of a thing: the one issued before, or a new one. */
  public async issue(authority: LocalAuthority, thingName: string, logicalId: string, now: number): Promise<KeyPair> {
    const before = this.folder.list(FOLDER).map((name) => this.read(name)).find((issued) => (
      issued?.thingName === thingName && issued.logicalId === logicalId && isFresh(issued.certificatePem, now)
    ));
    if (before !== undefined) {
      return before;
    }
    const pair = await authority.deviceCertificate(thingName);
    const issued: Issued = { thingName, logicalId, ...pair };
    const id = certificateId(new X509Certificate(pair.certificatePem));
    this.folder.write([FOLDER, `${id}.json`], JSON.stringify(issued));
    return pair;
  }

  private read(name: string): Issued | undefined {
    const text = name.endsWith('.json') ? this.folder.read(FOLDER, name) : undefined;
    return text === undefined ? undefined : JSON.parse(text) as Issued;
  }
}

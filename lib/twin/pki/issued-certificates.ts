import { X509Certificate } from 'node:crypto';
import { certificateId } from './certificate-facts';
import { isFresh } from './authority';
import type { KeyPair, LocalAuthority } from './authority';
import type { StateFolder } from './state-folder';

const FOLDER = 'certificates';

/** The template's certificate that a certificate issued here stands for. */
export interface StandsFor {
  /** Absent for a certificate that is attached to no thing. */
  readonly thingName?: string;
  readonly logicalId: string;
}

/** What the folder remembers of a certificate issued here. */
interface Issued extends KeyPair, StandsFor {}

/**
 * Certificates that stand for those of the template, whose private keys only the devices have. They are kept in the
 * state folder, so that a device keeps its certificate across restarts, and found there by their id.
 */
export class IssuedCertificates {
  constructor(private readonly folder: StateFolder) {}

  /** The template's certificate that a certificate stands for, if it was issued here. */
  public standsFor(id: string): StandsFor & Pick<KeyPair, 'certificatePem'> | undefined {
    return /^[0-9a-f]{64}$/.test(id) ? this.read(`${id}.json`) : undefined;
  }

  /** What stands for a certificate: the one issued before, or a new one. */
  public async issue(authority: LocalAuthority, { thingName, logicalId }: StandsFor, now: number): Promise<KeyPair> {
    const before = this.folder.list(FOLDER).map((name) => this.read(name)).find((issued) => (
      issued !== undefined && issued.thingName === thingName && issued.logicalId === logicalId && isFresh(issued.certificatePem, now)
    ));
    if (before !== undefined) {
      const { certificatePem, privateKeyPem } = before;
      return { certificatePem, privateKeyPem };
    }
    const pair = await authority.deviceCertificate(thingName ?? logicalId);
    const issued: Issued = { ...(thingName === undefined ? {} : { thingName }), logicalId, ...pair };
    const id = certificateId(new X509Certificate(pair.certificatePem));
    this.folder.write([FOLDER, `${id}.json`], JSON.stringify(issued));
    return pair;
  }

  private read(name: string): Issued | undefined {
    return name.endsWith('.json') ? this.folder.readJson(FOLDER, name) as Issued | undefined : undefined;
  }
}

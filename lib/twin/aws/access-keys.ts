import { randomBytes } from 'node:crypto';

/** Credentials for the endpoint, in the shape of temporary ones. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/**
 * The credentials that the twin has handed out. They are drawn at random and forgotten when it stops, so that knowing
 * an access key id is enough to be let in, and no key of a real account ever is.
 */
export class AccessKeys {
  private readonly expirations = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  /** @param expiration when they end, in milliseconds since the epoch; never by default. */
  public issue(expiration = Infinity): Credentials {
    this.forgetExpired();
    // 'ASIA' begins the id of temporary credentials; the rest are capital letters and digits, as of AWS.
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    this.expirations.set(accessKeyId, expiration);
    return { accessKeyId, secretAccessKey: randomBytes(30).toString('base64'), sessionToken: randomBytes(48).toString('base64') };
  }

  public accepts(accessKeyId: string): boolean {
    return (this.expirations.get(accessKeyId) ?? -Infinity) > this.now();
  }

  private forgetExpired(): void {
    for (const [id, expiration] of this.expirations) {
      if (expiration <= this.now()) {
        this.expirations.delete(id);
      }
    }
  }
}

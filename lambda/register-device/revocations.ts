import type { X509Certificate } from 'node:crypto';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { RequestError, type Call, type System } from '../custom-resource';
import { readRevocationList, serialNumberText, type RevocationList } from './revocation-list';

export type S3 = Pick<S3Client, 'send'>;

export interface RevocationSettings {
  readonly bucket: string;
  readonly key: string;
  /** Whether a list counts that should have been replaced by now. */
  readonly acceptsStale: boolean;
}

/** A list of 100,000 certificates has less. */
const MAX_BYTES = 8 * 1024 * 1024;

/** How long a list is used before it is looked for again. */
const FRESH_MS = 5 * 60 * 1000;

/** The certificates that a CA has revoked, as the list in Amazon S3 says. */
export class Revocations {
  private latest: { readonly list: RevocationList; readonly readAt: number } | undefined;

  constructor(private readonly s3: S3, private readonly settings: RevocationSettings, private readonly system: System) {}

  /** Whether a certificate is on the list. Fails where there is no list, or none that is still valid. */
  public async has(call: Call, certificate: X509Certificate, ca: X509Certificate): Promise<boolean> {
    const now = this.system.now();
    if (this.latest === undefined || now - this.latest.readAt > FRESH_MS) {
      this.latest = { list: readRevocationList(await this.read(call), ca), readAt: now };
    }
    const { revoked, thisUpdate, nextUpdate } = this.latest.list;
    if (!this.settings.acceptsStale && !(thisUpdate.getTime() <= now && now < nextUpdate.getTime())) {
      throw new RequestError(`the revocation list was valid from ${thisUpdate.toISOString()} to ${nextUpdate.toISOString()}; put a new one into the bucket`);
    }
    return revoked.has(serialNumberText(certificate.serialNumber));
  }

  private async read(call: Call): Promise<Uint8Array> {
    const { bucket, key } = this.settings;
    const { Body: body, ContentLength: length = Infinity } = await call(() => this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })));
    if (body === undefined || length > MAX_BYTES) {
      throw new RequestError(`the revocation list must have at most ${MAX_BYTES} bytes, got ${length}`);
    }
    return body.transformToByteArray();
  }
}

import { createHash } from 'node:crypto';
import * as assets from 'aws-cdk-lib/aws-s3-assets';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/** A file of devices, where the registration finds it. */
export interface BulkFileLocation {
  readonly bucket: s3.IBucket;
  readonly key: string;
  /** Changes with the content. */
  readonly version: string;
}

/**
 * The file that says which devices to register: a JSON object of texts in each line, such as
 * `{"SerialNumber":"1","CSR":"-----BEGIN CERTIFICATE REQUEST-----\n…"}`.
 */
export class BulkFile {
  /** Uses a file on the computer that synthesizes the app, which is checked then, and uploaded with the app. */
  public static fromLocalFile(path: string): BulkFile {
    return new BulkFile((scope) => {
      const asset = new assets.Asset(scope, 'File', { path });
      return { bucket: asset.bucket, key: asset.s3ObjectKey, version: asset.assetHash };
    }, path);
  }

  /**
   * Uses an object in a bucket. AWS IoT reports the lines that cannot be registered.
   *
   * @param bucket The bucket, in the Region of the stack.
   * @param key The key of the object.
   * @param version Any text that changes when the object does: only then are devices registered again.
   */
  public static fromBucket(bucket: s3.IBucket, key: string, version: string): BulkFile {
    return new BulkFile(() => ({ bucket, key, version }));
  }

  private constructor(
    private readonly place: (scope: Construct) => BulkFileLocation,
    /**
     * Where the file is on this computer.
     *
     * @internal
     */
    public readonly _path?: string,
  ) {}

  /** @internal */
  public _bind(scope: Construct): BulkFileLocation {
    return this.place(scope);
  }

  /**
   * What differs for another local file, to name constructs with.
   *
   * @internal
   */
  public static _suffix({ version }: BulkFileLocation, path: string | undefined): string {
    return path === undefined ? '' : createHash('sha256').update(version).digest('hex').slice(0, 8);
  }
}

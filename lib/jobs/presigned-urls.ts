import { Duration, Stack } from 'aws-cdk-lib';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { OBJECT_KEY } from './iot-read-role';
import { durationIn } from './limits';
import { invalid, quote } from '../private/errors';
import { requireText } from '../private/text';

/** What the placeholder of a URL in a document begins with; AWS IoT replaces it when a device asks for the document. */
export const PLACEHOLDER = '${aws:iot:s3-presigned-url';

/** What `urlOf` returns, as it stands in a document: it may have tokens in it. */
const PLACEHOLDERS = /\$\{aws:iot:s3-presigned-url-v2:((?:\$\{Token\[[^\]]*\]\}|[^{}"])*)\}/g;

/** Options for the URLs of objects. */
export interface PresignedUrlsOptions {
  /** What the keys of the objects begin with, such as `firmware/`. No other object of the bucket can be reached. */
  readonly keyPrefix: string;

  /**
   * How long a device can use a URL after it was given the document, from 1 minute to 1 hour.
   *
   * @default Duration.hours(1)
   */
  readonly expiresIn?: Duration;
}

/**
 * URLs in the document of a job with which devices download objects from Amazon S3 without credentials.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/create-manage-jobs.html#create-manage-jobs-presigned-URLs
 */
export class PresignedUrls {
  /** URLs of objects in a bucket. */
  public static ofBucket(bucket: s3.IBucket, options: PresignedUrlsOptions): PresignedUrls {
    return new PresignedUrls(bucket, options.keyPrefix, options.expiresIn ?? Duration.hours(1));
  }

  private constructor(
    /** @internal */ public readonly _bucket: s3.IBucket,
    /** @internal */ public readonly _keyPrefix: string,
    private readonly expiresIn: Duration,
  ) {}

  /**
   * Returns what stands in the document for the URL of an object.
   *
   * @param name What follows `keyPrefix` in the key of the object.
   */
  public urlOf(name: string): string {
    requireText(this._bucket, 'name', name, OBJECT_KEY);
    return `${PLACEHOLDER}-v2:${objectUrl(this._bucket, `${this._keyPrefix}${name}`)}}`;
  }

  /**
   * Fails for a document with the URL of an object that the role for these URLs may not read. How a bucket is called that is
   * written out cannot be told from one that gets its name at deployment, and passes.
   *
   * @internal
   */
  public _checkDocument(scope: IConstruct, text: string): void {
    const own = locationIn(scope, objectUrl(this._bucket, this._keyPrefix));
    for (const [, url] of text.matchAll(PLACEHOLDERS)) {
      const other = locationIn(scope, url!);
      if (own === undefined || other === undefined) {
        continue;
      }
      const isElsewhere = other.isKnown === own.isKnown && other.bucket !== own.bucket;
      if (isElsewhere || !other.key.startsWith(own.key)) {
        throw invalid(scope, `'document' must have URLs of 'presignedUrls' alone, got ${quote(other.key)}${isElsewhere ? ' of another bucket' : ` where keys begin with ${quote(own.key)}`}: their role could not read it; call urlOf() of the same PresignedUrls`);
      }
    }
  }

  /** @internal */
  public _expiresInSec(scope: IConstruct): number {
    return durationIn('seconds', scope, 'presignedUrls.expiresIn', this.expiresIn, 60, 3600);
  }
}

/** The bucket and the key in the address of an object, where it is written as here. Only its own tokens are resolved. */
function locationIn(scope: IConstruct, url: string): { readonly bucket: string; readonly isKnown: boolean; readonly key: string } | undefined {
  const resolved: unknown = Stack.of(scope).resolve(url);
  const parts: readonly unknown[] = typeof resolved === 'string' ? [resolved] : (resolved as { readonly 'Fn::Join'?: readonly [string, readonly unknown[]] })['Fn::Join']?.[1] ?? [];
  // A bar is in no address; what AWS only knows at deployment stands between two.
  const [, bucket, key] = /^https:\/\/s3\.(?:[^/|]|\|[^|]*\|)+\/((?:[^/|]|\|[^|]*\|)+)\/(.*)$/s.exec(parts.map((part) => (typeof part === 'string' ? part : `|${JSON.stringify(part)}|`)).join('')) ?? [];
  return bucket === undefined || key === undefined ? undefined : { bucket, isKnown: !bucket.includes('|'), key };
}

/** The address of an object as AWS IoT takes it, in the Region of the bucket's stack. */
export function objectUrl(bucket: s3.IBucket, key: string): string {
  const { urlSuffix } = Stack.of(bucket);
  return `https://s3.${bucket.env.region}.${urlSuffix}/${bucket.bucketName}/${key}`;
}

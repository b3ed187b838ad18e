/** Where an object is. */
export interface S3Location {
  readonly bucket: string;

  /** As the URL has it, encoded or not. */
  readonly key: string;
}

/** The URL of an object in either style of S3, or `s3://BUCKET/KEY`. A name of DNS has 255 characters at most. */
const LOCATIONS = [/^https:\/\/s3[.-][^/]{1,255}\/([^/]+)\/(.+)$/, /^https:\/\/([^/]{1,255})\.s3[.-][^/]{1,255}\/(.+)$/, /^s3:\/\/([^/]+)\/(.+)$/];

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html */
export function locationIn(url: string): S3Location | undefined {
  for (const location of LOCATIONS) {
    const [, bucket, key] = location.exec(url) ?? [];
    if (bucket !== undefined && key !== undefined) {
      return { bucket, key };
    }
  }
  return undefined;
}

/** A text that is URL-encoded; undefined for one that is not. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

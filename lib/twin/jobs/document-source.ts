import { invalidRequest } from '../account';
import { check, checkDocument } from './checks';
import { JOB_LIMITS } from './limits';
import type { JobSettings } from './records';
import { decoded, locationIn } from './s3-location';
import type { S3Location } from './s3-location';

/** An object in a bucket. It throws when there is none. */
export type ReadObject = (bucket: string, key: string) => Buffer;

/**
 * The document of a job, as it is given or where it is said to be.
 *
 * @throws IotError for one that is missing, or that no job can have
 */
export function documentOf(document: string | undefined, documentSource: string | undefined, readObject: ReadObject): Pick<JobSettings, 'document' | 'documentSource'> {
  if (documentSource === undefined) {
    return { document: checkDocument(document) };
  }
  check(document !== undefined ? "give either 'document' or 'documentSource'" : undefined);
  const { bucket, key } = readLocation(documentSource);
  let object: string;
  try {
    object = readObject(bucket, key).toString();
  } catch (error) {
    throw invalidRequest(`the documentSource cannot be read: ${(error as Error).message}`);
  }
  return { document: checkDocument(object), documentSource };
}

function readLocation(source: string): S3Location {
  const { bucket, key } = (typeof source === 'string' && source.length <= JOB_LIMITS.documentSourceLength ? locationIn(source) : undefined) ?? {};
  const whole = key === undefined ? undefined : decoded(key);
  if (bucket === undefined || whole === undefined) {
    throw invalidRequest(`'documentSource' must be the URL of an object in Amazon S3, such as https://BUCKET.s3.REGION.amazonaws.com/KEY, of at most ${JOB_LIMITS.documentSourceLength} characters`);
  }
  return { bucket, key: whole };
}

import type { ObjectRequest } from '../aws';
import type { ExecutionRecord } from './records';
import { decoded, locationIn } from './s3-location';

/** `${aws:iot:s3-presigned-url-v2:https://s3.REGION.amazonaws.com/BUCKET/KEY}`; only keys of uploads have names in them. */
const PLACEHOLDER = /\$\{aws:iot:s3-presigned-url(-v1|-v2|-upload)?:((?:\$\{\w+\}|[^{}"])*)\}/g;

/** How often a name may be in the key of an upload. */
const MOST_OF_A_NAME = 2;

/** What a device is given the document for. */
export type Names = Pick<ExecutionRecord, 'thingName' | 'jobId' | 'executionNumber'>;

/** How many presigned URLs a document asks for. */
export function countPlaceholders(document: string): number {
  return document.match(PLACEHOLDER)?.length ?? 0;
}

/**
 * A document with URLs in the place of what stands for them. What no URL can be made for stays.
 *
 * @param urlOf the URL, if there can be one
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/create-manage-jobs.html#create-manage-jobs-presigned-URLs
 */
export function fillPlaceholders(document: string, names: Names, urlOf: (request: ObjectRequest | undefined, placeholder: string) => string | undefined): string {
  return document.replace(PLACEHOLDER, (placeholder: string, kind: string | undefined, escaped: string) => (
    urlOf(requestIn(kind, unescaped(escaped), names), placeholder) ?? placeholder
  ));
}

function requestIn(kind: string | undefined, url: string, names: Names): ObjectRequest | undefined {
  // A text with half of a character is no part of a URL.
  const { bucket, key } = /\p{Surrogate}/u.test(url) ? {} : locationIn(url) ?? {};
  if (bucket === undefined || key === undefined || bucket.includes('$')) {
    return undefined;
  }
  switch (kind) {
    case '-upload': {
      const named = withNames(key, names);
      const whole = named === undefined ? undefined : decoded(named);
      return whole === undefined ? undefined : { method: 'PUT', bucket, key: whole };
    }
    case '-v2': {
      // The version is in the key, encoded with it.
      const [, whole, versionId] = /^(.+?)(?:\?versionId=([^&]+))?$/s.exec(decoded(key) ?? '') ?? [];
      return whole === undefined ? undefined : { method: 'GET', bucket, key: whole, ...versionId !== undefined && { versionId } };
    }
    default:
      return { method: 'GET', bucket, key };
  }
}

/** A key with `${thingName}`, `${jobId}` and `${executionNumber}` filled in; undefined for other names, and for too many. */
function withNames(key: string, { thingName, jobId, executionNumber }: Names): string | undefined {
  const values = new Map([['thingName', thingName], ['jobId', jobId], ['executionNumber', String(executionNumber)]]);
  const used = [...key.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!);
  const isFine = used.every((name) => values.has(name) && used.filter((other) => other === name).length <= MOST_OF_A_NAME);
  return isFine ? key.replace(/\$\{(\w+)\}/g, (_, name: string) => values.get(name)!) : undefined;
}

/** A part of a JSON text without quotes in it, as it is meant. */
function unescaped(part: string): string {
  try {
    return JSON.parse(`"${part}"`) as string;
  } catch {
    return part;
  }
}

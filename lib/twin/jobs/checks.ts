import { invalidRequest } from '../account';
import { objectToAbort, objectToPresigning, objectToRetries, objectToRollout } from './job-configs';
import { JOB_LIMITS, JOB_SAFETY } from './limits';
import { countPlaceholders } from './placeholders';
import type { JobSettings } from './records';

/** What the API takes in texts for people. */
const PRINTABLE = /^[^\p{C}]*$/u;
const REASON_CODE = /^[\p{Upper}\p{N}_]+$/u;

/** What the API takes as a name and a value in the status details. */
const DETAILS_KEY = /^[a-zA-Z0-9:_-]+$/;
const DETAILS_VALUE = /^[^\p{C}]+$/u;

/** Whether something can be the status details of an execution; why not, if not. */
export function objectToDetails(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) {
    return 'statusDetails must be an object of texts';
  }
  const { detailsKeyLength, detailsValueLength } = JOB_LIMITS;
  let bytes = 0;
  for (const [key, value] of Object.entries(details as Readonly<Record<string, unknown>>)) {
    if (key.length > detailsKeyLength || !DETAILS_KEY.test(key)) {
      return `a name in statusDetails must have from 1 to ${detailsKeyLength} characters of [a-zA-Z0-9:_-]`;
    }
    if (typeof value !== 'string' || value.length > detailsValueLength || !DETAILS_VALUE.test(value)) {
      return `the value of '${key}' in statusDetails must be a text of 1 to ${detailsValueLength} characters without control characters`;
    }
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  return bytes > JOB_SAFETY.detailsBytes ? `statusDetails has more than the ${JOB_SAFETY.detailsBytes} bytes that the twin takes` : undefined;
}

/** Whether something can be a time to finish in; why not, if not. */
export function objectToMinutes(name: string, minutes: unknown, others: readonly number[] = []): string | undefined {
  const { least, most } = JOB_LIMITS.timeoutMinutes;
  return typeof minutes === 'number' && Number.isInteger(minutes) && ((minutes >= least && minutes <= most) || others.includes(minutes)) ? undefined
    : `${name} must be a whole number from ${least} to ${most}${others.map((other) => ` or ${other}`).join('')}`;
}

/** @throws IotError for what the API does not take. */
export function check(objection: string | undefined): void {
  if (objection !== undefined) {
    throw invalidRequest(objection);
  }
}

/** @throws IotError for a document that is missing, too long, or no JSON. */
export function checkDocument(document: string | undefined): string {
  if (document === undefined || document === '') {
    throw invalidRequest("a job needs a 'document', a 'documentSource' or a 'jobTemplateArn'");
  }
  check(typeof document !== 'string' || document.length > JOB_LIMITS.documentLength
    ? `the job document must be a text of at most ${JOB_LIMITS.documentLength} characters` : undefined);
  check(depthOf(document) > JOB_SAFETY.documentDepth ? `the job document is nested deeper than the ${JOB_SAFETY.documentDepth} levels that the twin takes` : undefined);
  check(countPlaceholders(document) > JOB_SAFETY.presignedUrls ? `the job document asks for more than the ${JOB_SAFETY.presignedUrls} presigned URLs that the twin makes` : undefined);
  try {
    JSON.parse(document);
    return document;
  } catch {
    throw invalidRequest('the job document is not valid JSON');
  }
}

/** @throws IotError for settings that the API does not take. */
export function checkSettings({ description, timeoutConfig, jobExecutionsRetryConfig, jobExecutionsRolloutConfig, abortConfig, presignedUrlConfig }: Partial<JobSettings>): void {
  check(objectToText('description', description, JOB_LIMITS.descriptionLength));
  if (timeoutConfig?.inProgressTimeoutInMinutes !== undefined) {
    check(objectToMinutes('inProgressTimeoutInMinutes', timeoutConfig.inProgressTimeoutInMinutes));
  }
  check(jobExecutionsRetryConfig && objectToRetries(jobExecutionsRetryConfig));
  check(jobExecutionsRolloutConfig && objectToRollout(jobExecutionsRolloutConfig));
  check(abortConfig && objectToAbort(abortConfig));
  check(presignedUrlConfig && objectToPresigning(presignedUrlConfig));
}

/** @throws IotError for a reason or a comment that the API does not take. */
export function checkReason(reasonCode: string | undefined, comment: string | undefined): void {
  check(objectToText('comment', comment, JOB_LIMITS.commentLength));
  check(reasonCode !== undefined && (reasonCode.length > JOB_LIMITS.reasonCodeLength || !REASON_CODE.test(reasonCode))
    ? `'reasonCode' must have from 1 to ${JOB_LIMITS.reasonCodeLength} capital letters, digits and underscores` : undefined);
}

function objectToText(name: string, text: string | undefined, most: number): string | undefined {
  return text === undefined || (typeof text === 'string' && text.length <= most && PRINTABLE.test(text)) ? undefined
    : `'${name}' must be a text of at most ${most} characters without control characters`;
}

/** How deep lists and objects are in each other, without reading the JSON. */
function depthOf(json: string): number {
  let [depth, deepest, inText] = [0, 0, false];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (inText && character === '\\') {
      at++;
    } else if (character === '"') {
      inText = !inText;
    } else if (!inText && (character === '{' || character === '[')) {
      deepest = Math.max(deepest, ++depth);
    } else if (!inText && (character === '}' || character === ']')) {
      depth--;
    }
  }
  return deepest;
}

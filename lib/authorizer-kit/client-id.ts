import { createHash } from 'node:crypto';
import { AnswerError, Refusal } from './errors';

/** Longest client id that AWS IoT takes, in bytes. */
const MAX_BYTES = 128;

/** What a client may put behind its own prefix: neither wildcards nor variables of a policy, nor separators of a topic. */
const SUFFIX = /^[\w:.@=,-]*$/;

/** A client id in full, nothing in it that a policy reads as more than itself. */
const EXACT = /^[^*?$\p{Cc}\p{Cs}][^*?{}\p{Cc}\p{Cs}]*$/u;

/**
 * The principal id of a subject: its SHA-256 in hexadecimal digits. AWS IoT takes only letters and digits, and two
 * subjects that differ in other characters must not become the same.
 */
export function principalIdOf(subject: string): string {
  return createHash('sha256').update(subject).digest('hex');
}

/**
 * The client id that a subject connects with: its principal id, and behind a hyphen what tells its own clients apart.
 *
 * A second connection with the same client id ends the first.
 */
export function clientIdOf(subject: string, suffix?: string): string {
  const clientId = suffix === undefined ? principalIdOf(subject) : `${principalIdOf(subject)}-${suffix}`;
  if (!SUFFIX.test(clientId) || clientId.length > MAX_BYTES) {
    throw new AnswerError(`the suffix of a client id must have 1 to ${MAX_BYTES - principalIdOf('').length - 1} letters, digits and _:.@=,-`);
  }
  return clientId;
}

/** The client ids that are granted, as resources of a policy: the one that the client has, or those that it may have. */
export function grantedClientIds(principalId: string, given: string | undefined, allowed: readonly string[] | undefined): readonly string[] {
  if (allowed?.some((id) => typeof id !== 'string' || !EXACT.test(id) || Buffer.byteLength(id) > MAX_BYTES)) {
    throw new AnswerError(`'clientIds' must have 1 to ${MAX_BYTES} bytes each, without * ? { } and without $ at the beginning`);
  }
  if (given === undefined) {
    return allowed ?? [principalId, `${principalId}-*`];
  }
  const isOwn = allowed?.includes(given) ?? (given === principalId || (given.startsWith(`${principalId}-`) && SUFFIX.test(given)));
  if (!isOwn) {
    throw new Refusal(allowed === undefined
      ? 'the client id is not the hash of the subject, nor begins with it and a hyphen'
      : 'the client id is none of those that the subject may have');
  }
  return [given];
}

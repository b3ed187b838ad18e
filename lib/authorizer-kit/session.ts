import { AUTHORIZER_ANSWER } from '../policy/authorizer-answer';
import { AnswerError, Refusal } from './errors';

/** How long a connection lasts whose credentials do not expire, in seconds. */
const DEFAULT_SECONDS = 3600;

/** In 1973. An earlier time is one in seconds, as tokens have it. */
const FIRST_MILLISECONDS = 1e11;

/** How long connections last. */
export interface SessionOptions {
  /**
   * The longest a connection lasts, 300 to 86,400 seconds. One whose credentials expire ends with them.
   *
   * @default 86400, or 3600 where the credentials do not expire
   */
  readonly maxSessionSeconds?: number;

  /**
   * After how many seconds AWS IoT asks again, with the same credentials, 300 to 86,400: to notice what has been revoked.
   *
   * @default - not before the connection ends
   */
  readonly refreshAfterSeconds?: number;

  /**
   * How long credentials must still be valid, in seconds. AWS IoT ends no connection before 300 seconds, so that those
   * that expire before are outlived by their connection, by less than 5 minutes; 300 refuses them.
   *
   * @default 0
   */
  readonly minRemainingSeconds?: number;
}

/** The two times of an answer, in seconds. */
export interface SessionTimes {
  readonly disconnectAfterInSeconds: number;
  readonly refreshAfterInSeconds: number;
}

/** Fails for options that AWS IoT would not take. */
export function checkSession({ maxSessionSeconds, refreshAfterSeconds, minRemainingSeconds }: SessionOptions): void {
  for (const [name, value, least] of [
    ['maxSessionSeconds', maxSessionSeconds, AUTHORIZER_ANSWER.minSeconds], ['refreshAfterSeconds', refreshAfterSeconds, AUTHORIZER_ANSWER.minSeconds], ['minRemainingSeconds', minRemainingSeconds, 0],
  ] as const) {
    if (value !== undefined && (!Number.isInteger(value) || value < least || value > AUTHORIZER_ANSWER.maxSeconds)) {
      throw new AnswerError(`'${name}' must be a whole number from ${least} to ${AUTHORIZER_ANSWER.maxSeconds}, got ${value}`);
    }
  }
}

/**
 * How long a connection lasts: until its credentials expire, not longer and not shorter. A refresh sends the same
 * credentials again, which then have expired, so that it would end the connection rather than prolong it.
 *
 * @param expiresAt milliseconds since the epoch.
 */
export function sessionTimes(expiresAt: number | undefined, now: number, options: SessionOptions): SessionTimes {
  const remaining = expiresAt === undefined ? DEFAULT_SECONDS : Math.floor((expiresAt - now) / 1000);
  if (Number.isNaN(remaining) || Number(expiresAt) < FIRST_MILLISECONDS) {
    throw new AnswerError("'expiresAt' must be milliseconds since the epoch; multiply seconds, such as the 'exp' of a token, by 1000");
  }
  if (expiresAt !== undefined && (expiresAt <= now || remaining < (options.minRemainingSeconds ?? 0))) {
    throw new Refusal(expiresAt <= now ? 'the credentials have expired' : 'the credentials expire too soon');
  }
  const longest = options.maxSessionSeconds ?? AUTHORIZER_ANSWER.maxSeconds;
  const wanted = expiresAt === undefined ? options.maxSessionSeconds ?? DEFAULT_SECONDS : Math.min(remaining, longest);
  const disconnectAfterInSeconds = Math.max(wanted, AUTHORIZER_ANSWER.minSeconds);
  return { disconnectAfterInSeconds, refreshAfterInSeconds: Math.min(options.refreshAfterSeconds ?? disconnectAfterInSeconds, disconnectAfterInSeconds) };
}

import { nameOf, OutOfTimeError } from './errors';
import type { System } from './system';

/** Sends a request to AWS, again and again while that may help. */
export type Call = <T>(send: () => Promise<T>, patience?: Patience) => Promise<T>;

/** Errors that pass by themselves at this place, though not in general. */
export interface Patience {
  readonly errors: readonly string[];
  readonly seconds: number;
}

/** A resource that was created a moment ago may not be found yet. */
export const UNTIL_FOUND: Patience = { errors: ['ResourceNotFoundException'], seconds: 20 };

/**
 * What was detached a moment ago may still count.
 *
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_DetachPolicy.html "it can take up to five minutes"
 */
export const UNTIL_DETACHED: Patience = { errors: ['DeleteConflictException', 'InvalidRequestException'], seconds: 360 };

/** Errors that say "not now". */
const TRANSIENT: Patience = {
  errors: [
    'ThrottlingException',
    'TooManyRequestsException',
    'ServiceUnavailableException',
    'InternalException',
    'InternalFailureException',
    'InternalServerException',
    'ConflictException',
    'ConflictingResourceUpdateException',
    'VersionConflictException',
    'IndexNotReadyException',
    'TimeoutError',
    'RequestTimeout',
    'RequestTimeoutException',
    'NetworkingError',
  ],
  seconds: 120,
};

/**
 * Errors that mean it, unless they come from a state that AWS has not noticed to be gone: IAM takes seconds to know a
 * new permission, and a limit counts what was detached a moment ago. AWS IoT also throttles with LimitExceeded.
 */
const SETTLING: Patience = {
  errors: ['AccessDeniedException', 'UnauthorizedException', 'LimitExceededException'],
  seconds: 30,
};

const NETWORK_CODES: readonly unknown[] = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND'];

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 10_000;

/** Calls with exponential pauses and jitter, so that handlers that run at once do not stay in step. */
export function createCall(system: System, deadline: number): Call {
  return async (send, patience) => {
    const start = system.now();
    for (let attempt = 0; ; attempt++) {
      if (system.now() >= deadline) {
        throw new OutOfTimeError();
      }
      try {
        return await send();
      } catch (error) {
        const wait = pauseAfter(attempt, system.random());
        const next = system.now() + wait;
        if (next > start + 1000 * secondsFor(error, patience)) {
          throw error;
        }
        if (next >= deadline) {
          throw new OutOfTimeError(error);
        }
        await system.sleep(wait);
      }
    }
  };
}

function pauseAfter(attempt: number, random: number): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return longest / 2 + random * longest / 2;
}

/** How long an error is worth waiting for, 0 for not at all. */
function secondsFor(error: unknown, patience?: Patience): number {
  const lists = [patience, TRANSIENT, SETTLING];
  const name = nameOf(error);
  return lists.find((list) => list?.errors.includes(name))?.seconds ?? (isTransient(error) ? TRANSIENT.seconds : -1);
}

function isTransient(error: unknown): boolean {
  const { code, $metadata } = Object(error) as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return NETWORK_CODES.includes(code) || status >= 500 || status === 429;
}

import { nameOf, RequestError } from './errors';
import type { System } from './system';

/** Puts the body where CloudFormation waits for it; fails for any answer but 2xx. */
export type Put = (url: string, body: Uint8Array) => Promise<void>;

const ATTEMPTS = 6;
const TIMEOUT_MS = 10_000;

/** Without a content type: the URL is signed for a request that has none. */
export const put: Put = async (url, body) => {
  const response = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) {
    throw new RequestError(`CloudFormation answered ${response.status}`);
  }
};

/** Puts the answer with retries: a lost one would keep the stack waiting for an hour. */
export async function putSafely(system: System, send: Put, url: string, body: Uint8Array): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await send(url, body);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) {
        // Neither the URL, which is a credential, nor an error that may contain it.
        throw new RequestError(`could not answer CloudFormation after ${ATTEMPTS} attempts, the last one failed with ${nameOf(error)}`);
      }
      await system.sleep(500 * 2 ** (attempt - 1) * (0.5 + system.random() / 2));
    }
  }
}

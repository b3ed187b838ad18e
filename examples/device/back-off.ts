import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

/**
 * Waits before another attempt: a random while, which gets longer with each attempt. Devices that lost their power at
 * once do not come back at once.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export async function backOff(attempt: number): Promise<void> {
  await sleep(Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt));
}

import { AwsClient } from 'aws4fetch';
import type { Credentials } from './credentials';
import { IotWebError } from './errors';
import type { Surroundings } from './surroundings';

const MAX_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** What passes by itself: too many calls, and what is wrong on the other side. */
function mayPass(status: number): boolean {
  return status === 429 || status >= 500;
}

/** Asks the attach service, with a signed request, until it has answered. */
export async function callAttachService(
  url: string, method: 'POST' | 'DELETE', region: string, getCredentials: () => Promise<Credentials>, around: Surroundings,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const aws = new AwsClient({ ...await getCredentials(), service: 'execute-api', region, retries: 0 });
    const response = await aws.fetch(`${url.replace(/\/$/, '')}/attachment`, { method }).catch(() => undefined);
    if (response?.ok === true) {
      return;
    }
    if (attempt === MAX_ATTEMPTS || (response !== undefined && !mayPass(response.status))) {
      throw await refusal(response);
    }
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
    await around.sleep(longest / 2 + around.random() * longest / 2);
  }
}

async function refusal(response: Response | undefined): Promise<IotWebError> {
  if (response === undefined) {
    return new IotWebError("cannot reach the attach service; check 'attachUrl', and that 'allowedOrigins' of the service has the origin of this page");
  }
  const { message } = await response.json().catch(() => ({})) as { readonly message?: unknown };
  const advice = response.status === 403 ? '; check that the user has signed in, and the clock of this device' : '';
  return new IotWebError(`the attach service answers ${response.status}${typeof message === 'string' ? `: ${message}` : ''}${advice}`, response.status);
}

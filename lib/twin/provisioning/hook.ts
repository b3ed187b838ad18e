import type { Functions } from '../lambda';
import { readParameters } from './plan';
import { isObject } from './template';

/**
 * What a pre-provisioning hook is told.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html
 */
export interface HookEvent {
  readonly claimCertificateId: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly templateArn: string;
  readonly clientId: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export type HookVerdict =
  | { readonly allowed: true; readonly overrides: ReadonlyMap<string, string> }
  | { readonly allowed: false; readonly reason: string };

/** AWS waits no longer for a hook or a certificate provider. */
export const FUNCTION_TIMEOUT_MS = 5000;

/** Ask a pre-provisioning hook. Whatever is not a well-formed yes is a no. */
export async function askHook(functions: Functions, functionArn: string, event: HookEvent): Promise<HookVerdict> {
  const refused = (reason: string): HookVerdict => ({ allowed: false, reason: `the pre-provisioning hook ${reason}` });
  let answer: unknown;
  try {
    answer = await functions.invoke(functionArn, event, { timeoutMs: FUNCTION_TIMEOUT_MS });
  } catch (error) {
    return refused(`failed: ${(error as Error).message}`);
  }
  if (!isObject(answer) || typeof answer.allowProvisioning !== 'boolean') {
    return refused("did not answer { allowProvisioning: true or false }");
  }
  if (!answer.allowProvisioning) {
    return refused('said no');
  }
  try {
    return { allowed: true, overrides: readParameters(answer.parameterOverrides ?? {}) };
  } catch {
    return refused('answered parameterOverrides that are no object of strings');
  }
}

/** AWS IoT counts a policy document's characters without white space. */
export const MAX_POLICY_SIZE = 2048;

/** At most so many policies may be attached to one certificate or Cognito identity. */
export const MAX_POLICIES_PER_PRINCIPAL = 10;

/**
 * The size of a policy document as AWS IoT counts it: characters, white space left out.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html
 */
export function policySize(document: unknown): number {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return text.replace(/\s/g, '').length;
}

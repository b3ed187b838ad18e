/**
 * What AWS IoT takes of a custom authorizer's answer; each document is a policy of at most `MAX_POLICY_SIZE`.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html
 */
export const AUTHORIZER_ANSWER = {
  maxDocuments: 10,

  /** Bounds of `disconnectAfterInSeconds` and `refreshAfterInSeconds`. */
  minSeconds: 300,
  maxSeconds: 86_400,
  principalId: /^[a-zA-Z0-9]{1,128}$/,
} as const;

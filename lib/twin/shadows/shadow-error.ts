/**
 * Why the service refuses a request, in AWS's words.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html
 */
export class ShadowError extends Error {
  constructor(public readonly code: 400 | 404 | 409 | 413 | 415 | 429 | 500, message: string) {
    super(message);
  }
}

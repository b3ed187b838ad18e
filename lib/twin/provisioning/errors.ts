/**
 * How provisioning refuses. AWS documents the form of a refusal, not the codes: `InvalidCertificateOwnershipToken` and
 * `InvalidParameters` are as devices have met them, the others are named in the same way.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/fleet-provision-api.html
 * @see https://github.com/aws/aws-iot-device-sdk-js-v2/issues/69
 */
const STATUS_CODES = {
  InvalidPayload: 400,
  InvalidParameters: 400,
  InvalidTemplate: 400,
  InvalidCSR: 400,
  InvalidCertificate: 400,
  InvalidCertificateOwnershipToken: 400,
  AccessDenied: 403,
  ResourceNotFound: 404,
  ResourceConflict: 409,
  LimitExceeded: 429,
  InternalFailure: 500,
} as const;

export type ProvisioningErrorCode = keyof typeof STATUS_CODES;

/** A device or thing cannot be provisioned. The message is for whoever asked, so it holds no secret. */
export class ProvisioningError extends Error {
  public override readonly name = 'ProvisioningError';

  constructor(public readonly code: ProvisioningErrorCode, message: string) {
    super(message);
  }

  public get statusCode(): number {
    return STATUS_CODES[this.code];
  }
}

/** The HTTP status of the errors of AWS IoT, by name, as the API reference lists them for each call. */
const STATUS_CODES = {
  CertificateConflictException: 409,
  CertificateStateException: 406,
  CertificateValidationException: 400,
  ConflictException: 409,
  ConflictingResourceUpdateException: 409,
  DeleteConflictException: 409,
  InternalFailureException: 500,
  InvalidRequestException: 400,
  InvalidResponseException: 400,
  InvalidStateTransitionException: 409,
  LimitExceededException: 410,
  MalformedPolicyException: 400,
  NotConfiguredException: 404,
  RegistrationCodeValidationException: 400,
  ResourceAlreadyExistsException: 409,
  ResourceNotFoundException: 404,
  ResourceRegistrationFailureException: 400,
  UnauthorizedException: 401,
  UnsupportedOperationException: 501,
  VersionConflictException: 409,
  VersionsLimitExceededException: 409,
} as const;

export type IotErrorName = keyof typeof STATUS_CODES;

/** An error as the AWS API answers it. */
export class IotError extends Error {
  public readonly statusCode: number;

  constructor(
    public override readonly name: IotErrorName,
    message: string,

    /** What else the error says, such as the `resourceArn` of what exists already. */
    public readonly details: { readonly [member: string]: string } = {},
  ) {
    super(message);
    this.statusCode = STATUS_CODES[name];
  }
}

export function notFound(what: string): IotError {
  return new IotError('ResourceNotFoundException', `${what} not found`);
}

export function invalidRequest(message: string): IotError {
  return new IotError('InvalidRequestException', message);
}

/** A request that cannot be fulfilled. The message says what to do; it is what the user reads in the stack's events. */
export class RequestError extends Error {
  public override readonly name: string = 'RequestError';
}

/** The time of the Lambda function is used up. Work may have been left half done, to be taken back by a Delete. */
export class OutOfTimeError extends RequestError {
  public override readonly name = 'OutOfTimeError';

  constructor(cause?: unknown) {
    super(
      'ran out of time: deploy again to go on where this stopped, or divide the resource into smaller ones'
      + (cause === undefined ? '' : `; the last answer of AWS was ${describe(cause)}`),
      { cause },
    );
  }
}

/** A create failed, and taking back what it had done failed as well: a Delete has to finish it. */
export class NotUndoneError extends RequestError {
  public override readonly name = 'NotUndoneError';

  constructor(cause: unknown) {
    super(describe(cause), { cause });
  }
}

/** The name of an AWS error, or whatever was thrown. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

const DENIED = 'the role of the function was given this permission, so look for a service control policy or permissions boundary that denies it';
const BUSY = 'AWS went on like this for minutes; deploy again when it has passed';

/** What a user can do about an error of AWS. */
const ADVICE: { readonly [name: string]: string } = {
  AccessDeniedException: DENIED,
  UnauthorizedException: DENIED,
  LimitExceededException: 'a quota of AWS IoT is full; remove what is no longer needed, or ask AWS for more',
  ThrottlingException: BUSY,
  TooManyRequestsException: BUSY,
  ServiceUnavailableException: BUSY,
  InternalFailureException: BUSY,
  TimeoutError: BUSY,
  ResourceNotFoundException: 'it must exist in the account and Region of the stack before this resource does',
  ResourceAlreadyExistsException: 'remove what is there already, or choose another name',
};

/** Says what was tried when AWS refused, and what to do about it. */
export function failure(attempt: string, error: unknown): Error {
  if (error instanceof RequestError) {
    return error;
  }
  const advice = ADVICE[nameOf(error)];
  return new RequestError(`cannot ${attempt}: ${describe(error)}${advice === undefined ? '' : `; ${advice}`}`, { cause: error });
}

/** Some messages of AWS quote the whole request; what to do about them comes after, and CloudFormation cuts a long reason. */
const MAX_MESSAGE_CHARS = 700;

/** An error in one line, for a person. */
export function describe(error: unknown): string {
  if (error instanceof RequestError) {
    return error.message;
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return message.length > MAX_MESSAGE_CHARS ? `${message.slice(0, MAX_MESSAGE_CHARS)}…` : message;
}

/** Runs an action that is done already when AWS answers with one of these errors. */
export async function unless(names: readonly string[], action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!names.includes(nameOf(error))) {
      throw error;
    }
  }
}

/** What was to be removed is not there. */
export const MISSING: readonly string[] = ['ResourceNotFoundException'];

/** What was to be created is there. */
export const EXISTING: readonly string[] = ['ResourceAlreadyExistsException'];

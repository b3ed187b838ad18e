import type { ExecutionRecord } from './records';

/**
 * What a device is told when its request is rejected, and how the data API over HTTPS says it. It has no error of its own
 * for a version that does not match.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jobs-api.html#jobs-mqtt-error-response
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_iot-jobs-data_UpdateJobExecution.html#API_iot-jobs-data_UpdateJobExecution_Errors
 */
export const REJECTIONS = {
  InvalidTopic: { status: 400, error: 'InvalidRequestException' },
  InvalidJson: { status: 400, error: 'InvalidRequestException' },
  InvalidRequest: { status: 400, error: 'InvalidRequestException' },
  InvalidStateTransition: { status: 409, error: 'InvalidStateTransitionException' },
  ResourceNotFound: { status: 404, error: 'ResourceNotFoundException' },
  VersionMismatch: { status: 409, error: 'InvalidStateTransitionException' },
  TerminalStateReached: { status: 410, error: 'TerminalStateException' },
  RequestThrottled: { status: 429, error: 'ThrottlingException' },
  InternalError: { status: 503, error: 'ServiceUnavailableException' },
} as const;

export type RejectionCode = keyof typeof REJECTIONS;

/** A request of a device that is rejected. */
export class Rejection extends Error {
  constructor(
    public readonly code: RejectionCode,
    message: string,

    /** How things stand, where AWS tells it. */
    public readonly execution?: ExecutionRecord,
  ) {
    super(message);
  }
}

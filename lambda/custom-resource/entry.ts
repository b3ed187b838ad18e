import type { CloudFormationCustomResourceResponse, Context } from 'aws-lambda';
import { put, putSafely, type Put } from './answer';
import { describe, nameOf, NotUndoneError, OutOfTimeError, RequestError } from './errors';
import { defaultPhysicalId, type Handle, type Outcome, type ResourceEvent } from './lifecycle';
import { SYSTEM, type System } from './system';

/** Marks a resource that was never created, whose Delete has nothing to do. */
const NEVER_CREATED = 'never-created/';

/** CloudFormation refuses a longer answer with nothing but "Response object is too long". */
const MAX_ANSWER_BYTES = 4096;

const MAX_REASON_CHARS = 1500;

/** What AWS Lambda calls. CloudFormation gets its answer at the URL of the event. */
export type Entry = (event: ResourceEvent, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<void>;

/** Makes the function that AWS Lambda calls: handles the event, logs one line, answers CloudFormation. */
export function customResource(handle: Handle, system: System = SYSTEM, send: Put = put): Entry {
  return async (event, context) => {
    const start = system.now();
    const answer = await settle(handle, event, context.getRemainingTimeInMillis());
    const body = new TextEncoder().encode(JSON.stringify(answer));
    // Never the properties and never the URL: it is a credential.
    system.log(JSON.stringify({
      level: answer.Status === 'SUCCESS' ? 'INFO' : 'ERROR',
      message: `${event.RequestType} ${answer.Status}`,
      resourceType: event.ResourceType,
      stackId: event.StackId,
      logicalResourceId: event.LogicalResourceId,
      physicalResourceId: answer.PhysicalResourceId.slice(0, 128),
      cloudFormationRequestId: event.RequestId,
      milliseconds: system.now() - start,
      ...answer.Status === 'FAILED' && { reason: answer.Reason },
    }));
    await putSafely(system, send, event.ResponseURL, body);
  };
}

async function settle(handle: Handle, event: ResourceEvent, timeLeft: number): Promise<CloudFormationCustomResourceResponse> {
  const common = { StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId };
  try {
    const { physicalResourceId, data } = await outcome(handle, event, timeLeft);
    const answer = { ...common, Status: 'SUCCESS' as const, PhysicalResourceId: physicalResourceId, ...data && { Data: { ...data } } };
    if (Buffer.byteLength(JSON.stringify(answer)) > MAX_ANSWER_BYTES) {
      throw new RequestError(`the attributes of the resource take more than the ${MAX_ANSWER_BYTES} bytes that CloudFormation allows`);
    }
    return answer;
  } catch (error) {
    return { ...common, Status: 'FAILED', Reason: describe(error).slice(0, MAX_REASON_CHARS), PhysicalResourceId: idAfter(error, event) };
  }
}

async function outcome(handle: Handle, event: ResourceEvent, timeLeft: number): Promise<Outcome> {
  if (event.RequestType === 'Delete' && event.PhysicalResourceId.startsWith(NEVER_CREATED)) {
    return { physicalResourceId: event.PhysicalResourceId };
  }
  return handle(event, timeLeft);
}

/** CloudFormation deletes what could not be created, under the id that it is told here. */
function idAfter(error: unknown, event: ResourceEvent): string {
  if (event.RequestType !== 'Create') {
    return event.PhysicalResourceId;
  }
  const mayBeHalfDone = error instanceof OutOfTimeError || error instanceof NotUndoneError;
  return mayBeHalfDone ? defaultPhysicalId(event) : `${NEVER_CREATED}${nameOf(error)}/${event.RequestId}`;
}

import type { Invocation } from '../messages';

/** A handler, in any of the ways that there are to answer. */
export type Handler = (event: unknown, context: object, callback: Callback) => unknown;
type Callback = (error?: Error | null, result?: unknown) => void;

/** Call the handler and wait for its answer: what it returns, or what it gives to the callback. */
export function invoke(handler: Handler, invocation: Invocation): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, result) => {
      if (error === undefined || error === null) {
        resolve(result);
      } else {
        reject(error);
      }
    };
    const returned = handler(invocation.event, contextOf(invocation, callback), callback);
    if (isPromise(returned)) {
      returned.then(resolve, reject);
    } else {
      // One that neither promises anything nor calls back is over when it has nothing left to do.
      process.channel?.unref();
      process.once('beforeExit', () => {
        process.channel?.ref();
        resolve(null);
      });
    }
  }).finally(() => process.channel?.ref());
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function contextOf({ functionArn, requestId, timeoutMs }: Invocation, callback: Callback): object {
  const { env } = process;
  const deadline = performance.now() + timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: requestId,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
    done: callback,
    succeed: (result: unknown) => callback(undefined, result),
    fail: (error?: Error) => callback(error ?? new Error('the handler failed')),
  };
}

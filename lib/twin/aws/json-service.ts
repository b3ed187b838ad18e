import type { Session } from './access-keys';
import { ServiceError, unknownOperation } from './service';
import type { Service, ServiceResponse } from './service';

/** What an operation is given: JSON that nobody has checked. */
export type Input = Readonly<Record<string, unknown>>;

/** The operations of a service by name. */
export type Operations = Readonly<Record<string, (input: Input, caller: Session | undefined) => object | Promise<object>>>;

/**
 * A service that speaks JSON over POST and names the operation in `X-Amz-Target`.
 *
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
export function jsonService(name: string, title: string, operations: Operations, more: Pick<Service, 'evaluatesIam' | 'unsigned'> = {}): Service {
  return {
    name,
    ...more,
    handle: async ({ headers, body, caller }) => {
      try {
        const operation = /\.(\w+)$/.exec(String(headers['x-amz-target'] ?? ''))?.[1] ?? '';
        const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
        if (run === undefined) {
          throw unknownOperation(title, operation, Object.keys(operations));
        }
        return jsonAnswer(200, await run(parse(body), caller));
      } catch (error) {
        return jsonError(error);
      }
    },
  };
}

export function jsonAnswer(status: number, body: object, headers: Readonly<Record<string, string>> = {}): ServiceResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1', ...headers }, body: JSON.stringify(body) };
}

/** An error of a service as JSON; anything else is a fault of the twin and stays one. */
export function jsonError(error: unknown): ServiceResponse {
  if (!(error instanceof ServiceError)) {
    throw error;
  }
  return jsonAnswer(error.statusCode, { __type: error.name, message: error.message }, { 'x-amzn-errortype': error.name });
}

function parse(body: Buffer): Input {
  try {
    const input = JSON.parse(body.length === 0 ? '{}' : body.toString()) as unknown;
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
      return input as Input;
    }
  } catch {
    // Told below.
  }
  throw new ServiceError('SerializationException', 'the body must be a JSON object');
}

import { needsOf } from './permissions';
import type { Permissions } from './permissions';
import { ServiceError, unknownOperation } from './service';
import type { Service, ServiceRequest, ServiceResponse } from './service';

/** What an operation is given: JSON that nobody has checked. */
export type Input = Readonly<Record<string, unknown>>;

/** The operations of a service by name. */
export type Operations = Readonly<Record<string, (input: Input) => object | Promise<object>>>;

/**
 * A service that speaks JSON over POST and names the operation in `X-Amz-Target`.
 *
 * @param permissions what a role must be allowed for each operation
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
export function jsonService(name: string, title: string, operations: Operations, permissions: Permissions, more: Pick<Service, 'unsigned'> = {}): Service {
  const operationOf = ({ headers }: ServiceRequest): string => {
    const operation = targetOf(headers);
    if (!Object.hasOwn(operations, operation)) {
      throw unknownOperation(title, operation, Object.keys(operations));
    }
    return operation;
  };
  return {
    name,
    ...more,
    needs: (request) => needsOf(name, permissions, operationOf(request), parseInput(request.body)),
    handle: async (request) => {
      try {
        const run = operations[operationOf(request)]!;
        return jsonAnswer(200, await run(parseInput(request.body)));
      } catch (error) {
        return jsonError(error);
      }
    },
  };
}

/** The operation that `X-Amz-Target` names: it has two parts, so that nobody reads another operation out of it. */
export function targetOf(headers: ServiceRequest['headers']): string {
  return /^\w+\.(\w+)$/.exec(String(headers['x-amz-target'] ?? ''))?.[1] ?? '';
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

/** @throws ServiceError for what is no JSON object. */
export function parseInput(body: Buffer): Input {
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

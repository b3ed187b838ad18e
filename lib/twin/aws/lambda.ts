import type { AccountScope } from '../../policy';
import { FunctionError, FunctionUnavailableError } from '../lambda/function-error';
import type { Functions } from '../lambda/functions';
import { jsonAnswer, jsonError } from './json-service';
import { ServiceError, unknownOperation } from './service';
import type { Service, ServiceRequest, ServiceResponse } from './service';

/** What may name a function, and a version or alias of it. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const FUNCTION = /^(?:(?:arn:([^:]+):lambda:([^:]+):)?(?:(\d{12}):)?function:)?([\w-]{1,64})(?::([\w$-]{1,128}))?$/;

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;

/** The longest that AWS Lambda allows. */
const LONGEST_MS = 900_000;

/** Functions that may invoke each other. */
export function lambdaService(functions: Functions, scope: AccountScope, onError: (message: string) => void): Service {
  return {
    name: 'lambda',
    needs: (request) => [{ action: 'lambda:InvokeFunction', resource: functionIn(request, scope).arn, values: { 'lambda:InvokedViaFunctionUrl': undefined } }],
    handle: async (request) => {
      try {
        return await invoke(functions, functionIn(request, scope).name, request, onError);
      } catch (error) {
        return jsonError(error);
      }
    },
  };
}

/**
 * The function of `name`, `name:qualifier`, `account:function:name` or an ARN: its name, and the ARN with the qualifier.
 *
 * @throws ServiceError for a request that invokes nothing, and for a function of another account or Region
 */
function functionIn({ method, path, query }: ServiceRequest, scope: AccountScope): { readonly name: string; readonly arn: string } {
  const [, encoded] = INVOKE.exec(path) ?? [];
  if (method !== 'POST' || encoded === undefined) {
    throw unknownOperation('Lambda', `${method} ${path}`, ['Invoke']);
  }
  const [, partition = scope.partition, region = scope.region, accountId = scope.accountId, name, qualifier = query.get('Qualifier')] = FUNCTION.exec(decode(encoded)) ?? [];
  if (name === undefined) {
    throw new ServiceError('InvalidParameterValueException', 'a function is invoked by its name, with a qualifier if need be, or by its ARN');
  }
  if (partition !== scope.partition || region !== scope.region || accountId !== scope.accountId) {
    throw new ServiceError('ResourceNotFoundException', `the twin has the functions of ${scope.accountId} in ${scope.region} alone`, 404);
  }
  return { name, arn: [`arn:${partition}:lambda:${region}:${accountId}:function:${name}`, ...qualifier === null ? [] : [qualifier]].join(':') };
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
async function invoke(functions: Functions, name: string, { headers, body }: ServiceRequest, onError: (message: string) => void): Promise<ServiceResponse> {
  const payload = parse(body);
  const type = headers['x-amz-invocation-type'] ?? 'RequestResponse';
  const run = functions.invoke(name, payload, { timeoutMs: LONGEST_MS });
  if (type === 'Event') {
    run.catch((error: Error) => onError(error.message));
    return { status: 202 };
  }
  try {
    return jsonAnswer(200, await run as object, { 'x-amz-executed-version': '$LATEST' });
  } catch (error) {
    if (error instanceof FunctionUnavailableError) {
      throw new ServiceError('ResourceNotFoundException', error.message, 404);
    }
    if (error instanceof FunctionError) {
      const { errorType, errorMessage, trace } = error;
      return jsonAnswer(200, { errorType, errorMessage, trace }, { 'x-amz-function-error': 'Unhandled', 'x-amz-executed-version': '$LATEST' });
    }
    throw error;
  }
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new ServiceError('InvalidParameterValueException', 'the name of the function is not written as a URL wants it');
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.length === 0 ? '{}' : body.toString());
  } catch {
    throw new ServiceError('InvalidRequestContentException', 'the payload must be JSON');
  }
}

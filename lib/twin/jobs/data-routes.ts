import { FORBIDDEN } from '../front/data-plane';
import type { DataAnswer, DataCall, DataRoute } from '../front/data-plane';
import { NEXT } from './device-calls';
import type { DeviceCalls, Members } from './device-calls';
import { REJECTIONS, Rejection } from './errors';

const ALL = /^\/things\/([^/]+)\/jobs$/;
const ONE = /^\/things\/([^/]+)\/jobs\/([^/]+)$/;

/**
 * The data API of jobs, each call decided by the `iotjobsdata` action of its name on the thing.
 *
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_Operations_AWS_IoT_Jobs_Data_Plane.html
 */
export function jobRoutes(calls: DeviceCalls): readonly DataRoute[] {
  return [
    { method: 'GET', path: ALL, serve: (call) => serve(call, 'GetPendingJobExecutions', ([thing]) => calls.getPending(thing!)) },
    { method: 'GET', path: ONE, serve: (call) => serve(call, 'DescribeJobExecution', ([thing, job]) => calls.describe(thing!, job!, readQuery(call.parameters))) },
    { method: 'POST', path: ONE, serve: (call) => serve(call, 'UpdateJobExecution', ([thing, job]) => calls.update(thing!, job!, readBody(call.payload))) },
    {
      method: 'PUT',
      path: ONE,
      serve: (call) => serve(call, 'StartNextPendingJobExecution', ([thing, job]) => {
        if (job !== NEXT) {
          throw new Rejection('InvalidRequest', `What is started is ${NEXT}`);
        }
        return calls.startNext(thing!, readBody(call.payload));
      }),
    },
  ];
}

function serve({ names, may, refuse }: DataCall, action: string, perform: (names: readonly string[]) => object): DataAnswer {
  if (!may({ action: `iotjobsdata:${action}`, resource: names[0]! })) {
    return FORBIDDEN;
  }
  try {
    return { status: 200, body: perform(names) };
  } catch (error) {
    if (!(error instanceof Rejection)) {
      throw error;
    }
    const { status, error: name } = REJECTIONS[error.code];
    return refuse(status, error.message, name);
  }
}

/** @throws Rejection for what is no JSON object. */
function readBody(payload: Buffer | undefined): Members {
  try {
    const members: unknown = payload?.length === 0 ? {} : JSON.parse(payload?.toString() ?? '');
    if (typeof members === 'object' && members !== null && !Array.isArray(members)) {
      return members as Members;
    }
  } catch {
    // Said below.
  }
  throw new Rejection('InvalidRequest', 'The body is not a JSON object');
}

/** The parameters of DescribeJobExecution, as JSON has them elsewhere. */
function readQuery(parameters: URLSearchParams): Members {
  const [includes, number] = [parameters.get('includeJobDocument'), parameters.get('executionNumber')];
  return {
    ...(includes !== null && { includeJobDocument: includes === 'true' ? true : includes === 'false' ? false : includes }),
    ...(number !== null && { executionNumber: /^\d{1,15}$/.test(number) ? Number(number) : number }),
  };
}

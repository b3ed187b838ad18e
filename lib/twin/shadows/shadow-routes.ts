import { FORBIDDEN } from '../front/data-plane';
import type { DataAnswer, DataCall, DataRoute } from '../front/data-plane';
import { LIMITS } from '../limits';
import { ShadowError } from './shadow-error';
import type { Operation, ShadowService } from './shadow-service';
import type { Shadows } from './shadows';
import { checkTarget } from './target';

const OPERATIONS: readonly { readonly method: DataRoute['method']; readonly operation: Operation; readonly action: string }[] = [
  { method: 'GET', operation: 'get', action: 'iot:GetThingShadow' },
  { method: 'POST', operation: 'update', action: 'iot:UpdateThingShadow' },
  { method: 'DELETE', operation: 'delete', action: 'iot:DeleteThingShadow' },
];

/** @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_UpdateThingShadow.html#API_iotdata_UpdateThingShadow_Errors */
const ERRORS: Readonly<Record<ShadowError['code'], string>> = {
  400: 'InvalidRequestException',
  404: 'ResourceNotFoundException',
  409: 'ConflictException',
  413: 'RequestEntityTooLargeException',
  415: 'UnsupportedDocumentEncodingException',
  429: 'ThrottlingException',
  500: 'InternalFailureException',
};

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-rest-api.html */
export function shadowRoutes(service: ShadowService, shadows: Shadows): readonly DataRoute[] {
  return [
    ...OPERATIONS.map(({ method, operation, action }): DataRoute => ({
      method,
      path: /^\/things\/([^/]*)\/shadow$/,
      serve: (call) => answered(call, () => {
        const { names: [thingName = ''], parameters, payload, may } = call;
        const target = { thingName, shadowName: parameters.get('name') ?? undefined };
        checkTarget(target);
        if (!may({ action, resource: target.shadowName === undefined ? thingName : `${thingName}/${target.shadowName}` })) {
          return FORBIDDEN;
        }
        if (payload === undefined || payload.length > LIMITS.payloadBytes) {
          throw new ShadowError(413, 'The payload exceeds the maximum size allowed');
        }
        return { status: 200, body: service.perform({ operation, target, payload }) };
      }),
    })),
    {
      method: 'GET',
      path: /^\/api\/things\/shadow\/ListNamedShadowsForThing\/([^/]*)$/,
      serve: (call) => answered(call, () => {
        const { names: [thingName = ''], parameters, may } = call;
        checkTarget({ thingName });
        if (!may({ action: 'iot:ListNamedShadowsForThing', resource: thingName })) {
          return FORBIDDEN;
        }
        const pageSize = parameters.get('pageSize');
        return { status: 200, body: shadows.listNamed(thingName, pageSize === null ? undefined : Number(pageSize), parameters.get('nextToken') ?? undefined) };
      }),
    },
  ];
}

function answered({ refuse }: DataCall, serve: () => DataAnswer): DataAnswer {
  try {
    return serve();
  } catch (error) {
    if (error instanceof ShadowError) {
      return refuse(error.code, error.message, ERRORS[error.code]);
    }
    throw error;
  }
}

/**
 * Attaches the policies of an app to the identity of whoever has signed the request, or takes them off. Of the request,
 * only what API Gateway says about the signature counts.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
import { CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { AttachPolicyCommand, IoTClient } from '@aws-sdk/client-iot';
import { createCall, describe, detach, nameOf, OutOfTimeError, SYSTEM, type Iot, type System } from '../custom-resource';
import { hasIdentity, type Identities } from '../identities/has-identity';
import { Records, type DynamoDb } from '../identities/records';
import { jsonSetting, setting } from '../registration/settings';
import { identify, Refusal, type Caller, type SignedRequest } from './caller';

export interface AttachAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Settings {
  readonly identityPoolId: string;
  readonly policyNames: readonly string[];
  readonly tableName: string;
}

export interface Clients {
  readonly iot: Iot;
  readonly dynamoDb: DynamoDb;
  readonly identities: Identities;
}

export type Attach = (request: SignedRequest) => Promise<AttachAnswer>;

/** An app waits for this, and it can ask again. */
const TIME_MS = 6000;

/** Errors of AWS that the app gets another status for than 500: it can ask again later, or cannot. */
const STATUS: { readonly [name: string]: readonly [number, string] } = {
  LimitExceededException: [409, 'the identity has as many policies as AWS IoT allows'],
  ThrottlingException: [503, 'too many requests; try again later'],
  TooManyRequestsException: [503, 'too many requests; try again later'],
  ProvisionedThroughputExceededException: [503, 'too many requests; try again later'],
  ServiceUnavailableException: [503, 'AWS IoT is not available; try again later'],
};

export function createHandler({ iot, dynamoDb, identities }: Clients, settings: Settings, system: System = SYSTEM): Attach {
  const records = new Records(dynamoDb, settings.tableName);
  return async (request) => {
    let caller: Caller | undefined;
    try {
      caller = identify(request, settings.identityPoolId);
      const { identityId } = caller;
      const call = createCall(system, system.now() + TIME_MS);
      if (caller.detaches) {
        for (const policyName of settings.policyNames) {
          await detach(iot, call, policyName, identityId);
        }
        await records.remove(call, identityId);
      } else if (!await hasIdentity(identities, call, identityId)) {
        // Credentials outlive it by up to an hour: whom an administrator has removed does not come back with them.
        throw new Refusal(403, 'sign in again: the identity is gone');
      } else {
        // Written down first: what is attached must be found when the user is gone.
        await records.put(call, { ...caller, attachedAt: system.now() });
        for (const policyName of settings.policyNames) {
          await call(() => iot.send(new AttachPolicyCommand({ policyName, target: identityId })));
        }
      }
      log(system, 'INFO', caller.detaches ? 'detached' : 'attached', caller);
      return answer(200, { attached: !caller.detaches });
    } catch (error) {
      if (error instanceof Refusal) {
        log(system, 'WARN', 'refused', caller, error.message);
        return answer(error.statusCode, { message: error.message });
      }
      const [status, message] = STATUS[nameOf(error instanceof OutOfTimeError ? error.cause : error)] ?? [500, 'the policies could not be attached; the log of the function says why'];
      log(system, 'ERROR', 'failed', caller, describe(error));
      return answer(status, { message });
    }
  };
}

function answer(statusCode: number, body: object): AttachAnswer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', ...statusCode === 503 && { 'retry-after': '2' } };
  return { statusCode, headers, body: JSON.stringify(body) };
}

function log(system: System, level: 'INFO' | 'WARN' | 'ERROR', message: string, caller: Caller | undefined, reason?: string): void {
  system.log(JSON.stringify({
    level,
    message,
    ...caller && { identityId: caller.identityId, userPool: caller.userPool, userSub: caller.userSub },
    ...reason !== undefined && { reason },
  }));
}

/** Short, as an app waits; `createCall` repeats requests. */
const REQUESTS = { maxAttempts: 1, requestHandler: { connectionTimeout: 1000, socketTimeout: 3000 } };

let attach: Attach | undefined;

/** Reads the environment when it is first called. */
export const handler: Attach = (request) => {
  attach ??= createHandler(
    { iot: new IoTClient(REQUESTS), dynamoDb: new DynamoDBClient(REQUESTS), identities: new CognitoIdentityClient(REQUESTS) },
    { identityPoolId: setting('IDENTITY_POOL_ID'), policyNames: jsonSetting<string[]>('POLICY_NAMES'), tableName: setting('TABLE_NAME') },
  );
  return attach(request);
};

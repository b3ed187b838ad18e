/**
 * Takes the policies of an app off identities whose users are gone or disabled, or that are gone themselves. Once in a
 * while it goes through all of them, as far as it gets; an administrator can tell it whom to detach at once.
 */
import { CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { createCall, describe, RequestError, SYSTEM, type Call, type System } from '../custom-resource';
import { Records } from '../identities/records';
import { jsonSetting, setting } from '../registration/settings';
import { Directory, type UserPool } from './directory';
import { Removal } from './removal';
import { Sweep, type Clients, type Counts } from './sweep';

/** What the function is asked to do. */
export interface SweepRequest {
  /** To go through all identities. */
  readonly sweep?: true;
  /** To detach all identities of a user. */
  readonly userSub?: string;
  /** To detach one identity. */
  readonly identityId?: string;
}

export type SweepAnswer = { readonly detached: readonly string[] } | Counts & { readonly isFinished: boolean };

export interface Settings {
  readonly policyNames: readonly string[];
  readonly tableName: string;
  readonly userPools: readonly UserPool[];
}

export type Handle = (request: SweepRequest, context: { getRemainingTimeInMillis(): number }) => Promise<SweepAnswer>;

/** Kept of the time left: for the page that was begun, and for the answer. */
const PAGE_MS = 90_000;
const ANSWER_MS = 15_000;

export function createHandler(clients: Clients, settings: Settings, system: System = SYSTEM): Handle {
  const records = new Records(clients.dynamoDb, settings.tableName);
  const removal = new Removal(clients, records, settings.policyNames);
  return async (request, context) => {
    const end = system.now() + context.getRemainingTimeInMillis();
    const call = createCall(system, end - ANSWER_MS);
    const identityIds = await identitiesIn(request, records, call);
    if (identityIds !== undefined) {
      for (const identityId of identityIds) {
        await removal.remove(call, identityId, { deletesIdentity: true });
      }
      system.log(JSON.stringify({ level: 'INFO', message: 'detached as asked', ...request, identityIds }));
      return { detached: identityIds };
    }
    const sweep = new Sweep(clients, records, removal, new Directory(clients, settings.userPools), settings.policyNames, system);
    const isFinished = await sweep.run(call, end - PAGE_MS);
    const { counts, firstFailure } = sweep;
    system.log(JSON.stringify({
      level: counts.failures > 0 ? 'ERROR' : 'INFO', message: 'swept', ...counts, isFinished, ...firstFailure !== undefined && { firstFailure: describe(firstFailure) },
    }));
    if (counts.failures > 0) {
      throw new RequestError(`${counts.failures} identities could not be dealt with and are left to the next run; first: ${describe(firstFailure)}`);
    }
    return { ...counts, isFinished };
  };
}

/** The identities that an administrator names; nothing for a sweep. */
async function identitiesIn({ sweep, userSub, identityId }: SweepRequest, records: Records, call: Call): Promise<readonly string[] | undefined> {
  const given = [sweep, userSub, identityId].filter((value) => value !== undefined);
  if (given.length === 1 && typeof identityId === 'string' && /^[\w-]+:[0-9a-f-]+$/.test(identityId)) {
    return [identityId];
  }
  if (given.length === 1 && typeof userSub === 'string' && userSub !== '') {
    return records.ofUser(call, userSub);
  }
  if (given.length === 1 && sweep === true) {
    return undefined;
  }
  throw new RequestError('the event must be {"sweep":true}, {"userSub":"…"} or {"identityId":"REGION:UUID"}');
}

const REQUESTS = { maxAttempts: 1, requestHandler: { connectionTimeout: 3000, socketTimeout: 10_000 } };

let handle: Handle | undefined;

/** Reads the environment when it is first called. */
export const handler: Handle = (request, context) => {
  handle ??= createHandler(
    {
      iot: new IoTClient(REQUESTS),
      dynamoDb: new DynamoDBClient(REQUESTS),
      identities: new CognitoIdentityClient(REQUESTS),
      users: new CognitoIdentityProviderClient(REQUESTS),
    },
    { policyNames: jsonSetting<string[]>('POLICY_NAMES'), tableName: setting('TABLE_NAME'), userPools: jsonSetting<UserPool[]>('USER_POOLS') },
  );
  return handle(request, context);
};

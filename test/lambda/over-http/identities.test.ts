import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Stack } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as attachIdentityPolicy from '../../../lambda/attach-identity-policy';
import type { SignedRequest } from '../../../lambda/attach-identity-policy/caller';
import * as sweepIdentities from '../../../lambda/sweep-identities';
import { AttachService, CognitoAccess, IotAction, IotResource, LoginProvider, type IotPolicyStatement } from '../../../lib/access';
import { putPeople } from './directory';
import type { Formation } from './formation';
import type { LocalAccount } from './local-account';
import { prove } from './prove';
import { proveFunction, type Environment, type FunctionScenario } from './prove-function';

const USER_POOL = 'eu-central-1_AbCdEfGhI';
const identity = (digit: number): string => `eu-central-1:${String(digit).repeat(8)}-aaaa-bbbb-cccc-dddddddddddd`;
const [ALICE, BOB, CAROL, DAVE] = [1, 2, 3, 4].map(identity) as [string, string, string, string];

/** Enough for a second policy. */
const MANY: IotPolicyStatement = { actions: [IotAction.PUBLISH], resources: Array.from({ length: 20 }, (_, index) => IotResource.topic(`${'x'.repeat(100)}/${index}`)) };

function access(stack: Stack): CognitoAccess {
  const userPool = cognito.UserPool.fromUserPoolId(stack, 'Users', USER_POOL);
  return new CognitoAccess(stack, 'Access', {
    providers: [LoginProvider.userPool(userPool, cognito.UserPoolClient.fromUserPoolClientId(stack, 'App', 'app'))],
    identityPool: cognito.CfnIdentityPool.fromIdentityPoolId(stack, 'Identities', 'eu-central-1:99999999-aaaa-bbbb-cccc-dddddddddddd'),
  });
}

const policyNames = ({ account }: LocalAccount): readonly string[] => [...account.store.all('policies')].map(({ policyName }) => policyName);

function attach({ account }: LocalAccount, names: readonly string[], identityIds: readonly string[]): void {
  names.forEach((policyName) => identityIds.forEach((target) => account.attachPolicy({ policyName, target })));
}

prove('detach-identities', [{
  name: 'policies that identities have',
  define: (stack, version) => {
    if (version !== 'without') {
      access(stack)._addIotStatements(version === 'second' ? [MANY] : []);
    }
  },
  // Users attach what is about to leave.
  meanwhile: (local, event) => {
    const namesIn = ({ PolicyNames: names }: Readonly<Record<string, unknown>>): readonly string[] => names as readonly string[];
    if (event.RequestType === 'Delete') {
      attach(local, namesIn(event.ResourceProperties), [ALICE, BOB]);
    } else if (event.RequestType === 'Update') {
      attach(local, namesIn(event.OldResourceProperties).filter((name) => !namesIn(event.ResourceProperties).includes(name)), [ALICE, BOB]);
    }
  },
  every: 4,
}]);

const service = (stack: Stack): void => {
  new AttachService(stack, 'Attach', { access: access(stack) });
};

/** The records, without their times. */
async function records(local: LocalAccount, path: string): Promise<unknown> {
  const { Items: items = [] } = await local.clients.dynamoDb.send(new ScanCommand({ TableName: local.environmentOf(path).TABLE_NAME, ConsistentRead: true }));
  return items.map(({ attachedAt: _, ...item }) => item).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const request = (method: string): SignedRequest => ({
  requestContext: {
    http: { method },
    authorizer: {
      iam: {
        cognitoIdentity: {
          identityId: ALICE,
          identityPoolId: 'eu-central-1:99999999-aaaa-bbbb-cccc-dddddddddddd',
          amr: ['authenticated', `cognito-idp.eu-central-1.amazonaws.com/${USER_POOL}:CognitoSignIn:alice`],
        },
      },
    },
  },
});

const ask = (method: string): FunctionScenario['call'] => ({ local }: Formation, { IDENTITY_POOL_ID: identityPoolId, POLICY_NAMES: names, TABLE_NAME: tableName }: Environment) => (
  attachIdentityPolicy.createHandler(local.clients, { identityPoolId: identityPoolId!, policyNames: JSON.parse(names!) as string[], tableName: tableName! }, local)(request(method))
);
const answer = (body: object): object => ({ statusCode: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: JSON.stringify(body) });
const ATTACHING = 'Attach/Attaching/';
const refusal = expect.objectContaining({ statusCode: expect.any(Number) as number, body: expect.stringContaining('message') as string }) as object;

proveFunction('attach-identity-policy', ATTACHING, [
  {
    name: 'a user who attaches',
    define: service,
    arrange: ({ folder }) => Promise.resolve(putPeople(folder, { identities: [ALICE], users: {} })),
    call: ask('POST'),
    answer: answer({ attached: true }),
    refusal,
    also: (local) => records(local, ATTACHING),
  },
  {
    name: 'a user who detaches',
    define: service,
    arrange: async (local) => {
      putPeople(local.folder, { identities: [ALICE], users: {} });
      await ask('POST')({ local } as Formation, local.environmentOf(ATTACHING));
    },
    call: ask('DELETE'),
    answer: answer({ attached: false }),
    refusal,
    also: (local) => records(local, ATTACHING),
  },
]);

const SWEEPING = 'Attach/Sweep/Sweeping/';
const sweep = (event: sweepIdentities.SweepRequest): FunctionScenario['call'] => ({ local }: Formation, { POLICY_NAMES: names, TABLE_NAME: tableName, USER_POOLS: userPools }: Environment) => (
  sweepIdentities.createHandler(local.clients, { policyNames: JSON.parse(names!) as string[], tableName: tableName!, userPools: JSON.parse(userPools!) as never }, local)(event, { getRemainingTimeInMillis: () => 900_000 })
);

/** Alice is there, Bob is gone, Carol is disabled, and of Dave only an attachment is left. */
async function arrange(local: LocalAccount): Promise<void> {
  attach(local, policyNames(local), [ALICE, BOB, CAROL, DAVE]);
  putPeople(local.folder, { identities: [ALICE, BOB, CAROL], users: { alice: { isEnabled: true }, carol: { isEnabled: false } } });
  const { TABLE_NAME: TableName, USER_POOLS: userPools } = local.environmentOf(SWEEPING);
  const [{ name }] = JSON.parse(userPools!) as [{ readonly name: string }];
  for (const [identityId, userSub] of [[ALICE, 'alice'], [BOB, 'bob'], [CAROL, 'carol']] as const) {
    await local.clients.dynamoDb.send(new PutItemCommand({
      TableName, Item: { identityId: { S: identityId }, userPool: { S: name }, userSub: { S: userSub }, attachedAt: { S: '2020-01-01T00:00:00.000Z' } },
    }));
  }
}

proveFunction('sweep-identities', SWEEPING, [
  {
    name: 'a sweep',
    define: service,
    arrange,
    call: async (...given) => {
      const { failures, isFinished } = await sweep({ sweep: true })(...given) as sweepIdentities.SweepAnswer & { readonly failures: number; readonly isFinished: boolean };
      return { failures, isFinished };
    },
    answer: { failures: 0, isFinished: true },
    also: async (local) => [await records(local, SWEEPING), local.folder.readJson('aws', 'people.json')],
  },
  {
    name: 'a user whom an administrator removes',
    define: service,
    arrange,
    call: sweep({ userSub: 'bob' }),
    answer: { detached: [BOB] },
    also: async (local) => [await records(local, SWEEPING), local.folder.readJson('aws', 'people.json')],
  },
]);

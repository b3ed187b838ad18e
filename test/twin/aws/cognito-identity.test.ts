import { generateKeyPairSync, sign as signWith } from 'node:crypto';
import * as cognito from '@aws-sdk/client-cognito-identity';
import * as idp from '@aws-sdk/client-cognito-identity-provider';
import { IDENTITIES } from './app-template';
import { EndpointOf } from './endpoint-of';

const endpoint = new EndpointOf(IDENTITIES);
const ACCOUNT = '123456789012';
let app: cognito.CognitoIdentityClient;
let admin: cognito.CognitoIdentityClient;
let users: string;

async function start(): Promise<void> {
  await endpoint.start();
  app = new cognito.CognitoIdentityClient(endpoint.unsigned);
  admin = new cognito.CognitoIdentityClient(endpoint.config);
}

beforeAll(async () => {
  await start();
  users = `cognito-idp.eu-west-1.amazonaws.com/${endpoint.ref('Users')}`;
});
afterAll(() => endpoint.stop());

interface Wanted {
  readonly username?: string;
  readonly client?: string;
  readonly claims?: Record<string, unknown>;
  readonly tokenUse?: 'id' | 'access';
  readonly expiresIn?: number;
}

function token({ username = 'ada', client = 'Web', ...more }: Wanted = {}): Promise<string> {
  return endpoint.apps.userPools.issueToken({ userPool: 'Users', client, username, ...more });
}

async function identify(Token?: string, pool = 'Pool', provider = users): Promise<string> {
  return (await app.send(new cognito.GetIdCommand({ IdentityPoolId: endpoint.ref(pool), Logins: Token === undefined ? undefined : { [provider]: Token } }))).IdentityId!;
}

async function credentials(IdentityId: string, Token?: string, provider = users, CustomRoleArn?: string) {
  const { Credentials } = await app.send(new cognito.GetCredentialsForIdentityCommand({ IdentityId, Logins: Token === undefined ? undefined : { [provider]: Token }, CustomRoleArn }));
  return { ...Credentials!, session: endpoint.sessionOf(Credentials!.AccessKeyId!) };
}

/** Identify and get credentials, as apps do. */
async function enter(wanted: Wanted, pool = 'Pool', role?: string) {
  const made = await token(wanted);
  return credentials(await identify(made, pool), made, users, role);
}

function roleArn(logicalId: string): string {
  return `arn:aws:iam::${ACCOUNT}:role/${endpoint.ref(logicalId)}`;
}

describe('a user of a user pool', () => {
  test('has one identity, also after a restart, and a session in the role of those who are logged in', async () => {
    const made = await token({ claims: { 'custom:site': 'hall 1' } });
    const id = await identify(made);
    expect(id).toMatch(/^eu-west-1:[0-9a-f-]{36}$/);
    await start();
    await expect(identify(await token())).resolves.toBe(id);
    await expect(identify(await token({ username: 'bob' }))).resolves.not.toBe(id);

    const { Expiration, session } = await credentials(id, made);
    expect(Math.abs(Expiration!.getTime() - Date.now() - 3_600_000)).toBeLessThan(10_000);
    const sub = endpoint.claimsOf(made).sub;
    expect(session).toEqual({
      kind: 'role', roleArn: roleArn('UserRole'), sessionName: 'CognitoIdentityCredentials', tags: { site: 'hall 1' },
      identity: { identityId: id, identityPoolId: endpoint.ref('Pool'), authenticated: true, amr: ['authenticated', users, `${users}:CognitoSignIn:${String(sub)}`] },
    });
  });

  test('is another identity in another pool', async () => {
    const made = await token();
    expect(await identify(made)).not.toBe(await identify(made, 'Mapped'));
  });
});

test('a guest is a new identity each time, in the role of guests', async () => {
  const [one, two] = [await identify(), await identify()];
  expect(one).not.toBe(two);
  const { session } = await credentials(one);
  expect(session).toMatchObject({ roleArn: roleArn('GuestRole'), identity: { authenticated: false, amr: ['unauthenticated'] } });
  expect(session).not.toHaveProperty('tags');
});

test('a guest who logs in keeps the identity, and is no guest any more', async () => {
  const id = await identify();
  const made = await token({ username: 'late' });
  await expect(credentials(id, made)).resolves.toMatchObject({ session: { roleArn: roleArn('UserRole') } });
  await expect(identify(made)).resolves.toBe(id);
  await expect(credentials(id)).rejects.toMatchObject({ name: 'NotAuthorizedException', message: `Access to Identity '${id}' is forbidden.` });
});

test('a user of an issuer of OpenID Connect logs in', async () => {
  const issuer = endpoint.apps.issuers.open({ name: 'login', issuer: 'https://login.example', audience: 'app' });
  expect(issuer.jwksUri).toBe(`${endpoint.unsigned.endpoint}/_oidc/login/.well-known/jwks.json`);
  await expect((await fetch(issuer.jwksUri)).json()).resolves.toMatchObject({ keys: [{ kty: 'RSA', alg: 'RS256' }] });
  const made = await issuer.issueToken({ subject: 'u1' });
  const { session } = await credentials(await identify(made, 'Pool', 'login.example'), made, 'login.example');
  expect(session).toMatchObject({ roleArn: roleArn('UserRole'), identity: { amr: ['authenticated', 'login.example', 'login.example:OIDC:u1'] } });
  const other = await issuer.issueToken({ subject: 'u1', claims: { aud: 'another' } });
  await expect(identify(other, 'Pool', 'login.example')).rejects.toMatchObject({ name: 'NotAuthorizedException', message: 'Invalid login token. Incorrect token audience.' });
});

describe('the role of a user is chosen', () => {
  test('by the groups in its token', async () => {
    await expect(enter({ claims: { 'cognito:roles': [roleArn('OperatorRole')] } }, 'Mapped')).resolves.toMatchObject({ session: { roleArn: roleArn('OperatorRole') } });
    const both = { 'cognito:roles': [roleArn('OperatorRole'), roleArn('ReaderRole')] };
    await expect(enter({ claims: { ...both, 'cognito:preferred_role': roleArn('ReaderRole') } }, 'Mapped')).resolves.toMatchObject({ session: { roleArn: roleArn('ReaderRole') } });
    await expect(enter({ claims: both }, 'Mapped')).rejects.toMatchObject({ name: 'NotAuthorizedException' });
    await expect(enter({ claims: both }, 'Mapped', roleArn('OperatorRole'))).resolves.toMatchObject({ session: { roleArn: roleArn('OperatorRole') } });
    await expect(enter({ claims: both }, 'Mapped', roleArn('UserRole'))).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  });

  test('by the first rule that its claims match, or else as the pool says', async () => {
    await expect(enter({ client: 'Other', claims: { email: 'op@example.com' } }, 'Mapped')).resolves.toMatchObject({ session: { roleArn: roleArn('OperatorRole') } });
    await expect(enter({ client: 'Other', claims: {} }, 'Mapped')).resolves.toMatchObject({ session: { roleArn: roleArn('MappedRole') } });
  });

  test('by nobody who has no role mapping', async () => {
    await expect(enter({}, 'Pool', roleArn('OperatorRole'))).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  });
});

describe('a pool is configured wrongly', () => {
  const name = 'InvalidIdentityPoolConfigurationException';

  test('with a role that trusts another pool', async () => {
    await expect(enter({ client: 'Other', claims: { email: 'x@example.com' } }, 'Mapped')).rejects.toMatchObject({
      name, message: 'Invalid identity pool configuration. Check assigned IAM roles for this pool. (the trust policy of App/WrongRole does not allow sts:AssumeRoleWithWebIdentity to cognito-identity.amazonaws.com for this identity)',
    });
  });

  test('with a role that does not let its sessions have tags', async () => {
    endpoint.deploy({ ...IDENTITIES, Tags: { ...IDENTITIES.PoolTags, Properties: { ...(IDENTITIES.PoolTags as { Properties: object }).Properties, IdentityPoolId: { Ref: 'Mapped' }, UseDefaults: true } } });
    await expect(enter({ client: 'Other' }, 'Mapped')).rejects.toMatchObject({ name, message: expect.stringContaining('does not allow sts:TagSession') });
    const groups = { 'cognito:roles': [roleArn('ReaderRole')] };
    await expect(enter({ username: 'tagged', claims: groups }, 'Mapped')).resolves.toMatchObject({ session: { tags: { client: endpoint.ref('Web'), username: expect.stringMatching(/^[0-9a-f-]{36}$/) } } });
  });

  test('with guests in the role of users, or in none', async () => {
    const roles = (unauthenticated?: object) => ({ ...IDENTITIES, PoolRoles: { Type: 'AWS::Cognito::IdentityPoolRoleAttachment', Properties: { IdentityPoolId: { Ref: 'Pool' }, Roles: { unauthenticated } } } });
    endpoint.deploy(roles({ 'Fn::GetAtt': ['UserRole', 'Arn'] }));
    await expect(credentials(await identify())).rejects.toMatchObject({ name, message: expect.stringContaining('the trust policy of App/UserRole') });
    endpoint.deploy(roles());
    await expect(credentials(await identify())).rejects.toMatchObject({ name, message: expect.stringContaining('gives it a role') });
    endpoint.deploy(IDENTITIES);
  });
});

describe('a token is refused', () => {
  const parts = (text: string) => text.split('.') as [string, string, string];
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test.each<[string, () => Promise<string>, string]>([
    ['of another client of the user pool', () => token({ client: 'Other' }), 'Token is not from a supported provider of this identity pool.'],
    ['for another audience', () => token({ claims: { aud: 'another' } }), 'Token is not from a supported provider of this identity pool.'],
    ['for access', () => token({ tokenUse: 'access' }), 'Invalid login token. Missing a required claim: aud'],
    ['for access that has an audience', () => token({ tokenUse: 'access', claims: { aud: endpoint.ref('Web') } }), 'Token is not from a supported provider of this identity pool.'],
    ['that has expired', () => token({ expiresIn: -1 }), 'Invalid login token. Token expired.'],
    ['of another user pool', () => endpoint.apps.userPools.issueToken({ userPool: 'Strangers', username: 'zoe@example.com', claims: { aud: endpoint.ref('Web') } }), "Invalid login token. Couldn't verify signed token."],
    ['in the name of another issuer', () => token({ claims: { iss: 'https://evil.example' } }), "Invalid login token. Issuer doesn't match providerName."],
    ['of a user that the pool does not have', () => token({ claims: { sub: 'nobody' } }), 'Invalid login token. User does not exist or is disabled.'],
    ['without a signature', async () => `${encode({ alg: 'none' })}.${parts(await token())[1]}.`, "Invalid login token. Couldn't verify signed token."],
    ['that claims another algorithm', async () => `${encode({ alg: 'HS256' })}.${parts(await token())[1]}.${parts(await token())[2]}`, "Invalid login token. Couldn't verify signed token."],
    ['that was altered', async () => {
      const [header, , signature] = parts(await token());
      return `${header}.${encode({ ...endpoint.claimsOf(await token()), sub: 'another' })}.${signature}`;
    }, "Invalid login token. Couldn't verify signed token."],
    ['that somebody else signed', async () => {
      const [header, payload] = parts(await token());
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      return `${header}.${payload}.${signWith('sha256', Buffer.from(`${header}.${payload}`), privateKey).toString('base64url')}`;
    }, "Invalid login token. Couldn't verify signed token."],
    ['that is none', () => Promise.resolve('x'.repeat(40_000)), 'Invalid login token. Not a valid OpenId Connect identity token.'],
  ])('%s', async (_, make, message) => {
    await expect(identify(await make())).rejects.toMatchObject({ name: 'NotAuthorizedException', message });
    const id = await identify(await token({ username: 'victim' }));
    await expect(credentials(id, await make())).rejects.toMatchObject({ name: 'NotAuthorizedException', message });
  });

  test('of a user that was disabled since', async () => {
    const made = await token({ username: 'gone' });
    const id = await identify(made);
    await new idp.CognitoIdentityProviderClient(endpoint.config).send(new idp.AdminDisableUserCommand({ UserPoolId: endpoint.ref('Users'), Username: 'gone' }));
    await expect(credentials(id, made)).rejects.toMatchObject({ name: 'NotAuthorizedException', message: 'Invalid login token. User does not exist or is disabled.' });
  });
});

describe('nobody gets the identity of another', () => {
  test('without a login, or with a login of its own', async () => {
    const id = await identify(await token());
    await expect(credentials(id)).rejects.toMatchObject({ name: 'NotAuthorizedException', message: `Access to Identity '${id}' is forbidden.` });
    for (const username of ['bob', 'stranger']) {
      await expect(credentials(id, await token({ username }))).rejects.toMatchObject({
        name: 'NotAuthorizedException', message: "Logins don't match. Please include at least one valid login for this identity or identity pool.",
      });
    }
    await expect(identify(await token({ username: 'stranger' }))).resolves.not.toBe(id);
  });

  test('of another pool', async () => {
    const id = await identify(await token({ client: 'Other' }), 'Mapped');
    await expect(credentials(id, await token({ username: 'bob' }))).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  });

  test('by adding a login to one that is not its own', async () => {
    const issuer = endpoint.apps.issuers.open({ name: 'login', issuer: 'https://login.example', audience: 'app' });
    const made = await issuer.issueToken({ subject: 'attacker' });
    const victim = await identify(await token());
    await expect(credentials(victim, made, 'login.example')).rejects.toMatchObject({ name: 'NotAuthorizedException' });
    await expect(identify(made, 'Pool', 'login.example')).resolves.not.toBe(victim);
  });
});

test.each<[string, () => Promise<unknown>, string, string]>([
  ['a guest of a pool without guests', () => identify(undefined, 'Mapped'), 'NotAuthorizedException', 'Unauthenticated access is not supported for this identity pool.'],
  ['a pool that is not there', () => app.send(new cognito.GetIdCommand({ IdentityPoolId: 'eu-west-1:x' })), 'ResourceNotFoundException', "IdentityPool 'eu-west-1:x' not found."],
  ['an identity that is not there', () => credentials('eu-west-1:x'), 'ResourceNotFoundException', "Identity 'eu-west-1:x' not found."],
  ['a provider that the pool does not have', async () => identify(await token(), 'Pool', 'accounts.google.com'), 'NotAuthorizedException', 'Token is not from a supported provider of this identity pool.'],
  ['an issuer that is not open', async () => identify(await token(), 'Pool', 'login.example'), 'NotAuthorizedException', 'Invalid login token.'],
  ['the classic flow where it is off', async () => app.send(new cognito.GetOpenIdTokenCommand({ IdentityId: await identify() })), 'InvalidParameterException', 'Basic (classic) flow is not enabled, please use enhanced flow.'],
  ['the classic flow', async () => app.send(new cognito.GetOpenIdTokenCommand({ IdentityId: await identify(await token(), 'Mapped'), Logins: { [users]: await token() } })), 'UnknownOperationException', 'the twin does not serve the basic (classic) flow; use GetCredentialsForIdentity'],
  ['identities of developers', () => admin.send(new cognito.LookupDeveloperIdentityCommand({ IdentityPoolId: endpoint.ref('Pool') })), 'UnknownOperationException', 'the twin does not serve Amazon Cognito identity pools LookupDeveloperIdentity'],
])('fails for %s', async (_, call, name, message) => {
  await expect(call()).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  expect(endpoint.faults).toEqual([]);
});

describe('an admin', () => {
  test('lists, describes and deletes identities', async () => {
    const made = await token({ username: 'listed' });
    const id = await identify(made);
    await expect(admin.send(new cognito.DescribeIdentityCommand({ IdentityId: id }))).resolves.toMatchObject({ IdentityId: id, Logins: [users] });
    const IdentityPoolId = endpoint.ref('Pool');
    const all: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await admin.send(new cognito.ListIdentitiesCommand({ IdentityPoolId, MaxResults: 2, NextToken }));
      all.push(...page.Identities!.map(({ IdentityId }) => IdentityId!));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(all).toContain(id);
    expect(new Set(all).size).toBe(all.length);
    const { Identities } = await admin.send(new cognito.ListIdentitiesCommand({ IdentityPoolId, MaxResults: 60, HideDisabled: true }));
    expect(Identities!.length).toBeLessThan(all.length);
    await admin.send(new cognito.DeleteIdentitiesCommand({ IdentityIdsToDelete: [id] }));
    await expect(admin.send(new cognito.DescribeIdentityCommand({ IdentityId: id }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(identify(made)).resolves.not.toBe(id);
  });

  test('is somebody whom a role allows it', async () => {
    const made = await token();
    const id = await identify(made);
    const { AccessKeyId: accessKeyId, SecretKey: secretAccessKey, SessionToken: sessionToken } = await credentials(id, made);
    const user = new cognito.CognitoIdentityClient({ ...endpoint.config, credentials: { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey!, sessionToken: sessionToken! } });
    await expect(user.send(new cognito.DeleteIdentitiesCommand({ IdentityIdsToDelete: [id] }))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

test.each<[string, boolean, object]>([
  ['all identities', true, { Resource: '*' }],
  ['those of its pool', true, { Resource: '*', Condition: { ArnLike: { 'cognito-identity:IdentityPoolArn': { 'Fn::Sub': 'arn:aws:cognito-identity:*:*:identitypool/${Pool}' } } } }],
  ['those of another pool', false, { Resource: '*', Condition: { ArnLike: { 'cognito-identity:IdentityPoolArn': { 'Fn::Sub': 'arn:aws:cognito-identity:*:*:identitypool/${Mapped}' } } } }],
  // AWS knows no resource of this action.
  ['the pool as a resource', false, { Resource: { 'Fn::Sub': 'arn:aws:cognito-identity:*:*:identitypool/${Pool}' } }],
])('a role that may describe %s: %s', async (_, expected, statement) => {
  const id = await identify(await token());
  const Policies = [{ PolicyName: 'p', PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'cognito-identity:DescribeIdentity', ...statement }] } }];
  endpoint.deploy({ ...IDENTITIES, Sweep: { Type: 'AWS::IAM::Role', Properties: { Policies } } });
  const sweep = new cognito.CognitoIdentityClient(endpoint.as({ kind: 'role', roleArn: roleArn('Sweep'), sessionName: 'sweep' }));
  const described = sweep.send(new cognito.DescribeIdentityCommand({ IdentityId: id })).then(({ IdentityId }) => IdentityId === id, ({ name }: Error) => name);
  await expect(described).resolves.toBe(expected || 'AccessDeniedException');
  endpoint.deploy(IDENTITIES);
});

describe('a page', () => {
  const ask = (origin: string, more: Record<string, string> = {}) => fetch(endpoint.unsigned.endpoint, {
    method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-amz-target,x-amz-user-agent', ...more },
  });
  const call = async (origin: string) => fetch(endpoint.unsigned.endpoint, {
    method: 'POST', headers: { origin, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSCognitoIdentityService.GetId' }, body: JSON.stringify({ IdentityPoolId: endpoint.ref('Pool') }),
  });

  test.each(['http://localhost:5173', 'http://127.0.0.1:8080'])('of this computer, %s, gets an identity', async (origin) => {
    const preflight = await ask(origin);
    expect([preflight.status, preflight.headers.get('access-control-allow-origin'), preflight.headers.get('access-control-allow-headers')]).toEqual([204, origin, 'content-type, x-amz-target, x-amz-user-agent']);
    const response = await call(origin);
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
  });

  test.each(['https://evil.example', 'http://localhost.evil.example', 'http://localhost:5173.evil.example', 'null'])('of another site, %s, gets nothing', async (origin) => {
    for (const response of [await ask(origin), await call(origin)]) {
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    }
  });

  test('of this computer cannot make calls that need a signature', async () => {
    expect((await ask('http://localhost:5173', { 'access-control-request-headers': 'authorization,x-amz-target' })).status).toBe(403);
  });
});

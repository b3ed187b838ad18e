import { createHmac } from 'node:crypto';
import { statSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as idp from '@aws-sdk/client-cognito-identity-provider';
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { USERS } from './app-template';
import { EndpointOf } from './endpoint-of';

const PASSWORD = 'Correct-horse-1';
const endpoint = new EndpointOf(USERS);
let admin: idp.CognitoIdentityProviderClient;
let app: idp.CognitoIdentityProviderClient;
let UserPoolId: string;

async function start(): Promise<void> {
  await endpoint.start();
  admin = new idp.CognitoIdentityProviderClient(endpoint.config);
  app = new idp.CognitoIdentityProviderClient(endpoint.unsigned);
}

async function user(Username: string, attributes: Record<string, string> = {}, password = PASSWORD): Promise<void> {
  await admin.send(new idp.AdminCreateUserCommand({ UserPoolId, Username, UserAttributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })) }));
  await admin.send(new idp.AdminSetUserPasswordCommand({ UserPoolId, Username, Password: password, Permanent: true }));
}

function signIn(USERNAME: string, PASSWORD_: string, client = 'Web', more: Record<string, string> = {}): Promise<idp.InitiateAuthCommandOutput> {
  return app.send(new idp.InitiateAuthCommand({ ClientId: endpoint.ref(client), AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME, PASSWORD: PASSWORD_, ...more } }));
}

const claimsOf = (token: string | undefined) => endpoint.claimsOf(token!);

beforeAll(async () => {
  await start();
  UserPoolId = endpoint.ref('Users');
  await user('ada', { email: 'ada@example.com', email_verified: 'true', 'custom:site': 'hall 1', 'custom:tenant': 'acme' });
});
afterAll(() => endpoint.stop());

test('a user signs in and gets tokens that the usual verifier accepts', async () => {
  const { AuthenticationResult: tokens } = await signIn('ada', PASSWORD);
  const jwks = await (await fetch(`${endpoint.unsigned.endpoint}/${UserPoolId}/.well-known/jwks.json`)).json() as never;
  const verifier = (tokenUse: 'id' | 'access') => {
    const made = CognitoJwtVerifier.create({ userPoolId: UserPoolId, clientId: endpoint.ref('Web'), tokenUse });
    made.cacheJwks(jwks);
    return made;
  };
  const id = await verifier('id').verify(tokens!.IdToken!);
  expect(id).toMatchObject({
    iss: `https://cognito-idp.eu-west-1.amazonaws.com/${UserPoolId}`, 'cognito:username': 'ada', email: 'ada@example.com', email_verified: true, 'custom:site': 'hall 1', token_use: 'id',
  });
  expect(id.exp - id.iat).toBe(3600);
  await expect(verifier('access').verify(tokens!.AccessToken!)).resolves.toMatchObject({ sub: id.sub, username: 'ada', client_id: endpoint.ref('Web'), scope: 'aws.cognito.signin.user.admin' });
});

test('the issuer says where its keys are', async () => {
  const discovery = await fetch(`${endpoint.unsigned.endpoint}/${UserPoolId}/.well-known/openid-configuration`);
  await expect(discovery.json()).resolves.toMatchObject({
    issuer: `https://cognito-idp.eu-west-1.amazonaws.com/${UserPoolId}`, jwks_uri: `https://cognito-idp.eu-west-1.amazonaws.com/${UserPoolId}/.well-known/jwks.json`,
  });
  expect((await fetch(`${endpoint.unsigned.endpoint}/eu-west-1_unknown00/.well-known/jwks.json`)).status).toBe(403);
});

test('an alias signs in as well, and a client reads only what it may', async () => {
  const { AuthenticationResult: tokens } = await signIn('Ada@example.com', PASSWORD, 'Other');
  const claims = claimsOf(tokens!.IdToken);
  expect(claims).toMatchObject({ 'cognito:username': 'ada', email: 'ada@example.com' });
  expect(claims).not.toHaveProperty('custom:site');
});

test('who signs in with a password of somebody else chooses another first', async () => {
  await admin.send(new idp.AdminCreateUserCommand({ UserPoolId, Username: 'new', TemporaryPassword: PASSWORD }));
  const { ChallengeName, Session, AuthenticationResult } = await signIn('new', PASSWORD);
  expect([ChallengeName, AuthenticationResult]).toEqual(['NEW_PASSWORD_REQUIRED', undefined]);
  const respond = (NEW_PASSWORD: string) => app.send(new idp.RespondToAuthChallengeCommand({ ClientId: endpoint.ref('Web'), ChallengeName, Session, ChallengeResponses: { USERNAME: 'new', NEW_PASSWORD } }));
  await expect(respond('short')).rejects.toMatchObject({ name: 'InvalidPasswordException', message: 'Password did not conform with policy: Password not long enough' });
  await expect(respond('Another-horse-2')).resolves.toMatchObject({ AuthenticationResult: { TokenType: 'Bearer' } });
  await expect(respond('Another-horse-3')).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  await expect(signIn('new', 'Another-horse-2')).resolves.toMatchObject({ AuthenticationResult: { ExpiresIn: 3600 } });
});

test('a refresh token gives new tokens to its client, until the user is disabled', async () => {
  await user('eve');
  const { AuthenticationResult: tokens } = await signIn('eve', PASSWORD);
  const refresh = (client: string) => app.send(new idp.InitiateAuthCommand({ ClientId: endpoint.ref(client), AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: tokens!.RefreshToken! } }));
  await start();
  const renewed = (await refresh('Web')).AuthenticationResult!;
  expect(renewed.RefreshToken).toBeUndefined();
  expect(claimsOf(renewed.IdToken).origin_jti).toBe(claimsOf(tokens!.IdToken).origin_jti);
  await expect(refresh('Other')).rejects.toMatchObject({ name: 'NotAuthorizedException', message: 'Invalid Refresh Token' });
  await admin.send(new idp.AdminDisableUserCommand({ UserPoolId, Username: 'eve' }));
  await expect(refresh('Web')).rejects.toMatchObject({ message: 'User is disabled.' });
  await expect(signIn('eve', PASSWORD)).rejects.toMatchObject({ message: 'User is disabled.' });
  await admin.send(new idp.AdminEnableUserCommand({ UserPoolId, Username: 'eve' }));
  await expect(refresh('Web')).resolves.toMatchObject({ AuthenticationResult: {} });
});

test('a client with a secret proves that it has it', async () => {
  const { UserPoolClient } = await admin.send(new idp.DescribeUserPoolClientCommand({ UserPoolId, ClientId: endpoint.ref('Server') }));
  const hash = createHmac('sha256', UserPoolClient!.ClientSecret!).update(`ada${endpoint.ref('Server')}`).digest('base64');
  await expect(signIn('ada', PASSWORD, 'Server')).rejects.toMatchObject({ name: 'NotAuthorizedException', message: expect.stringContaining('SECRET_HASH was not received') });
  await expect(signIn('ada', PASSWORD, 'Server', { SECRET_HASH: 'AAAA' })).rejects.toMatchObject({ message: expect.stringContaining('Unable to verify secret hash') });
  await expect(signIn('ada', PASSWORD, 'Server', { SECRET_HASH: hash })).resolves.toMatchObject({ AuthenticationResult: {} });
  const byAdmin = { UserPoolId, ClientId: endpoint.ref('Server'), AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'ada', PASSWORD, SECRET_HASH: hash } } as const;
  await expect(admin.send(new idp.AdminInitiateAuthCommand(byAdmin))).resolves.toMatchObject({ AuthenticationResult: {} });
});

test('groups of a user are in its tokens, with the role of the one that counts most', async () => {
  await user('gil');
  const group = (GroupName: string) => ({ UserPoolId, Username: 'gil', GroupName });
  await admin.send(new idp.AdminAddUserToGroupCommand(group('operators')));
  const one = claimsOf((await signIn('gil', PASSWORD)).AuthenticationResult!.IdToken);
  expect(one).toMatchObject({ 'cognito:groups': ['operators'], 'cognito:roles': [expect.stringContaining('role/App-OperatorRole')] });
  expect(one['cognito:preferred_role']).toBe((one['cognito:roles'] as string[])[0]);
  await admin.send(new idp.AdminAddUserToGroupCommand(group('readers')));
  expect(claimsOf((await signIn('gil', PASSWORD)).AuthenticationResult!.IdToken)).not.toHaveProperty('cognito:preferred_role');
  await admin.send(new idp.AdminRemoveUserFromGroupCommand(group('operators')));
  await expect(admin.send(new idp.AdminAddUserToGroupCommand(group('admins')))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('users are listed, changed and removed, and outlast the twin', async () => {
  await user('tom', { email: 'tom@example.com', 'custom:tenant': 'acme' });
  await admin.send(new idp.AdminUpdateUserAttributesCommand({ UserPoolId, Username: 'tom', UserAttributes: [{ Name: 'custom:site', Value: 'hall 2' }] }));
  await start();
  const { UserAttributes } = await admin.send(new idp.AdminGetUserCommand({ UserPoolId, Username: 'tom' }));
  const sub = UserAttributes!.find(({ Name }) => Name === 'sub')!.Value!;
  expect(UserAttributes).toContainEqual({ Name: 'custom:site', Value: 'hall 2' });
  const list = async (Filter: string) => (await admin.send(new idp.ListUsersCommand({ UserPoolId, Filter }))).Users!.map(({ Username }) => Username);
  await expect(Promise.all([list(`sub = "${sub}"`), list('username = "tom"'), list('email ^= "tom@"'), list('email = "x\\"y"')])).resolves.toEqual([['tom'], ['tom'], ['tom'], []]);
  await expect(list('sub > "x"')).rejects.toMatchObject({ name: 'InvalidParameterException' });
  const page = await admin.send(new idp.ListUsersCommand({ UserPoolId, Limit: 1, AttributesToGet: ['email'] }));
  expect(page.Users).toMatchObject([{ Username: 'ada', Attributes: [{ Name: 'email', Value: 'ada@example.com' }] }]);
  expect((await admin.send(new idp.ListUsersCommand({ UserPoolId, Limit: 1, PaginationToken: page.PaginationToken }))).Users).toMatchObject([{ Username: 'eve' }]);
  await admin.send(new idp.AdminDeleteUserCommand({ UserPoolId, Username: 'tom' }));
  await expect(admin.send(new idp.AdminGetUserCommand({ UserPoolId, Username: 'tom' }))).rejects.toMatchObject({ name: 'UserNotFoundException', message: 'User does not exist.' });
});

test('who signs in with an address has an id for a name', async () => {
  const { User } = await admin.send(new idp.AdminCreateUserCommand({ UserPoolId: endpoint.ref('Strangers'), Username: 'zoe@example.com' }));
  expect(User!.Username).toMatch(/^[0-9a-f-]{36}$/);
  expect(User!.Attributes).toEqual([{ Name: 'sub', Value: User!.Username }, { Name: 'email', Value: 'zoe@example.com' }]);
});

test('a user asks for and deletes itself with its own access token', async () => {
  await user('sam');
  const { AccessToken, IdToken } = (await signIn('sam', PASSWORD)).AuthenticationResult!;
  await expect(app.send(new idp.GetUserCommand({ AccessToken }))).resolves.toMatchObject({ Username: 'sam' });
  await expect(app.send(new idp.GetUserCommand({ AccessToken: IdToken }))).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  await app.send(new idp.DeleteUserCommand({ AccessToken }));
  await expect(app.send(new idp.GetUserCommand({ AccessToken }))).rejects.toMatchObject({ name: 'NotAuthorizedException', message: 'Invalid Access Token' });
});

test('wrong passwords lock a user, also for the right one', async () => {
  await user('max');
  for (let count = 0; count < 5; count++) {
    await expect(signIn('max', 'wrong')).rejects.toMatchObject({ name: 'NotAuthorizedException', message: 'Incorrect username or password.' });
  }
  await expect(signIn('max', PASSWORD)).rejects.toMatchObject({ message: 'Password attempts exceeded' });
  endpoint.ahead += 1500;
  await expect(signIn('max', PASSWORD)).resolves.toMatchObject({ AuthenticationResult: {} });
});

test('a token is made for tests, with any claims', async () => {
  const token = await endpoint.apps.userPools.issueToken({ userPool: 'Users', client: 'Web', username: 'tess', claims: { 'custom:site': 'hall 3' }, tokenUse: 'access', expiresIn: 60 });
  const claims = claimsOf(token);
  expect(claims).toMatchObject({ token_use: 'access', username: 'tess', client_id: endpoint.ref('Web'), 'custom:site': 'hall 3' });
  expect(Number(claims.exp) - Number(claims.iat)).toBe(60);
  await expect(endpoint.apps.userPools.issueToken({ username: 'tess' })).rejects.toThrow("the deployment has several user pools; name one of Users, Strangers as 'userPool'");
  await expect(endpoint.apps.userPools.issueToken({ userPool: 'Nobody', username: 'tess' })).rejects.toThrow("'Nobody' is no user pool of the deployment; there are Users, Strangers");
});

test('neither passwords nor keys can be read by others', () => {
  const state = join(endpoint.folder, 'state');
  const files = ['aws', 'issuers'].flatMap((folder) => readdirSync(join(state, folder)).map((name) => join(state, folder, name)));
  expect(files.length).toBeGreaterThan(2);
  expect(files.map((file) => statSync(file).mode & 0o077)).toEqual(files.map(() => 0));
  expect(files.filter((file) => readFileSync(file, 'utf8').includes(PASSWORD))).toEqual([]);
});

test.each<[string, () => Promise<unknown>, string, string]>([
  ['a flow that the client does not allow', () => app.send(new idp.InitiateAuthCommand({ ClientId: endpoint.ref('StrangersWeb'), AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'x', PASSWORD } })), 'InvalidParameterException', 'USER_PASSWORD_AUTH flow not enabled for this client'],
  ['a flow for admins, by somebody else', () => app.send(new idp.InitiateAuthCommand({ ClientId: endpoint.ref('Server'), AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'x', PASSWORD } })), 'InvalidParameterException', 'ADMIN_USER_PASSWORD_AUTH flow not enabled for this client'],
  ['a flow that is not served', () => app.send(new idp.InitiateAuthCommand({ ClientId: endpoint.ref('Web'), AuthFlow: 'USER_SRP_AUTH', AuthParameters: {} })), 'InvalidParameterException', 'the twin does not serve the flow USER_SRP_AUTH; it serves USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, ADMIN_NO_SRP_AUTH, REFRESH_TOKEN_AUTH, REFRESH_TOKEN'],
  ['a user that is not there', () => signIn('nobody', PASSWORD), 'UserNotFoundException', 'User does not exist.'],
  ['a user that is not there, where that must not be told', () => signIn('nobody', PASSWORD, 'Other'), 'NotAuthorizedException', 'Incorrect username or password.'],
  ['a password of great length', () => signIn('ada', 'x'.repeat(100_000)), 'NotAuthorizedException', 'Incorrect username or password.'],
  ['a client that is not there', () => app.send(new idp.InitiateAuthCommand({ ClientId: 'nothing', AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: {} })), 'ResourceNotFoundException', 'User pool client nothing does not exist.'],
  ['a pool that is not there', () => admin.send(new idp.ListUsersCommand({ UserPoolId: 'eu-west-1_x' })), 'ResourceNotFoundException', 'User pool eu-west-1_x does not exist.'],
  ['a name that is taken', () => user('ADA'), 'UsernameExistsException', 'User account already exists'],
  ['an address that is taken', () => user('other', { email: 'ada@example.com' }), 'UsernameExistsException', 'User account already exists'],
  ['an attribute that the pool has not', () => user('other', { 'custom:role': 'admin' }), 'InvalidParameterException', 'Attributes did not conform to the schema: custom:role: Attribute does not exist in the schema.'],
  ['an attribute that stays as it is', () => admin.send(new idp.AdminUpdateUserAttributesCommand({ UserPoolId, Username: 'ada', UserAttributes: [{ Name: 'custom:tenant', Value: 'other' }] })), 'InvalidParameterException', 'user.custom:tenant: Attribute cannot be updated.'],
  ['another operation', () => admin.send(new idp.ListUserPoolsCommand({ MaxResults: 1 })), 'UnknownOperationException', 'the twin does not serve Amazon Cognito user pools ListUserPools'],
])('fails for %s', async (_, call, name, message) => {
  await expect(call()).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  expect(endpoint.faults).toEqual([]);
});

describe('a call of an admin is refused', () => {
  const Username = 'ada';

  test('without a signature', async () => {
    const response = await fetch(endpoint.unsigned.endpoint, { method: 'POST', headers: { 'x-amz-target': 'AWSCognitoIdentityProviderService.AdminGetUser' }, body: JSON.stringify({ UserPoolId, Username }) });
    expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([403, 'MissingAuthenticationTokenException']);
  });

  test('to a role that does not allow it', async () => {
    const session = { kind: 'role', roleArn: 'arn:aws:iam::123456789012:role/none', sessionName: 'me' } as const;
    const client = new idp.CognitoIdentityProviderClient(endpoint.as(session));
    await expect(client.send(new idp.AdminGetUserCommand({ UserPoolId, Username }))).rejects.toMatchObject({
      name: 'AccessDeniedException', message: `User: arn:aws:sts::123456789012:assumed-role/none/me is not authorized to perform: cognito-idp:AdminGetUser on resource: arn:aws:cognito-idp:eu-west-1:123456789012:userpool/${UserPoolId} because the assembly does not declare its role`,
    });
  });
});

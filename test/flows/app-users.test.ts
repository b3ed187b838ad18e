import { CognitoIdentityClient, GetCredentialsForIdentityCommand, GetIdCommand } from '@aws-sdk/client-cognito-identity';
import { AdminDeleteUserCommand, CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { ListAttachedPoliciesCommand } from '@aws-sdk/client-iot';
import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { AwsClient } from 'aws4fetch';
import { AttachService, Channel, CognitoAccess, DeviceFleet, LoginProvider, UserVariable } from '../../lib';
import type { Credentials } from '../../lib/twin';
import { signIn } from '../../lib/web';
import type { IotSession } from '../../lib/web';
import { ExampleTwin } from '../examples/support/example-twin';
import { makeRequest } from '../examples/support/openssl';
import { MqttJs } from '../twin/support/mqttjs';
import { runSdk } from '../twin/support/sdk';
import { denied, refused } from '../twin/support/test-twin';
import { stackOf } from './flow';

const REGION = 'us-east-1';
let flow: ExampleTwin;
let provider: string;

beforeAll(async () => {
  const requests = [makeRequest('lamp-1'), makeRequest('lamp-2')];
  flow = await ExampleTwin.start(stackOf((stack) => {
    const fleet = new DeviceFleet(stack, 'Lamps', {
      topics: { telemetry: Channel.fromDevice('dt/lamps/{thing}/telemetry'), commands: Channel.toDevice('cmd/lamps/{thing}/+'), news: Channel.broadcast('news/lamps') },
      things: ['lamp-1', 'lamp-2'],
    });
    fleet.topicSpace.channelNames.forEach((name) => expect(fleet.channel(name).channelName).toBe(name));
    const users = new cognito.UserPool(stack, 'Pool', { customAttributes: { device: new cognito.StringAttribute({ mutable: true }) }, removalPolicy: RemovalPolicy.DESTROY });
    const client = users.addClient('App', { writeAttributes: new cognito.ClientAttributes().withStandardAttributes({ email: true }) });
    const access = new CognitoAccess(stack, 'Users', { providers: [LoginProvider.userPool(users, client, { principalTags: { device: 'custom:device' } })] });
    const own = { thing: UserVariable.principalTag('device') };
    fleet.channel('telemetry').grants.subscribe(access, own);
    fleet.channel('commands').grants.publish(access, own);
    fleet.channel('news').grants.publish(access.allowGuestsWithoutLogin());
    const service = new AttachService(stack, 'Attach', { access });
    new CfnOutput(stack, 'IdentityPool', { value: access.identityPoolId });
    new CfnOutput(stack, 'UserPool', { value: users.userPoolId });
    new CfnOutput(stack, 'Url', { value: service.url });
    new CfnOutput(stack, 'Sweep', { value: service.sweepFunction.functionName });
    requests.forEach(({ pem }, index) => fleet.addCertificate(`Certificate${index}`, { thing: fleet.node.findChild('Things').node.findChild(`lamp-${index + 1}`) as never, csr: pem }));
  }));
  expect(flow.twin.warnings).toEqual([]);
  provider = `cognito-idp.${REGION}.amazonaws.com/${flow.output('UserPool')}`;
});

afterAll(() => flow.stop());

function attachUrl(): string {
  return flow.output('Url');
}

/** A user of the app as its page sees them. */
function session(username: string, device: string | undefined, claims: Record<string, unknown> = {}): IotSession {
  return signIn({
    region: REGION,
    identityPoolId: flow.output('IdentityPool'),
    iotEndpoint: `localhost:${flow.twin.httpsPort}`,
    attachUrl: attachUrl(),
    login: { provider, token: () => flow.twin.issueToken({ username, claims: { ...device !== undefined && { 'custom:device': device }, ...claims } }) },
    endpoints: { cognitoIdentity: flow.twin.aws.endpointUrl },
  });
}

async function connect(url: string, clientId: string): Promise<MqttJs> {
  const { rootCaPem, ...kit } = await flow.twin.issueKit('lamp-1');
  return MqttJs.connect({ ...kit, rootCaPem }, {
    protocol: 'wss', host: 'localhost', port: flow.twin.httpsPort, path: '/mqtt', clientId, key: undefined, cert: undefined, ca: rootCaPem, transformWsUrl: () => url,
  });
}

async function signedIn(username: string, device: string | undefined, claims?: Record<string, unknown>): Promise<{ readonly user: MqttJs; readonly app: IotSession }> {
  const app = session(username, device, claims);
  await app.attach();
  return { app, user: await connect(await app.mqttUrl(), await app.clientId('tab')) };
}

test('a user who has not called the attach service cannot connect, and can afterwards', async () => {
  const app = session('ann', 'lamp-1');
  await expect(connect(await app.mqttUrl(), await app.clientId())).rejects.toThrow('CONNACK 7');
  await app.attach();
  await app.attach();
  await (await connect(await app.mqttUrl(), await app.clientId())).end();
  await app.detach();
  await expect(connect(await app.mqttUrl(), await app.clientId())).rejects.toThrow('CONNACK 7');
});

test("a user hears and commands the user's own device, and no other", async () => {
  const { user } = await signedIn('ann', 'lamp-1');
  const lamp = await MqttJs.connect(await flow.twin.issueKit('lamp-1'));
  await lamp.subscribe('cmd/lamps/lamp-1/+');
  expect(await user.subscribe(['dt/lamps/lamp-1/telemetry', 'dt/lamps/lamp-2/telemetry', 'dt/lamps/+/telemetry', '#'])).toEqual([1, 128, 128, 128]);
  await lamp.publish('dt/lamps/lamp-1/telemetry', '{"on":true}');
  expect(await user.payload('dt/lamps/lamp-1/telemetry')).toBe('{"on":true}');
  await user.publish('cmd/lamps/lamp-1/off', 'now');
  expect(await lamp.payload('cmd/lamps/lamp-1/off')).toBe('now');
  user.send('cmd/lamps/lamp-2/off', 'now', { qos: 1 });
  await user.disconnected();
  await flow.journal.next('the decision', denied('iot:Publish', 'cmd/lamps/lamp-2/off'));
  await lamp.end();
});

test.each([4, 5] as const)('the AWS IoT Device SDK is let in with the credentials of a user, over MQTT %s', async (version) => {
  const app = session('ann', 'lamp-1');
  await app.attach();
  const { rootCaPem } = await flow.twin.issueKit('lamp-1');
  const plan = { endpoint: 'localhost', port: flow.twin.httpsPort, rootCaPem, clientId: await app.clientId('sdk'), credentials: await app.credentials(), version, listensOnly: true } as const;
  expect(await runSdk({ ...plan, topic: 'dt/lamps/lamp-1/telemetry' })).toEqual({ connected: true });
  expect(await runSdk({ ...plan, topic: 'dt/lamps/lamp-2/telemetry' })).toEqual({ connected: true, error: `SUBACK ${version === 5 ? 135 : 128}` });
});

test.each([
  ['a claim with a wildcard', { 'custom:device': '*' }], ['a claim with a slash', { 'custom:device': 'lamp-1/x' }], ['a claim with a plus', { 'custom:device': '+' }], ['no claim', {}],
])('a user with %s reaches no device', async (_, claims) => {
  const { user } = await signedIn('carl', undefined, claims).catch(() => ({ user: undefined }));
  if (user !== undefined) {
    expect(await user.subscribe(['dt/lamps/lamp-1/telemetry', 'dt/lamps/+/telemetry', 'dt/lamps/*/telemetry', 'dt/lamps//telemetry', 'dt/lamps/lamp-1/x/telemetry'])).not.toContain(1);
    await user.end();
  }
});

test("nobody connects as somebody else, neither a user nor a device", async () => {
  const ann = await signedIn('ann', 'lamp-1');
  const bob = await signedIn('bob', 'lamp-2');
  await expect(connect(await bob.app.mqttUrl(), await ann.app.clientId('tab'))).rejects.toThrow('CONNACK 7');
  await expect(connect(await bob.app.mqttUrl(), 'lamp-2')).rejects.toThrow('CONNACK 7');
  // Nobody has lost a connection by that.
  expect(await ann.user.subscribe('dt/lamps/lamp-1/telemetry')).toEqual([1]);
  await Promise.all([ann.user.end(), bob.user.end()]);
});

describe('the attach service', () => {
  const post = (credentials: Credentials, body = '', query = ''): Promise<Response> => (
    new AwsClient({ ...credentials, service: 'execute-api', region: REGION, retries: 0 }).fetch(`${attachUrl()}/attachment${query}`, { method: 'POST', ...(body !== '' && { body, headers: { 'content-type': 'application/json' } }) })
  );

  async function attached(identityId: string): Promise<number> {
    return (await flow.iot.send(new ListAttachedPoliciesCommand({ target: identityId }))).policies!.length;
  }

  test('attaches to its caller, whatever a caller asks for', async () => {
    const [mallory, victim] = [session('mallory', 'lamp-1'), session('victim', 'lamp-2')];
    const other = await victim.identityId();
    const response = await post(await mallory.credentials(), JSON.stringify({ identityId: other, policyName: 'Admin' }), `?identityId=${other}&policyName=Admin`);
    expect(response.status).toBe(200);
    expect([await attached(await mallory.identityId()), await attached(other)]).toEqual([1, 0]);
  });

  test('lets no guest call it, nor one with an altered signature or without one', async () => {
    const client = new CognitoIdentityClient({ endpoint: flow.twin.aws.endpointUrl, region: REGION });
    const { IdentityId } = await client.send(new GetIdCommand({ IdentityPoolId: flow.output('IdentityPool') }));
    const { Credentials: guest } = await client.send(new GetCredentialsForIdentityCommand({ IdentityId }));
    const credentials = { accessKeyId: guest!.AccessKeyId!, secretAccessKey: guest!.SecretKey!, sessionToken: guest!.SessionToken! };
    expect((await post(credentials)).status).toBe(403);
    expect((await post({ ...await session('ann', 'lamp-1').credentials(), secretAccessKey: 'guessed' })).status).toBe(403);
    expect((await fetch(`${attachUrl()}/attachment`, { method: 'POST' })).status).toBe(403);
    expect(await attached(IdentityId!)).toBe(0);

    // A guest has what its role says, and needs no IoT policy.
    const app = session('guest', undefined);
    const url = await app.mqttUrl();
    expect(url).toContain('X-Amz-Signature');
    const { rootCaPem } = await flow.twin.issueKit('lamp-1');
    expect(await runSdk({ endpoint: 'localhost', port: flow.twin.httpsPort, rootCaPem, clientId: `guest-${IdentityId}`, credentials, version: 5, topic: 'dt/lamps/lamp-1/telemetry' })).toEqual({ connected: true, error: 'SUBACK 135' });
  });

  test('a user whom an administrator removes loses the policies at once, and nobody else does', async () => {
    const [ann, dora] = [await signedIn('ann', 'lamp-1'), await signedIn('dora', 'lamp-2')];
    await new CognitoIdentityProviderClient(flow.sdk).send(new AdminDeleteUserCommand({ UserPoolId: flow.output('UserPool'), Username: 'dora' }));
    const { endpoint, region, credentials } = flow.sdk;
    const swept = await new AwsClient({ ...credentials, region, service: 'lambda' }).fetch(`${endpoint}/2015-03-31/functions/${flow.output('Sweep')}/invocations`, { method: 'POST', body: JSON.stringify({ identityId: await dora.app.identityId() }) });
    expect([swept.status, swept.headers.get('x-amz-function-error'), await swept.json()]).toEqual([200, null, { detached: [await dora.app.identityId()] }]);
    dora.user.send('cmd/lamps/lamp-2/off', 'now', { qos: 1 });
    await dora.user.disconnected();
    await ann.user.publish('cmd/lamps/lamp-1/off', 'now');
    await ann.user.end();
  });
});

test('expired credentials open no connection', async () => {
  const app = session('ann', 'lamp-1');
  const url = (await app.mqttUrl()).replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=3600');
  await expect(connect(url, await app.clientId())).rejects.toThrow();
  await flow.journal.next('a note', refused(/^WebSocket: signature: InvalidSignatureException/));
});

import { readFileSync } from 'node:fs';
import { AdminCreateUserCommand, AdminDeleteUserCommand, AdminSetUserPasswordCommand, CognitoIdentityProviderClient, InitiateAuthCommand } from '@aws-sdk/client-cognito-identity-provider';
import { ListTargetsForPolicyCommand } from '@aws-sdk/client-iot';
import { AwsClient } from 'aws4fetch';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import mqtt, { type MqttClient } from 'mqtt';
import { AttachService, Channel, CognitoAccess, DeviceFleet, LoginProvider, UserVariable } from '../../lib';
import { signIn, type IotSession } from '../../lib/web';
import { ExampleTwin } from '../examples/support/example-twin';

const PASSWORD = 'Twin-only-1';

let example: ExampleTwin;
let users: CognitoIdentityProviderClient;
let ca: Buffer;
const clients: MqttClient[] = [];

beforeAll(async () => {
  example = await ExampleTwin.start((app) => {
    const stack = new Stack(app, 'App');
    const userPool = new cognito.UserPool(stack, 'Users', { customAttributes: { device: new cognito.StringAttribute({ mutable: true }) } });
    const client = userPool.addClient('Web', { authFlows: { userPassword: true } });
    const access = new CognitoAccess(stack, 'Access', { providers: [LoginProvider.userPool(userPool, client, { principalTags: { device: 'custom:device' } })] });
    const fleet = new DeviceFleet(stack, 'Doors', { topics: { telemetry: Channel.fromDevice('dt/doors/{thing}/telemetry'), commands: Channel.toDevice('cmd/doors/{thing}/+') } });
    fleet.addThings(['door-1', 'door-2']);
    const own = { thing: UserVariable.principalTag('device') };
    fleet.channel('telemetry').grants.subscribe(access, own);
    fleet.channel('commands').grants.publish(access, own);
    const service = new AttachService(stack, 'Attach', { access });
    const outputs = { UserPool: userPool.userPoolId, Client: client.userPoolClientId, IdentityPool: access.identityPoolId, Sweep: service.sweepFunction.functionName };
    Object.entries(outputs).forEach(([name, value]) => new CfnOutput(stack, name, { value }));
  });
  users = new CognitoIdentityProviderClient(example.sdk);
  ca = readFileSync(example.twin.endpoints.rootCa);
});

afterEach(() => clients.splice(0).forEach((client) => client.end(true)));
afterAll(async () => {
  users.destroy();
  await example.stop();
});

const physicalId = (type: string): string => String(example.twin.deployment.resources.find((resource) => resource.type === type)!.physicalId);

async function addUser(name: string, device: string): Promise<string> {
  const UserPoolId = example.output('UserPool');
  const { User: user } = await users.send(new AdminCreateUserCommand({ UserPoolId, Username: name, UserAttributes: [{ Name: 'custom:device', Value: device }], MessageAction: 'SUPPRESS' }));
  await users.send(new AdminSetUserPasswordCommand({ UserPoolId, Username: name, Password: PASSWORD, Permanent: true }));
  return user!.Attributes!.find(({ Name }) => Name === 'sub')!.Value!;
}

function session(name: string): IotSession {
  const { endpoint, region } = example.sdk;
  return signIn({
    region,
    identityPoolId: example.output('IdentityPool'),
    iotEndpoint: 'localhost',
    attachUrl: `${endpoint}/_api/${physicalId('AWS::ApiGatewayV2::Api')}`,
    login: {
      provider: `cognito-idp.${region}.amazonaws.com/${example.output('UserPool')}`,
      token: async () => {
        const { AuthenticationResult: result } = await users.send(new InitiateAuthCommand({
          AuthFlow: 'USER_PASSWORD_AUTH', ClientId: example.output('Client'), AuthParameters: { USERNAME: name, PASSWORD },
        }));
        return result!.IdToken!;
      },
    },
    endpoints: { cognitoIdentity: endpoint, mqtt: `wss://localhost:${example.twin.httpsPort}/mqtt` },
  });
}

/** Whether a connection comes about. */
async function connect(user: IotSession, clientId?: string): Promise<MqttClient | undefined> {
  const options = await user.mqttOptions();
  user.close();
  const client = mqtt.connect(user.brokerUrl, { ...options, ...clientId !== undefined && { clientId }, ca, reconnectPeriod: 0 });
  clients.push(client);
  return new Promise((settled) => {
    client.once('connect', () => settled(client));
    client.once('error', () => settled(undefined));
    client.once('close', () => settled(undefined));
  });
}

async function sweep(event: object): Promise<unknown> {
  const { endpoint, region, credentials } = example.sdk;
  const aws = new AwsClient({ ...credentials, service: 'lambda', region, retries: 0 });
  const response = await aws.fetch(`${endpoint}/2015-03-31/functions/${example.output('Sweep')}/invocations`, { method: 'POST', body: JSON.stringify(event) });
  return response.json();
}

const targets = async (): Promise<readonly string[]> => (await example.iot.send(new ListTargetsForPolicyCommand({ policyName: physicalId('AWS::IoT::Policy') }))).targets!;

test('a user signs in, attaches, connects, and reaches the own device alone', async () => {
  await addUser('alice', 'door-1');
  const alice = session('alice');
  expect(await connect(alice)).toBeUndefined();

  await alice.attach();
  const client = (await connect(alice))!;
  const received: string[] = [];
  client.on('message', (topic, payload) => received.push(`${topic} ${payload.toString()}`));
  await client.subscribeAsync('dt/doors/door-1/telemetry');
  await expect(client.subscribeAsync('dt/doors/door-2/telemetry')).rejects.toThrow();
  example.twin.publish('dt/doors/door-2/telemetry', 'not for alice');
  example.twin.publish('dt/doors/door-1/telemetry', 'open');
  while (received.length === 0) {
    await new Promise(setImmediate);
  }
  expect(received).toEqual(['dt/doors/door-1/telemetry open']);
  await client.publishAsync('cmd/doors/door-1/close', '1', { qos: 1 });
  const closed = new Promise((done) => client.once('close', () => done('closed')));
  client.publish('cmd/doors/door-2/close', '1', { qos: 1 });
  expect(await closed).toBe('closed');
});

test('a user cannot connect as another', async () => {
  await addUser('bob', 'door-2');
  await addUser('mallory', 'door-2');
  const [bob, mallory] = [session('bob'), session('mallory')];
  await Promise.all([bob.attach(), mallory.attach()]);

  expect(await connect(mallory, await bob.clientId())).toBeUndefined();
  expect(await connect(mallory, 'door-2')).toBeUndefined();
  expect(await connect(mallory, await mallory.clientId('tab-1'))).toBeDefined();
});

test('a user who is gone is swept away, and one who detaches is detached', async () => {
  const sub = await addUser('carol', 'door-1');
  await addUser('dave', 'door-1');
  const [carol, dave] = [session('carol'), session('dave')];
  await Promise.all([carol.attach(), dave.attach()]);
  const [carolId, daveId] = [await carol.identityId(), await dave.identityId()];
  expect(await targets()).toEqual(expect.arrayContaining([carolId, daveId]));

  await dave.detach();
  await users.send(new AdminDeleteUserCommand({ UserPoolId: example.output('UserPool'), Username: 'carol' }));
  expect(await sweep({ sweep: true })).toMatchObject({ failures: 0, isFinished: true });
  expect(await sweep({ userSub: sub })).toEqual({ detached: [carolId] });
  expect(await targets()).not.toEqual(expect.arrayContaining([carolId]));
  expect(await targets()).not.toEqual(expect.arrayContaining([daveId]));
});

import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { IClientOptions } from 'mqtt';
import { Channel, Claim, DeviceFleet, JwtAuthorizer, JwtIssuer, TokenAccess, TokenSigning } from '../../lib';
import { clientIdOf } from '../../lib/authorizer-kit';
import type { TokenOptions } from '../../lib/twin';
import { ExampleTwin } from '../examples/support/example-twin';
import { makeRequest } from '../examples/support/openssl';
import { MqttJs } from '../twin/support/mqttjs';
import { denied, refused } from '../twin/support/test-twin';
import { stackOf } from './flow';

const backEnd = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
let flow: ExampleTwin;
let rootCaPem: string;

beforeAll(async () => {
  const request = makeRequest('lamp-1');
  flow = await ExampleTwin.start(stackOf((stack) => {
    const fleet = new DeviceFleet(stack, 'Lamps', {
      topics: { telemetry: Channel.fromDevice('dt/lamps/{thing}/telemetry'), commands: Channel.toDevice('cmd/lamps/{thing}/+') },
      things: ['lamp-2'],
    });
    fleet.addCertificate('Certificate', { thing: fleet.addThing('lamp-1'), csr: request.pem });
    const users = new cognito.UserPool(stack, 'Pool', { customAttributes: { device: new cognito.StringAttribute() }, removalPolicy: RemovalPolicy.DESTROY });
    const app = users.addClient('App');
    users.addClient('OtherApp');
    new cognito.UserPool(stack, 'OtherPool', { removalPolicy: RemovalPolicy.DESTROY }).addClient('Foreign');
    const own = { thing: Claim.of('custom:device') };
    const options = {
      issuer: JwtIssuer.userPool(users, [app]),
      allow: [TokenAccess.subscribe(fleet.channel('telemetry'), own), TokenAccess.publish(fleet.channel('commands'), own)],
    };
    const open = new JwtAuthorizer(stack, 'Open', { ...options, tokenSigning: TokenSigning.unsignedAnyoneMayInvoke() });
    const signed = new JwtAuthorizer(stack, 'Signed', { ...options, tokenSigning: TokenSigning.keys({ now: backEnd.publicKey.export({ type: 'spki', format: 'pem' }) as string }, 'token') });
    new CfnOutput(stack, 'OpenName', { value: open.authorizerName });
    new CfnOutput(stack, 'SignedName', { value: signed.authorizerName });
    new CfnOutput(stack, 'Issuer', { value: users.userPoolProviderUrl });
  }));
  expect(flow.twin.warnings).toEqual([]);
  ({ rootCaPem } = await flow.twin.issueKit('lamp-1'));
});

afterAll(() => flow.stop());

const token = (username: string, device: unknown, options: Partial<TokenOptions> = {}): Promise<string> => (
  flow.twin.issueToken({ username, claims: { 'custom:device': device }, ...options, ...userPoolAndClient(options) })
);

/** Logical ids have a hash that is not for tests to know. */
function userPoolAndClient({ userPool = 'Pool', client = 'PoolApp' }: Partial<TokenOptions>): { readonly userPool: string; readonly client: string } {
  const find = (type: string, prefix: string): string => flow.twin.deployment.resources.find((resource) => resource.type === type && new RegExp(`^${prefix}[0-9A-F]{8}$`).test(resource.logicalId))!.logicalId;
  return { userPool: find('AWS::Cognito::UserPool', userPool), client: find('AWS::Cognito::UserPoolClient', client) };
}

function claimsOf(jwt: string): { readonly iss: string; readonly sub: string } {
  return JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as { iss: string; sub: string };
}

function ownClientId(jwt: string, suffix = 'app'): string {
  const { iss, sub } = claimsOf(jwt);
  return clientIdOf(`${iss} ${sub}`, suffix);
}

/** Connects with a token as the password, over MQTT with ALPN or a WebSocket. */
function connect(jwt: string, options: IClientOptions & { readonly ALPNProtocols?: string[] } = {}): Promise<MqttJs> {
  const kit = { thingName: '', clientId: ownClientId(jwt), endpoint: 'localhost', mqttPort: flow.twin.mqttPort, httpsPort: flow.twin.httpsPort, privateKeyPem: '', certificatePem: '', rootCaPem };
  return MqttJs.connect(kit, {
    port: flow.twin.httpsPort, servername: 'localhost', key: undefined, cert: undefined, ALPNProtocols: ['mqtt'],
    username: `app?x-amz-customauthorizer-name=${flow.output('OpenName')}`, password: jwt, protocolVersion: 5, ...options,
  });
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** The same claims, signed another way. */
function resigned(jwt: string, header: object, sign: (input: string) => string): string {
  const input = `${encoded({ ...JSON.parse(Buffer.from(jwt.split('.')[0]!, 'base64url').toString()) as object, ...header })}.${jwt.split('.')[1]}`;
  return `${input}.${sign(input)}`;
}

test.each<[string, object]>([
  ['MQTT', {}], ['MQTT 3.1.1', { protocolVersion: 4 }], ['a WebSocket', { protocol: 'wss', path: '/mqtt', ALPNProtocols: undefined }],
])('a user with a token reaches the device of the token over %s, and no other', async (_, options) => {
  const user = await connect(await token('ann', 'lamp-1'), options);
  const code = 'protocolVersion' in options ? 128 : 135;
  expect(await user.subscribe(['dt/lamps/lamp-1/telemetry', 'dt/lamps/lamp-2/telemetry', 'dt/lamps/+/telemetry', '#'])).toEqual([1, code, code, code]);
  await user.publish('cmd/lamps/lamp-1/off', 'now');
  user.send('cmd/lamps/lamp-2/off', 'now', { qos: 1 });
  await user.disconnected();
  await flow.journal.next('the decision', denied('iot:Publish', 'cmd/lamps/lamp-2/off'));
});

test('nobody takes the client id of another user, or of a device', async () => {
  const [ann, bob] = [await token('ann', 'lamp-1'), await token('bob', 'lamp-2')];
  const user = await connect(ann);
  for (const clientId of [ownClientId(ann), 'lamp-1', 'lamp-2', ownClientId(ann).replace('-app', 'x'), ownClientId(bob).replace('-app', 'x')]) {
    await expect(connect(bob, { clientId })).rejects.toThrow('CONNACK 135');
    // The authorizer sees to it already.
    await flow.journal.next('the refusal', (entry) => entry.clientId === clientId && refused(/the function said no$/)(entry));
  }
  expect(await user.subscribe('dt/lamps/lamp-1/telemetry')).toEqual([1]);
  await user.end();
});

test.each<[string, () => Promise<string>]>([
  ['for another app', () => token('ann', 'lamp-1', { client: 'PoolOtherApp' })],
  ['of another user pool', () => token('ann', 'lamp-1', { userPool: 'OtherPool', client: 'OtherPoolForeign' })],
  ['that has expired', () => token('ann', 'lamp-1', { expiresIn: -60 })],
  ['of the wrong use', () => token('ann', 'lamp-1', { tokenUse: 'access' })],
  ['with other claims than were signed', async () => {
    const [header, , signature] = (await token('ann', 'lamp-1')).split('.');
    return [header, encoded({ ...claimsOf(await token('ann', 'lamp-1')), 'custom:device': 'lamp-2' }), signature].join('.');
  }],
  ['without a signature (alg none)', async () => resigned(await token('ann', 'lamp-2'), { alg: 'none' }, () => '')],
  ['signed by a stranger', async () => resigned(await token('ann', 'lamp-2'), {}, (input) => createSign('sha256').update(input).sign(stranger.privateKey, 'base64url'))],
  ['signed with the public key as a secret (HS256)', async () => {
    const keys = await (await fetch(`${flow.twin.aws.endpointUrl}/${flow.output('Issuer').split('/').at(-1)}/.well-known/jwks.json`)).json() as { keys: object[] };
    return resigned(await token('ann', 'lamp-2'), { alg: 'HS256' }, (input) => createHmac('sha256', JSON.stringify(keys.keys[0])).update(input).digest('base64url'));
  }],
])('a token %s is refused, and the log has none of it', async (_, make) => {
  const jwt = await make();
  await expect(connect(jwt)).rejects.toThrow('CONNACK 135');
  const { reason } = await flow.journal.next('the refusal', refused(/^authorizer '[\w-]+': the function said no$/));
  const said = [reason, ...flow.journal.take().map((entry) => entry.reason)].join('\n');
  expect(said).not.toContain(jwt.split('.')[1]!);
});

test.each(['*', '+', '#', 'lamp-1/x', '${iot:ClientId}', '', 42, ['*', '#']].map((claim) => [claim]))('a claim %j reaches no device', async (claim) => {
  const user = await connect(await token('carl', claim)).catch(() => undefined);
  if (user !== undefined) {
    expect(await user.subscribe(['dt/lamps/lamp-1/telemetry', 'dt/lamps/+/telemetry', 'dt/lamps/*/telemetry', 'dt/lamps/#', '#'])).not.toContain(1);
    await user.end();
  }
});

describe('where AWS checks the signature of the back end first', () => {
  const sign = (text: string, key = backEnd.privateKey): string => createSign('sha256').update(text).sign(key, 'base64');
  const username = (jwt: string, signature: string): string => (
    `app?x-amz-customauthorizer-name=${flow.output('SignedName')}&x-amz-customauthorizer-signature=${encodeURIComponent(signature)}&token=${jwt}`
  );

  test('a signed token gets in, and one without or with another signature does not reach the function', async () => {
    const jwt = await token('ann', 'lamp-1');
    await (await connect(jwt, { username: username(jwt, sign(jwt)), password: undefined })).end();
    flow.journal.take();
    for (const bad of [username(jwt, sign(jwt, stranger.privateKey)), username(jwt, sign(`${jwt}x`)), `app?x-amz-customauthorizer-name=${flow.output('SignedName')}&token=${jwt}`]) {
      await expect(connect(jwt, { username: bad, password: undefined })).rejects.toThrow('CONNACK 135');
      await flow.journal.next('the refusal', refused(/the signature of the token|the client sends no signature/));
    }
    expect(flow.journal.take().filter(({ event }) => event === 'log')).toEqual([]);
  });

  test('a token that is good for AWS and not for the function is refused', async () => {
    const jwt = await token('ann', 'lamp-1', { expiresIn: -60 });
    await expect(connect(jwt, { username: username(jwt, sign(jwt)), password: undefined })).rejects.toThrow('CONNACK 135');
    await flow.journal.next('the refusal', refused(/the function said no$/));
  });
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CognitoIdentityClient, GetIdCommand } from '@aws-sdk/client-cognito-identity';
import {
  AdminCreateUserCommand, AdminSetUserPasswordCommand, CognitoIdentityProviderClient, InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import mqtt from 'mqtt';
import { generate, type Packet } from 'mqtt-packet';
import type { BrowserContext, Page } from 'playwright-core';
import { startBrowser } from './support/browser';
import { runDevice, startDevice } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { makeRequest } from './support/openssl';
import { StaticSite } from './support/static-site';
import { WebAppCognitoStack } from '../../examples/web-app-cognito/stack';
import { writeKit } from '../../lib/twin';
import { signIn, type IotSession } from '../../lib/web';
import { MqttJs } from '../twin/support/mqttjs';

const PASSWORD = 'Correct-horse-7';
const [ANNS, BOBS] = ['thermostat-1', 'thermostat-2'];
const BOBS_TELEMETRY = `dt/thermostats/${BOBS}/telemetry`;

// [MQTT-3.9] In bytes.
const [SUBACK, NOT_GRANTED] = [0x90, 0x80];

const built = mkdtempSync(join(tmpdir(), 'iot-warden-page-'));
let site: StaticSite;
let example: ExampleTwin;
let browser: BrowserContext;
let page: Page;

/** What the page has received over MQTT. */
let received: string;

/** What the browser has complained about. */
let complaints: string[];

beforeAll(async () => {
  execFileSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build', 'examples/web-app-cognito/page', '--outDir', built, '--emptyOutDir', '--logLevel', 'error']);
  site = await StaticSite.serve(built);
  const thermostats = Object.fromEntries([ANNS, BOBS].map((thing) => [thing, makeRequest(thing).pem]));
  example = await ExampleTwin.start((app) => new WebAppCognitoStack(app, 'WebAppCognito', { thermostats, origin: site.origin }));
  writeFileSync(example.file('outputs.json'), JSON.stringify(example.twin.outputs));
  const configured = await runDevice('web-app-cognito', ['--outputs', example.file('outputs.json'), '--out', join(built, 'config.json')], {
    script: 'configure', env: { AWS_ENDPOINT_URL: example.sdk.endpoint },
  });
  expect(configured).toMatchObject({ code: 0, stderr: '' });

  const cognito = new CognitoIdentityProviderClient(example.sdk);
  for (const [Username, device] of [['ann', ANNS], ['bob', BOBS], ['eve', undefined], ['mia', `${ANNS}/more`]] as const) {
    const UserPoolId = example.output('UserPoolId');
    await cognito.send(new AdminCreateUserCommand({ UserPoolId, Username, UserAttributes: device === undefined ? [] : [{ Name: 'custom:device', Value: device }] }));
    await cognito.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password: PASSWORD, Permanent: true }));
  }
  cognito.destroy();
  browser = await startBrowser(example.file('profile'), example.twin.httpsPort);
  // What somebody gets hold of who uses the tools of the browser.
  await browser.addInitScript({ content: 'opened = []; WebSocket = class extends WebSocket { constructor(...given) { super(...given); opened.push(this); } };' });
});

afterAll(async () => {
  await browser?.close();
  await example?.stop();
  await site?.stop();
  rmSync(built, { recursive: true, force: true });
});

beforeEach(async () => {
  [received, complaints] = ['', []];
  example.journal.take();
  page = await browser.newPage();
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => {
    received += payload.toString();
  }));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(site.origin);
});

afterEach(() => page.close());

async function enter(user: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The page of a user whose connection stands. */
async function enterAsAnn(): Promise<void> {
  await enter('ann');
  await page.getByText('Live').waitFor();
}

/** Sends a packet over the connection of the page, as no page of ours would. */
async function sendAsPage(packet: Packet): Promise<void> {
  await page.evaluate(`opened.at(-1).send(new Uint8Array([${[...generate(packet)].join()}]))`);
}

function denied(action: string, resource: string): Promise<unknown> {
  return example.journal.next(`a denied ${action}`, (entry) => entry.decision?.decision === 'deny' && entry.action === action && entry.resource === resource);
}

async function deviceOf(thing: string): Promise<MqttJs> {
  return MqttJs.connect(await example.twin.issueKit(thing));
}

test('a user sees their own thermostat and tells it what to do', async () => {
  writeKit(await example.twin.issueKit(ANNS), example.file('kit'));
  const device = startDevice('web-app-cognito', ['--kit', example.file('kit'), '--every-ms', '100', '--commands', '2']);
  try {
    await device.lines.next('the subscription', (line) => line === 'ready');
    await enterAsAnn();

    await page.getByText(`Signed in as ann for device ${ANNS}`).waitFor();
    await page.getByText(/^(19|20)\.\d$/).waitFor();
    await page.getByRole('img', { name: /^The last [2-9] readings, from [\d.]+ to [\d.]+ °C$/ }).waitFor();
    await page.getByRole('button', { name: 'Warmer' }).click();
    await device.lines.next('the command', (line) => line === 'told warmer, heats to 21 °C');
    await page.getByRole('button', { name: 'Cooler' }).click();
    expect(await device.ended).toMatchObject({ code: 0, stderr: '', stdout: 'ready\ntold warmer, heats to 21 °C\ntold cooler, heats to 20 °C\n' });
  } finally {
    device.stop();
  }
  expect(complaints).toEqual([]);
});

test('the thermostat of another user never appears', async () => {
  const [anns, bobs] = await Promise.all([deviceOf(ANNS), deviceOf(BOBS)]);
  await enterAsAnn();

  for (const topic of [BOBS_TELEMETRY, 'dt/thermostats/+/telemetry', '#']) {
    await sendAsPage({ cmd: 'subscribe', messageId: 65_000, subscriptions: [{ topic, qos: 1 }] });
    await denied('iot:Subscribe', topic);
  }
  await bobs.client.publishAsync(BOBS_TELEMETRY, '{"celsius":88.8}', { qos: 1 });
  await anns.client.publishAsync(`dt/thermostats/${ANNS}/telemetry`, '{"celsius":21.5}', { qos: 1 });
  await page.getByText('21.5').waitFor();
  expect(received).toContain('21.5');
  expect(received).not.toContain('88.8');

  await bobs.client.subscribeAsync(`cmd/thermostats/${BOBS}/+`, { qos: 1 });
  await sendAsPage({ cmd: 'publish', topic: `cmd/thermostats/${BOBS}/warmer`, payload: '{}', qos: 1, messageId: 65_001, dup: false, retain: false });
  await denied('iot:Publish', `cmd/thermostats/${BOBS}/warmer`);
  // AWS IoT ends the connection for that, and the page has another with a URL of its own.
  await page.getByText('Not connected').waitFor();
  await page.getByText('Live').waitFor();
  await page.getByRole('button', { name: 'Warmer' }).click();
  await example.journal.next("the command to Ann's", ({ resource }) => resource === `cmd/thermostats/${ANNS}/warmer`);
  expect(bobs.messages.take()).toEqual([]);
  await Promise.all([anns, bobs].map(({ client }) => client.endAsync()));
});

test.each([
  ['a wrong password', 'ann', 'Wrong-horse-77', 'That user name and password do not go together.'],
  ['a user whom nobody knows', 'mallory', PASSWORD, 'That user name and password do not go together.'],
  ['a user who has no thermostat', 'eve', PASSWORD, 'You have no thermostat yet. Ask whoever looks after this app to give you one.'],
])('%s is refused in words', async (_, user, password, words) => {
  await enter(user, password);
  await page.getByRole('alert').getByText(words).waitFor();
  expect(await page.getByRole('button', { name: 'Sign in' }).isEnabled()).toBe(true);
  expect(await page.getByText('Signed in').isVisible()).toBe(false);
});

test('a user whose attribute is more than a name reaches nothing by it', async () => {
  await enter('mia');
  await example.journal.next('a denied connection', ({ action, decision }) => action === 'iot:Connect' && decision?.reason === 'explicit-deny');
  await page.getByText('Not connected').waitFor();
  expect(await page.getByRole('button', { name: 'Warmer' }).isEnabled()).toBe(false);
});

test('a refused subscription is said in words', async () => {
  await page.routeWebSocket(/^wss:/, (socket) => {
    const server = socket.connectToServer();
    // The answer to SUBSCRIBE, as it is where the stack lacks the grant.
    server.onMessage((message) => socket.send(message[0] === SUBACK ? Buffer.from([...message.slice(0, -1) as Buffer, NOT_GRANTED]) : message));
  });
  await page.reload();
  await enter('ann');
  await page.getByText('Not allowed to see this thermostat').waitFor();
  expect(await page.getByRole('button', { name: 'Warmer' }).isEnabled()).toBe(false);
});

test('Amazon Cognito being out of reach is said in words', async () => {
  await page.route(`${example.sdk.endpoint}/`, (route) => route.abort());
  await enter('ann');
  await page.getByRole('alert').getByText('Amazon Cognito cannot be reached. Check your network, then try again.').waitFor();
});

test('tokens and credentials are gone with the page', async () => {
  await enterAsAnn();
  expect(await browser.storageState({ indexedDB: true })).toEqual({ cookies: [], origins: [] });
  expect(await page.evaluate('sessionStorage.length')).toBe(0);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  expect(await page.getByLabel('Password').inputValue()).toBe('');
});

test('the page reaches its own services and no other', async () => {
  await page.getByRole('button', { name: 'Sign in', disabled: false }).waitFor();
  await expect(page.evaluate("fetch('https://somebody.s3.amazonaws.com/')")).rejects.toThrow('Failed to fetch');
  expect(complaints).toContainEqual(expect.stringContaining("violates the following Content Security Policy directive: \"connect-src "));
});

test('a user to whom nothing is attached is not let in', async () => {
  const session = await sessionOf('bob');
  const options = await session.mqttOptions();
  const client = mqtt.connect(session.brokerUrl, { ...options, reconnectPeriod: 0, reconnectOnConnackError: false, ca: readFileSync(example.twin.endpoints.rootCa) } as mqtt.IClientOptions);
  await expect(new Promise((connected, refused) => {
    client.once('connect', connected);
    client.once('error', refused);
  })).rejects.toThrow('Connection refused');
  await denied('iot:Connect', await session.identityId());
  await client.endAsync();
  session.close();
});

test('guests get nothing', async () => {
  const cognito = new CognitoIdentityClient({ endpoint: example.sdk.endpoint, region: example.sdk.region });
  await expect(cognito.send(new GetIdCommand({ IdentityPoolId: example.output('IdentityPoolId') }))).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  cognito.destroy();
  expect(await page.evaluate(`fetch('${example.output('AttachUrl')}/attachment', { method: 'POST' }).then(({ status }) => status)`)).toBe(403);
});

test.each([
  ['nowhere.json', /nowhere\.json: cannot be read as JSON \(ENOENT\); give the file that was written with --outputs-file\n$/],
  [resolve('tsconfig.json'), /tsconfig\.json: no stack in it has the outputs UserPoolId, .*; deploy the stack of this example\n$/],
])('outputs in %s are refused in one line', async (file, message) => {
  const { code, stdout, stderr } = await runDevice('web-app-cognito', ['--outputs', file, '--out', example.file('none.json')], { script: 'configure' });
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(message)]);
});

/** A user who has signed in as the page does. */
async function sessionOf(user: string): Promise<IotSession> {
  const { endpoint, region } = example.sdk;
  const client = new CognitoIdentityProviderClient({ endpoint, region });
  const { AuthenticationResult: tokens } = await client.send(new InitiateAuthCommand({
    ClientId: example.output('ClientId'), AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: user, PASSWORD },
  }));
  client.destroy();
  return signIn({
    region,
    identityPoolId: example.output('IdentityPoolId'),
    iotEndpoint: example.output('Endpoint'),
    attachUrl: example.output('AttachUrl'),
    login: { provider: `cognito-idp.${region}.amazonaws.com/${example.output('UserPoolId')}`, token: () => tokens!.IdToken! },
    endpoints: { cognitoIdentity: endpoint },
  });
}

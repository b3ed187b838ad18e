import { once } from 'node:events';
import { iot, iotshadow, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { mqtt_request_response } from 'aws-iot-device-sdk-v2';
import type { ConnectionKit } from '../../../lib/twin';
import { within } from '../support/within';

/** What a shadow client of the AWS IoT Device SDK sees of one shadow. */
export interface Seen {
  readonly missing: unknown;
  readonly updated: unknown;
  readonly got: unknown;
  readonly conflict: unknown;
  readonly delta: unknown;
  readonly documents: unknown;
  readonly deleted: unknown;
}

// A process of its own: the client keeps it alive long after it was closed.
const { kit, version } = JSON.parse(process.argv[2]!) as { readonly kit: ConnectionKit; readonly version: 4 | 5 };
const AT_LEAST_ONCE = mqtt.QoS.AtLeastOnce;
const FIRST = { desired: { mode: 'eco', level: 2 }, reported: { mode: 'off', level: 2 } };

async function connection(): Promise<mqtt.MqttClientConnection> {
  const client = new mqtt.MqttClient().new_connection(iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(kit.certificatePem, kit.privateKeyPem)
    .with_certificate_authority(kit.rootCaPem).with_endpoint(kit.endpoint).with_port(kit.mqttPort).with_client_id(kit.clientId).with_clean_session(true).build());
  client.on('error', () => undefined);
  await within('connect', client.connect());
  return client;
}

async function client5(): Promise<mqtt5.Mqtt5Client> {
  const client = new mqtt5.Mqtt5Client(iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(kit.endpoint, kit.certificatePem, kit.privateKeyPem)
    .withCertificateAuthority(kit.rootCaPem).withPort(kit.mqttPort).withConnectProperties({ clientId: kit.clientId, keepAliveIntervalSeconds: 60 }).build());
  client.on('error', () => undefined);
  const connected = once(client, 'connectionSuccess');
  client.start();
  await within('connect', connected);
  return client;
}

/** The client of version 1: topics are subscribed to and published to one by one. */
async function lookV1(shadows: iotshadow.IotShadowClient, shadowName: string | undefined): Promise<Seen> {
  const thingName = kit.thingName;
  const waiting = new Map<string, (value: unknown) => void>();
  const hear = (kind: string) => (error?: unknown, response?: unknown): void => waiting.get(kind)?.(error ?? response);
  const next = (kind: string): Promise<unknown> => within(kind, new Promise((resolve) => waiting.set(kind, resolve)));
  const named = { thingName, shadowName: shadowName! };
  await within('SUBACKs', Promise.all(shadowName === undefined ? [
    shadows.subscribeToGetShadowAccepted({ thingName }, AT_LEAST_ONCE, hear('got')),
    shadows.subscribeToGetShadowRejected({ thingName }, AT_LEAST_ONCE, hear('missing')),
    shadows.subscribeToUpdateShadowAccepted({ thingName }, AT_LEAST_ONCE, hear('updated')),
    shadows.subscribeToUpdateShadowRejected({ thingName }, AT_LEAST_ONCE, hear('conflict')),
    shadows.subscribeToShadowDeltaUpdatedEvents({ thingName }, AT_LEAST_ONCE, hear('delta')),
    shadows.subscribeToShadowUpdatedEvents({ thingName }, AT_LEAST_ONCE, hear('documents')),
    shadows.subscribeToDeleteShadowAccepted({ thingName }, AT_LEAST_ONCE, hear('deleted')),
  ] : [
    shadows.subscribeToGetNamedShadowAccepted(named, AT_LEAST_ONCE, hear('got')),
    shadows.subscribeToGetNamedShadowRejected(named, AT_LEAST_ONCE, hear('missing')),
    shadows.subscribeToUpdateNamedShadowAccepted(named, AT_LEAST_ONCE, hear('updated')),
    shadows.subscribeToUpdateNamedShadowRejected(named, AT_LEAST_ONCE, hear('conflict')),
    shadows.subscribeToNamedShadowDeltaUpdatedEvents(named, AT_LEAST_ONCE, hear('delta')),
    shadows.subscribeToNamedShadowUpdatedEvents(named, AT_LEAST_ONCE, hear('documents')),
    shadows.subscribeToDeleteNamedShadowAccepted(named, AT_LEAST_ONCE, hear('deleted')),
  ]));
  const ask = async (kinds: readonly string[], request: Promise<unknown>): Promise<unknown[]> => {
    const answers = Promise.all(kinds.map(next));
    await within('PUBACK', request);
    return answers;
  };
  const get = (clientToken: string): Promise<unknown> => (shadowName === undefined
    ? shadows.publishGetShadow({ thingName, clientToken }, AT_LEAST_ONCE) : shadows.publishGetNamedShadow({ ...named, clientToken }, AT_LEAST_ONCE));
  const update = (request: { readonly state: object; readonly version?: number }): Promise<unknown> => (shadowName === undefined
    ? shadows.publishUpdateShadow({ thingName, clientToken: 't', ...request }, AT_LEAST_ONCE) : shadows.publishUpdateNamedShadow({ ...named, clientToken: 't', ...request }, AT_LEAST_ONCE));
  const [missing] = await ask(['missing'], get('t'));
  const [updated, delta, documents] = await ask(['updated', 'delta', 'documents'], update({ state: FIRST }));
  const [got] = await ask(['got'], get('t'));
  const [conflict] = await ask(['conflict'], update({ state: {}, version: 99 }));
  const [deleted] = await ask(['deleted'], shadowName === undefined
    ? shadows.publishDeleteShadow({ thingName, clientToken: 't' }, AT_LEAST_ONCE) : shadows.publishDeleteNamedShadow({ ...named, clientToken: 't' }, AT_LEAST_ONCE));
  return { missing, updated, delta, documents, got, conflict, deleted };
}

/** Opens a stream; its first event is awaited later. */
async function listen<T>(stream: mqtt_request_response.StreamingOperation<T>): Promise<{ readonly event: Promise<T> }> {
  const event = new Promise<T>((resolve) => stream.on('incomingPublish', ({ message }) => resolve(message)));
  const established = new Promise<void>((resolve, reject) => stream.on('subscriptionStatus', ({ type, error }) => (type === 0 ? resolve() : reject(new Error(String(error))))));
  stream.open();
  await within('the stream', established);
  return { event };
}

/** The client of version 2: requests with responses, and streams. */
async function lookV2(shadows: iotshadow.IotShadowClientv2, shadowName: string | undefined): Promise<Seen> {
  const thingName = kit.thingName;
  const named = { thingName, shadowName: shadowName! };
  const refusal = async (request: Promise<unknown>): Promise<unknown> => within('the refusal', request.then(() => 'no refusal', (error: { modeledError?: unknown }) => error.modeledError ?? String(error)));
  const deltas = shadowName === undefined ? shadows.createShadowDeltaUpdatedStream({ thingName }) : shadows.createNamedShadowDeltaUpdatedStream(named);
  const updates = shadowName === undefined ? shadows.createShadowUpdatedStream({ thingName }) : shadows.createNamedShadowUpdatedStream(named);
  const heard = await Promise.all([listen(deltas), listen(updates)]);
  const get = (): Promise<unknown> => (shadowName === undefined ? shadows.getShadow({ thingName }) : shadows.getNamedShadow(named));
  const update = (request: { readonly state: object; readonly version?: number }): Promise<unknown> => (shadowName === undefined
    ? shadows.updateShadow({ thingName, ...request }) : shadows.updateNamedShadow({ ...named, ...request }));
  const missing = await refusal(get());
  const updated = await within('update', update({ state: FIRST }));
  const [delta, documents] = await within('events', Promise.all(heard.map(({ event }) => event)));
  const got = await within('get', get());
  const conflict = await refusal(update({ state: {}, version: 99 }));
  const deleted = await within('delete', shadowName === undefined ? shadows.deleteShadow({ thingName }) : shadows.deleteNamedShadow(named));
  deltas.close();
  updates.close();
  return { missing, updated, delta, documents, got, conflict, deleted };
}

async function look(): Promise<readonly Seen[]> {
  const options = { maxRequestResponseSubscriptions: 10, maxStreamingSubscriptions: 10, operationTimeoutInSeconds: 10 };
  let [v1, v2]: [iotshadow.IotShadowClient?, iotshadow.IotShadowClientv2?] = [];
  if (version === 5) {
    const client = await client5();
    [v1, v2] = [iotshadow.IotShadowClient.newFromMqtt5Client(client), iotshadow.IotShadowClientv2.newFromMqtt5(client, options)];
  } else {
    const client = await connection();
    [v1, v2] = [new iotshadow.IotShadowClient(client), iotshadow.IotShadowClientv2.newFromMqtt311(client, options)];
  }
  const seen: Seen[] = [];
  for (const shadowName of [undefined, 'config']) {
    seen.push(await lookV1(v1, shadowName), await lookV2(v2, shadowName));
  }
  return seen;
}

look().then((seen) => {
  process.stdout.write(`\n${JSON.stringify(seen)}\n`, () => process.exit(0));
}, (error: unknown) => {
  process.stderr.write(`${String(error)}\n`, () => process.exit(1));
});

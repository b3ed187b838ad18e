import type { ConnectionKit } from '../../../lib/twin/kit';
import { MqttJs } from '../support/mqttjs';
import { DEVICE_POLICY, DeviceTwin, PREFIX } from '../provisioning/device-twin';

let twin: DeviceTwin;
let listener: MqttJs;

beforeAll(async () => {
  twin = await DeviceTwin.start();
  listener = await MqttJs.connect(await twin.client('listener', DEVICE_POLICY));
  await listener.subscribe('$aws/events/#');
});

afterAll(() => twin.stop());

async function event(topic: string): Promise<Record<string, unknown>> {
  return JSON.parse(await listener.payload(`$aws/events/${topic}`)) as Record<string, unknown>;
}

const UUID = expect.stringMatching(/^[0-9a-f-]{36}$/);

test('tells that a client came, what it subscribed to, and that it went', async () => {
  const kit = await twin.client('sensor', DEVICE_POLICY, { thing: 'the-thing', exclusive: true });
  const principalIdentifier = [...twin.account.store.all('certificates')].at(-1)!.certificateId;
  const client = await MqttJs.connect(kit);
  const common = { clientId: 'sensor', thingName: 'the-thing', timestamp: twin.clock.now(), sessionIdentifier: UUID, principalIdentifier };
  const connected = await event('presence/connected/sensor');
  expect(connected).toEqual({ ...common, eventType: 'connected', ipAddress: '127.0.0.1', versionNumber: 0 });

  await client.subscribe(['a/b', 'c/+']);
  expect(await event('subscriptions/subscribed/sensor')).toEqual({ ...common, eventType: 'subscribed', topics: ['a/b', 'c/+'] });
  client.client.unsubscribe(['a/b', 'never'], () => undefined);
  expect(await event('subscriptions/unsubscribed/sensor')).toEqual({ ...common, eventType: 'unsubscribed', topics: ['a/b'] });

  await client.end();
  expect(await event('presence/disconnected/sensor')).toEqual({
    ...common, sessionIdentifier: connected.sessionIdentifier, eventType: 'disconnected', clientInitiatedDisconnect: true, disconnectReason: 'CLIENT_INITIATED_DISCONNECT', versionNumber: 0,
  });
});

test('names no thing that the certificate is attached to beside others', async () => {
  const client = await MqttJs.connect(await twin.client('shared', DEVICE_POLICY, { thing: 'shared' }));
  expect(await event('presence/connected/shared')).not.toHaveProperty('thingName');
  await client.end();
});

test('counts connections of a client, until it was gone for an hour', async () => {
  const kit = await twin.client('counted', DEVICE_POLICY);
  for (const [versionNumber, secondsLater] of [[0, 10], [1, 3599], [2, 3601], [0, 0]] as const) {
    await (await MqttJs.connect(kit)).end();
    expect(await event('presence/connected/counted')).toMatchObject({ versionNumber });
    expect(await event('presence/disconnected/counted')).toMatchObject({ versionNumber });
    twin.clock.advance(secondsLater);
    // Time does not pass without notice for who listens, too.
    if (secondsLater > 1000) {
      listener = await MqttJs.connect(await twin.client(`listener-${versionNumber}`, DEVICE_POLICY));
      await listener.subscribe('$aws/events/#');
    }
  }
});

/** Ways to go. */
const LEAVING: readonly { readonly name: string; readonly reason: string; readonly leave: (client: MqttJs, kit: ConnectionKit) => unknown }[] = [
  { name: 'lost', reason: 'CONNECTION_LOST', leave: (client) => client.vanish() },
  { name: 'taken-over', reason: 'DUPLICATE_CLIENTID', leave: (_, kit) => MqttJs.connect(kit) },
  { name: 'overstepping', reason: 'AUTH_ERROR', leave: (client) => client.send('forbidden', '') },
  { name: 'misbehaving', reason: 'CLIENT_ERROR', leave: (client) => client.send('a/b/c/d/e/f/g/h/i', '') },
  {
    name: 'cut',
    reason: 'AUTH_ERROR',
    leave: () => twin.account.updateCertificate({ certificateId: [...twin.account.store.all('certificates')].at(-1)!.certificateId, newStatus: 'INACTIVE' }),
  },
];

test.each(LEAVING)('says why a client went: $name is $reason', async ({ name, reason, leave }) => {
  const kit = await twin.client(name, [
    { Effect: 'Allow', Action: 'iot:*', Resource: '*' }, { Effect: 'Deny', Action: 'iot:Publish', Resource: `${PREFIX}topic/forbidden` },
  ]);
  await leave(await MqttJs.connect(kit), kit);
  expect(await event(`presence/disconnected/${name}`)).toMatchObject({ clientInitiatedDisconnect: false, disconnectReason: reason });
});

test('tells that a client may not connect', async () => {
  const kit = await twin.client('stranger', [{ Effect: 'Deny', Action: 'iot:Connect', Resource: '*' }]);
  await expect(MqttJs.connect(kit, { clientId: 'stranger' })).rejects.toThrow('CONNACK 7');
  expect(await event('presence/connect_failed/stranger')).toMatchObject({
    clientId: 'stranger', eventType: 'connect_failed', connectFailureReason: 'AUTHORIZATION_FAILED', ipAddress: '127.0.0.1', sessionIdentifier: UUID, timestamp: twin.clock.now(),
  });
});

test('says nothing about client ids with wildcards', async () => {
  const kit = await twin.client('wild', DEVICE_POLICY);
  await (await MqttJs.connect(kit, { clientId: 'a+b' })).end();
  await (await MqttJs.connect(kit, { clientId: 'after' })).end();
  await event('presence/disconnected/after');
  expect(listener.messages.take().filter(({ topic }) => topic.includes('a+b'))).toEqual([]);
});

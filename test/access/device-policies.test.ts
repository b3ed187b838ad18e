import { App, Stack } from 'aws-cdk-lib';
import * as fc from 'fast-check';
import { Channel, IotPolicy, JobAccess, PayloadFormat, Shadow, ShadowAccess, StreamAccess, TopicSpace } from '../../lib';
import type { DevicePoliciesProps, TopicSpaceProps } from '../../lib';
import { Device, policyDocuments } from './device';

const TOPIC_ACTIONS = ['iot:Publish', 'iot:RetainPublish', 'iot:Subscribe', 'iot:Receive'];

function policiesFor(space: TopicSpaceProps, props: Partial<DevicePoliciesProps> = {}): unknown[] {
  const stack = new Stack(new App(), 'Stack');
  IotPolicy.forDevices(stack, 'Policy', { topicSpace: new TopicSpace(space), ...props });
  return policyDocuments(stack);
}

describe('connecting', () => {
  const policies = policiesFor({});
  const device = new Device(policies, { thingName: 'sensor-1' });

  test('takes the name of the thing', () => {
    expect(device.decide('iot:Connect', 'sensor-1')).toBe('allow');
  });

  test.each(['sensor-10', 'sensor-', 'sensor-2', '+', '#', '*', 'SENSOR-1', 'sensor-1/x'])('is denied as %s', (clientId) => {
    const other = new Device(policies, { thingName: 'sensor-1', clientId });
    expect(other.decide('iot:Connect', clientId)).toBe('deny');
  });

  test('is denied to a certificate without a thing', () => {
    expect(new Device(policies, { thingName: 'sensor-1', attached: false }).decide('iot:Connect', 'sensor-1')).toBe('deny');
  });

  test.each(['PersistentConnect', 'LastWill', 'SomethingNew'])('is denied with %s while there is nothing to say or hear', (attribute) => {
    expect(device.decide('iot:Connect', 'sensor-1', { connectAttributes: [attribute] })).toBe('deny');
  });

  test.each(TOPIC_ACTIONS)('gives no %s', (action) => {
    for (const topic of ['sensor-1', 'dt/sensor-1', '#', '+', '$aws/things/sensor-1/shadow/get', '$aws/things/sensor-1/jobs/get', '$aws/events/#']) {
      expect(device.decide(action, topic)).toBe('deny');
    }
  });

  test.each(['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iotjobsdata:DescribeJobExecution'])('gives no %s', (action) => {
    expect(device.decide(action, 'sensor-1')).toBe('deny');
  });
});

describe('sessions and wills', () => {
  const connect = (space: TopicSpaceProps, attribute: string, persistentSessions?: boolean) =>
    new Device(policiesFor(space, persistentSessions === undefined ? {} : { persistentSessions }), { thingName: 'a' })
      .decide('iot:Connect', 'a', { connectAttributes: [attribute] });
  const talks = { topics: { up: Channel.fromDevice('up/{thing}') } };
  const listens = { topics: { down: Channel.toDevice('down/{thing}') } };

  test('a session persists only for a device that listens', () => {
    expect(connect(listens, 'PersistentConnect')).toBe('allow');
    expect(connect(talks, 'PersistentConnect')).toBe('deny');
  });

  test('persistent sessions can be forbidden and allowed', () => {
    expect(connect(listens, 'PersistentConnect', false)).toBe('deny');
    expect(connect(talks, 'PersistentConnect', true)).toBe('allow');
  });

  test('a will is for a device that talks', () => {
    expect(connect(talks, 'LastWill')).toBe('allow');
    expect(connect(listens, 'LastWill')).toBe('deny');
  });

  test.each([
    [{ topic: 'up/a' }, 'allow'],
    [{ topic: 'up/b' }, 'deny'],
    [{ topic: 'other' }, 'deny'],
    [{ topic: 'up/a', retain: true }, 'deny'],
  ])('the will %j gets %s', (lastWill, decision) => {
    const device = new Device(policiesFor(talks), { thingName: 'a' });
    expect(device.decide('iot:Connect', 'a', { connectAttributes: ['LastWill'], lastWill })).toBe(decision);
  });
});

describe('channels', () => {
  const policies = policiesFor({
    topics: {
      telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry'),
      status: Channel.fromDevice('status/{thing}', { retain: true }),
      commands: Channel.toDevice('cmd/sensors/{thing}/+'),
      files: Channel.bidirectional('files/{thing}/#'),
      alerts: Channel.broadcast('alerts/{attribute:site}/+'),
      typed: Channel.broadcast('types/{type}'),
      bulk: Channel.basicIngest('Bulk', 'dt/{thing}'),
    },
  });
  const device = new Device(policies, { thingName: 'sensor-1', thingType: 'sensor', thingAttributes: { site: 'berlin' } });

  test.each([
    ['dt/sensors/sensor-1/telemetry', ['iot:Publish']],
    ['status/sensor-1', ['iot:Publish', 'iot:RetainPublish']],
    ['cmd/sensors/sensor-1/+', ['iot:Subscribe', 'iot:Receive']],
    ['cmd/sensors/sensor-1/reboot', ['iot:Receive']],
    ['files/sensor-1/a/b', ['iot:Publish', 'iot:Receive']],
    ['files/sensor-1/#', ['iot:Publish', 'iot:Subscribe', 'iot:Receive']],
    ['alerts/berlin/+', ['iot:Subscribe', 'iot:Receive']],
    ['alerts/berlin/fire', ['iot:Receive']],
    ['types/sensor', ['iot:Subscribe', 'iot:Receive']],
    ['$aws/rules/Bulk/dt/sensor-1', ['iot:Publish']],
  ])('%s is open to %j', (topic, actions) => {
    expect(device.allowed(TOPIC_ACTIONS, topic)).toEqual(actions);
  });

  test.each([
    'dt/sensors/sensor-10/telemetry', 'dt/sensors/sensor-1', 'dt/sensors/sensor-1/telemetry/x', 'dt/sensors/sensor-1/telemetry2',
    'dt/sensors/+/telemetry', 'dt/sensors/#', 'dt/#', '#', '+', '+/+', '$share/g/cmd/sensors/sensor-1/+', '$share/g/dt/sensors/+/telemetry',
    'status/sensor-10', 'cmd/sensors/sensor-10/+', 'cmd/sensors/sensor-10/reboot', 'cmd/sensors/+/+', 'cmd/sensors/sensor-1',
    'files/sensor-1', 'files/sensor-10/a', 'alerts/paris/+', 'alerts/paris/fire', 'alerts/berlin', 'alerts/#', 'types/actuator', 'types/+',
    '$aws/rules/Bulk/dt/sensor-10', '$aws/rules/Other/dt/sensor-1', '$aws/things/sensor-1/shadow/get', '$aws/events/presence/connected/sensor-1',
  ])('%s is closed', (topic) => {
    expect(device.allowed(TOPIC_ACTIONS, topic)).toEqual([]);
  });

  test('are closed over HTTPS, where policies do not know the thing', () => {
    expect(device.decide('iot:Publish', 'dt/sensors/sensor-1/telemetry', { protocol: 'https' })).toBe('deny');
  });

  test('are closed without the attribute or type they depend on', () => {
    const plain = new Device(policies, { thingName: 'sensor-1' });
    expect(plain.allowed(TOPIC_ACTIONS, 'alerts/berlin/+')).toEqual([]);
    expect(plain.allowed(TOPIC_ACTIONS, 'types/sensor')).toEqual([]);
    expect(plain.allowed(TOPIC_ACTIONS, 'status/sensor-1')).toEqual(['iot:Publish', 'iot:RetainPublish']);
  });

  // Attribute values may contain '/' and '#': https://docs.aws.amazon.com/iot/latest/apireference/API_AttributePayload.html
  test.each([
    ['#', 'alerts/#/+'],
    ['berlin/secret', 'alerts/berlin/secret/+'],
    ['/', 'alerts///+'],
  ])('are closed to the attribute value %s', (site, filter) => {
    const odd = new Device(policies, { thingName: 'sensor-1', thingAttributes: { site } });
    expect(odd.allowed(TOPIC_ACTIONS, filter)).toEqual([]);
  });
});

describe('shadows and jobs', () => {
  const policies = policiesFor({ shadows: [Shadow.classic(), Shadow.named('config', { access: ShadowAccess.READ })], jobs: JobAccess.EXECUTE });
  const device = new Device(policies, { thingName: 'sensor-1' });
  const T = '$aws/things/sensor-1';

  test.each([
    [`${T}/shadow/get`, ['iot:Publish']],
    [`${T}/shadow/update`, ['iot:Publish']],
    [`${T}/shadow/get/+`, ['iot:Subscribe']],
    [`${T}/shadow/get/accepted`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/shadow/update/delta`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/shadow/name/config/get`, ['iot:Publish']],
    [`${T}/shadow/name/config/update/delta`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/jobs/notify-next`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/jobs/start-next`, ['iot:Publish']],
    [`${T}/jobs/start-next/+`, ['iot:Subscribe']],
    [`${T}/jobs/$next/get`, ['iot:Publish']],
    [`${T}/jobs/job-1/update`, ['iot:Publish']],
    [`${T}/jobs/job-1/update/+`, ['iot:Subscribe']],
    [`${T}/jobs/job-1/update/accepted`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/jobs/+/update/accepted`, ['iot:Subscribe', 'iot:Receive']],
  ])('%s is open to %j', (topic, actions) => {
    expect(device.allowed(TOPIC_ACTIONS, topic)).toEqual(actions);
  });

  test.each([
    '$aws/things/sensor-10/shadow/get', '$aws/things/sensor-10/shadow/update', '$aws/things/+/shadow/get/accepted', '$aws/things/#',
    '$aws/things/sensor-10/jobs/get', '$aws/things/sensor-10/jobs/j/update',
    `${T}/shadow/delete`, `${T}/shadow/#`, `${T}/#`, `${T}/shadow/+/accepted`, `${T}/shadow/name/config/update`, `${T}/shadow/name/config/update/accepted`,
    `${T}/shadow/name/config2/get`, `${T}/shadow/name/other/get`, `${T}/shadow/name/#`, `${T}/jobs/#`, `${T}/jobs/notify2`,
    `${T}/defender/metrics/json`, `${T}/tunnels/notify`, `${T}/streams/s/get/json`,
  ])('%s is closed', (topic) => {
    expect(device.allowed(TOPIC_ACTIONS, topic)).toEqual([]);
  });

  test.each(['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iotjobsdata:UpdateJobExecution'])('%s over HTTPS is closed', (action) => {
    expect(device.decide(action, 'sensor-1', { protocol: 'https' })).toBe('deny');
  });
});

describe('streams, metrics and tunnels', () => {
  const T = '$aws/things/sensor-1';
  const policies = policiesFor({
    streams: [StreamAccess.named('firmware'), StreamAccess.named('maps', { payloadFormats: [PayloadFormat.CBOR] })], defenderMetrics: [PayloadFormat.JSON], tunnels: true,
  });
  const device = new Device(policies, { thingName: 'sensor-1' });

  test.each([
    [`${T}/streams/firmware/describe/json`, ['iot:Publish']],
    [`${T}/streams/firmware/get/cbor`, ['iot:Publish']],
    [`${T}/streams/firmware/data/json`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/streams/firmware/description/cbor`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/streams/firmware/rejected/json`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/streams/firmware/data/+`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/streams/maps/get/cbor`, ['iot:Publish']],
    [`${T}/streams/maps/data/cbor`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/defender/metrics/json`, ['iot:Publish']],
    [`${T}/defender/metrics/json/+`, ['iot:Subscribe']],
    [`${T}/defender/metrics/json/accepted`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/defender/metrics/json/rejected`, ['iot:Subscribe', 'iot:Receive']],
    [`${T}/tunnels/notify`, ['iot:Subscribe', 'iot:Receive']],
  ])('%s is open to %j', (topic, actions) => {
    expect(device.allowed(TOPIC_ACTIONS, topic)).toEqual(actions);
  });

  test.each([
    `${T}/streams/firmware2/get/json`, `${T}/streams/other/get/json`, `${T}/streams/+/data/json`, `${T}/streams/#`, `${T}/streams/firmware/#`, `${T}/streams/firmware/create/json`,
    `${T}/streams/maps/get/json`, `${T}/streams/maps/data/json`, `${T}/defender/metrics/cbor`, `${T}/defender/metrics/cbor/accepted`, `${T}/defender/#`, `${T}/tunnels/#`, `${T}/tunnels/other`,
    `${T}/shadow/get`, `${T}/jobs/get`, '$aws/things/+/tunnels/notify', '$aws/things/sensor-10/tunnels/notify', '$aws/things/sensor-10/streams/firmware/get/json',
    '$aws/things/sensor-10/defender/metrics/json', '$aws/things/#',
  ])('%s is closed', (topic) => {
    expect(device.allowed(TOPIC_ACTIONS, topic)).toEqual([]);
  });

  test('any stream can be opened, of the own thing alone', () => {
    const reader = new Device(policiesFor({ streams: [StreamAccess.any({ payloadFormats: [PayloadFormat.CBOR] })] }), { thingName: 'sensor-1' });
    expect(reader.allowed(TOPIC_ACTIONS, `${T}/streams/AFR_OTA-1/get/cbor`)).toEqual(['iot:Publish']);
    expect(reader.allowed(TOPIC_ACTIONS, `${T}/streams/AFR_OTA-1/data/cbor`)).toEqual(['iot:Subscribe', 'iot:Receive']);
    expect(reader.allowed(TOPIC_ACTIONS, `${T}/streams/+/data/cbor`)).toEqual(['iot:Subscribe', 'iot:Receive']);
    for (const topic of [`${T}/streams/AFR_OTA-1/get/json`, `${T}/streams/#`, '$aws/things/sensor-2/streams/AFR_OTA-1/get/cbor', '$aws/things/+/streams/+/data/cbor']) {
      expect(reader.allowed(TOPIC_ACTIONS, topic)).toEqual([]);
    }
  });
});

const EVERY_RESERVED: TopicSpaceProps = {
  shadows: [Shadow.classic({ access: ShadowAccess.READ_WRITE_DELETE }), Shadow.named('config', { access: ShadowAccess.READ_WRITE_DELETE })],
  jobs: JobAccess.EXECUTE,
  streams: [StreamAccess.any()],
  defenderMetrics: [PayloadFormat.JSON, PayloadFormat.CBOR],
  tunnels: true,
};

/** Reserved topics of one thing, with what devices or job and stream ids may be called that looks like a part of them. */
function reservedTopicsOf(thing: string, id: string): string[] {
  const below = [
    'shadow/get', 'shadow/get/accepted', 'shadow/update', 'shadow/update/delta', 'shadow/delete', 'shadow/name/config/update', 'shadow/name/config/update/documents',
    'jobs/get', 'jobs/notify', 'jobs/start-next', `jobs/${id}/get`, `jobs/${id}/update`, `jobs/${id}/update/accepted`,
    `streams/${id}/get/json`, `streams/${id}/data/cbor`, 'defender/metrics/json', 'defender/metrics/cbor/rejected', 'tunnels/notify',
  ];
  return below.map((topic) => `$aws/things/${thing}/${topic}`);
}

test('a device has all reserved topics of its thing and none of another, whatever things, jobs and streams are called', () => {
  const policies = policiesFor(EVERY_RESERVED);
  const name = fc.oneof(
    fc.constantFrom('a', 'ab', 'a-', 'shadow', 'name', 'jobs', 'get', 'streams', 'tunnels', 'notify', 'update', 'accepted', 'things', 'next', ':', '_'),
    fc.string({ unit: fc.constantFrom(...'abAB01:_-'), minLength: 1, maxLength: 12 }),
  );
  const id = name.map((text) => text.replaceAll(':', '_'));
  fc.assert(fc.property(name, name, id, (a, b, one) => {
    const device = new Device(policies, { thingName: a });
    expect(reservedTopicsOf(a, one).filter((topic) => device.allowed(TOPIC_ACTIONS, topic).length === 0)).toEqual([]);
    if (a !== b) {
      expect(reservedTopicsOf(b, one).filter((topic) => device.allowed(TOPIC_ACTIONS, topic).length > 0)).toEqual([]);
    }
    // What only AWS IoT says.
    expect(reservedTopicsOf(a, one).filter((topic) => /\/(accepted|rejected|delta|documents|notify|data\/cbor)$/.test(topic) && device.decide('iot:Publish', topic) !== 'deny')).toEqual([]);
  }), { numRuns: 200 });
});

test.each([
  ['without jobs', { ...EVERY_RESERVED, jobs: undefined }], ['with jobs', EVERY_RESERVED],
])('policies of a fleet stay where they are when it gets streams, metrics and tunnels: %s', (_, { shadows, jobs, ...more }) => {
  const topics = Object.fromEntries([...Array(9).keys()].map((number) => [`t${number}`, Channel.bidirectional(`a-rather-long-first-level-${number}/{thing}/and-more/#`)]));
  const before = { topics, ...shadows && { shadows }, ...jobs && { jobs } };
  const resourcesOf = (policy: unknown) => (policy as { Statement: { Action: string; Resource: string | string[] }[] }).Statement
    .flatMap(({ Action, Resource }) => [Resource].flat().map((resource) => `${Action} ${resource}`));
  const old = policiesFor(before);
  const grown = policiesFor({ ...before, ...more });
  expect(old.length).toBeGreaterThan(1);
  old.forEach((policy, index) => expect(resourcesOf(grown[index])).toEqual(expect.arrayContaining(resourcesOf(policy))));
});

test('the document is stable, joined and as small as its topics', () => {
  expect(policiesFor({ topics: { telemetry: Channel.fromDevice('dt/{thing}'), alerts: Channel.broadcast('alerts/{attribute:site}') } })).toMatchSnapshot();
});

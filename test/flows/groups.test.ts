import { Channel, DeviceFleet, QuarantineGroup, ThingGroup, ThingGroupMembership, ThingGroupPolicyAttachment, IotAction, IotPolicy, IotResource } from '../../lib';
import type { Stack } from 'aws-cdk-lib';
import { ExampleTwin } from '../examples/support/example-twin';
import { makeRequest } from '../examples/support/openssl';
import { MqttJs } from '../twin/support/mqttjs';
import { isLetIn, stackOf } from './flow';

const [one, two] = [makeRequest('sensor-1'), makeRequest('sensor-2')];
let flow: ExampleTwin;

const define = (quarantined: boolean) => (stack: Stack): void => {
  const fleet = new DeviceFleet(stack, 'Sensors', { topics: { telemetry: Channel.fromDevice('dt/{thing}') } });
  const things = fleet.addThings(['sensor-1', 'sensor-2']);
  [one, two].forEach(({ pem }, index) => fleet.addCertificate(`Certificate${index}`, { thing: things[index]!, csr: pem }));
  const group = new ThingGroup(stack, 'Floor', { thingGroupName: 'floor' });
  new ThingGroupMembership(stack, 'OnFloor', { thingGroup: group, things: [things[0]!] });
  new ThingGroupPolicyAttachment(stack, 'MayAlert', {
    thingGroup: group,
    policies: [new IotPolicy(stack, 'Alert', { statements: [{ actions: [IotAction.PUBLISH], resources: [IotResource.topic('alerts/floor')] }] })],
  });
  new QuarantineGroup(stack, 'Quarantine', { things: quarantined ? [things[0]!] : [] });
};

beforeAll(async () => {
  flow = await ExampleTwin.start(stackOf(define(false)));
  expect(flow.twin.warnings).toEqual([]);
});

afterAll(() => flow.stop());

test('a device gets what its group may, and one outside of it does not', async () => {
  const member = await MqttJs.connect(await flow.twin.issueKit('sensor-1'));
  await member.publish('alerts/floor', 'fire');
  await member.end();

  const other = await MqttJs.connect(await flow.twin.issueKit('sensor-2'));
  other.send('alerts/floor', 'fire', { qos: 1 });
  await other.disconnected();
});

test('a device in quarantine loses its open connection with the next packet, and gets in no more', async () => {
  const kit = await flow.twin.issueKit('sensor-1');
  const device = await MqttJs.connect(kit);
  await device.publish('dt/sensor-1', '{}');

  expect((await flow.redeploy(stackOf(define(true)))).warnings).toEqual([]);
  device.send('dt/sensor-1', '{}', { qos: 1 });
  await device.disconnected();
  expect(await isLetIn(kit)).toBe(false);
  expect(await isLetIn(await flow.twin.issueKit('sensor-2'))).toBe(true);

  expect((await flow.redeploy(stackOf(define(false)))).warnings).toEqual([]);
  expect(await isLetIn(kit)).toBe(true);
});

import { MqttJs } from './support/mqttjs';
import { TestTwin, allow, denied } from './support/test-twin';

// Any client id, but only the thing's own topics and, by attribute, those of its site.
const MAY = [
  allow('iot:Connect', 'client/*'),
  allow('iot:Publish', 'topic/dt/${iot:Connection.Thing.ThingName}/*', 'topic/site/${iot:Connection.Thing.Attributes[site]}/*'),
];

let twin: TestTwin;

beforeAll(async () => {
  twin = await TestTwin.start({
    shared: { may: MAY, attributes: { site: 'oslo' } },
    own: { may: MAY, attributes: { site: 'oslo' }, exclusive: true },
    attached: { may: [{ ...allow('iot:Connect', 'client/*'), Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } }] },
  });
});

afterAll(() => twin.stop());

async function expectPublished(thing: string, clientId: string, topic: string): Promise<void> {
  const device = await MqttJs.connect(await twin.kit(thing), { clientId });
  await device.publish(topic, 'x');
  await device.end();
}

async function expectDenied(thing: string, clientId: string, topic: string): Promise<void> {
  const journal = twin.journal();
  const device = await MqttJs.connect(await twin.kit(thing), { clientId });
  device.send(topic, 'x');
  await device.disconnected();
  await journal.next('the decision', denied('iot:Publish', topic));
}

describe('a certificate that several things may share', () => {
  test('stands for the thing under the thing’s name', async () => {
    await expectPublished('shared', 'shared', 'dt/shared/x');
    await expectPublished('shared', 'shared', 'site/oslo/x');
  });

  test('stands for no thing under another client id', async () => {
    await expectDenied('shared', 'somebody', 'dt/shared/x');
    await expectDenied('shared', 'somebody', 'dt/somebody/x');
    await expectDenied('shared', 'somebody', 'site/oslo/x');
  });

  test('is told apart by IsAttached', async () => {
    const kit = await twin.kit('attached');
    await (await MqttJs.connect(kit)).end();
    await expect(MqttJs.connect(kit, { clientId: 'somebody' })).rejects.toThrow('CONNACK 7');
  });
});

describe('a certificate of one thing alone', () => {
  test.each(['own', 'somebody'])('stands for the thing under client id %s', async (clientId) => {
    const journal = twin.journal();
    await expectPublished('own', clientId, 'dt/own/x');
    expect(await journal.next('the connect', ({ event }) => event === 'connected')).toMatchObject({ clientId, thingName: 'own' });
  });

  test('gets nothing by attributes under another client id: AWS does not say, and the twin lets in nothing that may be refused', async () => {
    await expectPublished('own', 'own', 'site/oslo/x');
    const journal = twin.journal();
    const device = await MqttJs.connect(await twin.kit('own'), { clientId: 'somebody' });
    device.send('site/oslo/x', 'x');
    await device.disconnected();
    expect(await journal.next('the decision', ({ resource }) => resource === 'site/oslo/x')).toMatchObject({ decision: { decision: 'unknown' } });
  });

  test('does not become another thing by that thing’s name', async () => {
    await expectDenied('own', 'shared', 'dt/shared/x');
  });
});

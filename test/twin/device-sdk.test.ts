import { once } from 'node:events';
import { iot, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { ConnectionKit } from '../../lib/twin';
import { selfSigned } from './support/certificates';
import { within } from './support/inbox';
import { TestTwin, allow, denied } from './support/test-twin';

const MAY = [
  allow('iot:Connect', 'client/${iot:Connection.Thing.ThingName}'),
  allow(['iot:Publish', 'iot:Receive', 'iot:RetainPublish'], 'topic/dt/${iot:Connection.Thing.ThingName}/*'),
  allow('iot:Subscribe', 'topicfilter/dt/${iot:Connection.Thing.ThingName}/*'),
];

let twin: TestTwin;
const kits = new Map<string, ConnectionKit>();

beforeAll(async () => {
  const rsa = await selfSigned('RSA', 'from the factory');
  twin = await TestTwin.start({ ec: { may: MAY }, rsa: { may: MAY, pem: rsa.certificatePem } });
  kits.set('EC', await twin.kit('ec'));
  // A certificate of the template itself, whose key the device brings.
  kits.set('RSA', { ...await twin.kit('rsa'), ...rsa });
});

afterAll(() => twin.stop());

describe.each(['EC', 'RSA'])('the AWS IoT Device SDK with an %s key', (kind) => {
  let kit: ConnectionKit;

  beforeAll(() => {
    kit = kits.get(kind)!;
  });

  describe('over MQTT 3.1.1', () => {
    const open: mqtt.MqttClientConnection[] = [];

    function connection(clientId = kit.clientId): mqtt.MqttClientConnection {
      const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(kit.certificatePem, kit.privateKeyPem)
        .with_certificate_authority(kit.rootCaPem)
        .with_endpoint(kit.endpoint)
        .with_port(kit.mqttPort)
        .with_client_id(clientId)
        .with_clean_session(true)
        .build();
      const made = new mqtt.MqttClient().new_connection(config);
      made.on('error', () => undefined);
      open.push(made);
      return made;
    }

    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.disconnect().catch(() => undefined)));
    });

    test('connects, subscribes, publishes and receives', async () => {
      const device = connection();
      expect(await within('connect', device.connect())).toBe(false);
      let receive: (payload: string) => void;
      const received = new Promise<string>((resolve) => {
        receive = resolve;
      });
      const granted = await within('SUBACK', device.subscribe(`dt/${kit.thingName}/#`, mqtt.QoS.AtLeastOnce, (_, payload) => receive(Buffer.from(payload).toString())));
      expect(granted).toMatchObject({ qos: 1, error_code: 0 });
      await within('PUBACK', device.publish(`dt/${kit.thingName}/a`, 'hello', mqtt.QoS.AtLeastOnce));
      expect(await within('message', received)).toBe('hello');
    });

    test('is refused under a foreign client id', async () => {
      const journal = twin.journal();
      // The SDK does not know return code 7, which AWS IoT documents.
      await expect(within('refusal', connection('other').connect())).rejects.toMatch(/AWS_ERROR_MQTT_PROTOCOL_ERROR|Server rejected/);
      await journal.next('the decision', denied('iot:Connect', 'other'));
    });

    test('sees a denied subscription in its SUBACK', async () => {
      const device = connection();
      await within('connect', device.connect());
      expect(await within('SUBACK', device.subscribe('cmd/#', mqtt.QoS.AtLeastOnce))).toMatchObject({ qos: 128 });
    });

    test('loses its connection by a denied publish', async () => {
      const journal = twin.journal();
      const device = connection();
      const interrupted = once(device, 'interrupt');
      await within('connect', device.connect());
      device.publish('cmd/x', 'x', mqtt.QoS.AtMostOnce).catch(() => undefined);
      await within('the interruption', interrupted);
      await journal.next('the decision', denied('iot:Publish', 'cmd/x'));
    });
  });

  describe('over MQTT 5', () => {
    const open: mqtt5.Mqtt5Client[] = [];

    function client(clientId = kit.clientId): mqtt5.Mqtt5Client {
      const config = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(kit.endpoint, kit.certificatePem, kit.privateKeyPem)
        .withCertificateAuthority(kit.rootCaPem)
        .withPort(kit.mqttPort)
        .withConnectProperties({ clientId, keepAliveIntervalSeconds: 60 })
        .build();
      const made = new mqtt5.Mqtt5Client(config);
      made.on('error', () => undefined);
      open.push(made);
      return made;
    }

    afterEach(async () => {
      await Promise.all(open.splice(0).map(async (one) => {
        const stopped = once(one, 'stopped');
        one.stop();
        await within('the end of the client', stopped);
        one.close();
      }));
    });

    /** Start, and say how the first attempt ended. */
    async function start(device: mqtt5.Mqtt5Client): Promise<mqtt5.ConnectionSuccessEvent | mqtt5.ConnectionFailureEvent> {
      const ended = new Promise<mqtt5.ConnectionSuccessEvent | mqtt5.ConnectionFailureEvent>((resolve) => {
        device.once('connectionSuccess', resolve);
        device.once('connectionFailure', resolve);
      });
      device.start();
      return within('the end of the first attempt', ended);
    }

    test('connects, subscribes, publishes and receives', async () => {
      const device = client();
      expect(await start(device)).toMatchObject({ connack: { reasonCode: 0 }, settings: { maximumQos: 1, retainAvailable: true, subscriptionIdentifiersAvailable: false } });
      const received = once(device, 'messageReceived') as Promise<[mqtt5.MessageReceivedEvent]>;
      const suback = await within('SUBACK', device.subscribe({ subscriptions: [{ topicFilter: `dt/${kit.thingName}/#`, qos: mqtt5.QoS.AtLeastOnce }] }));
      expect(suback.reasonCodes).toEqual([1]);
      const puback = await within('PUBACK', device.publish({
        topicName: `dt/${kit.thingName}/a`, payload: 'hello', qos: mqtt5.QoS.AtLeastOnce, contentType: 'text/plain', userProperties: [{ name: 'a', value: 'b' }],
      }));
      expect(puback).toMatchObject({ reasonCode: 0 });
      const [{ message }] = await within('message', received);
      expect(Buffer.from(message.payload as ArrayBuffer).toString()).toBe('hello');
      expect(message).toMatchObject({ contentType: 'text/plain', userProperties: [{ name: 'a', value: 'b' }] });
    });

    test('is refused under a foreign client id, with reason code 135', async () => {
      const journal = twin.journal();
      expect(await start(client('other'))).toMatchObject({ connack: { reasonCode: 135 } });
      await journal.next('the decision', denied('iot:Connect', 'other'));
    });

    test('sees a denied subscription in its SUBACK', async () => {
      const device = client();
      await start(device);
      const suback = await within('SUBACK', device.subscribe({ subscriptions: [{ topicFilter: 'cmd/#', qos: mqtt5.QoS.AtMostOnce }] }));
      expect(suback.reasonCodes).toEqual([135]);
    });

    test('is told why a denied publish ends its connection', async () => {
      const device = client();
      await start(device);
      const ended = once(device, 'disconnection') as Promise<[mqtt5.DisconnectionEvent]>;
      device.publish({ topicName: 'cmd/x', payload: 'x', qos: mqtt5.QoS.AtMostOnce }).catch(() => undefined);
      const [{ disconnect }] = await within('DISCONNECT', ended);
      expect(disconnect).toMatchObject({ reasonCode: 135, reasonString: "not authorized to publish to 'cmd/x'" });
    });
  });
});

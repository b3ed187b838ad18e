import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { iot, mqtt } from 'aws-iot-device-sdk-v2';
import type { ConnectionKit } from '../../lib/twin';
import { selfSigned } from './support/certificates';
import { within } from './support/inbox';
import type { Seen } from './support/sdk-mqtt5';
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
    let seen: Seen;

    beforeAll(async () => {
      const script = join(__dirname, 'support', 'sdk-mqtt5.ts');
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, JSON.stringify(kit)], { timeout: 15_000 });
      seen = JSON.parse(stdout) as Seen;
    });

    test('connects, subscribes, publishes and receives', () => {
      expect(seen.connect).toEqual({ reasonCode: 0, maximumQos: 1, subscriptionIdentifiersAvailable: false });
      expect(seen.suback).toEqual([1]);
      expect(seen.puback).toBe(0);
      expect(seen.message).toEqual({ payload: 'hello', contentType: 'text/plain', userProperties: [{ name: 'a', value: 'b' }] });
    });

    test('is refused under a foreign client id, with reason code 135', () => {
      expect(seen.foreignClientId).toBe(135);
    });

    test('sees a denied subscription in its SUBACK', () => {
      expect(seen.deniedSubscription).toEqual([135]);
    });

    test('is told why a denied publish ends its connection', () => {
      expect(seen.deniedPublish).toEqual({ reasonCode: 135, reasonString: "not authorized to publish to 'cmd/x'" });
    });
  });
});

import { once } from 'node:events';
import { iot, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { ConnectionKit } from '../../../lib/twin';
import { within } from './within';

/** What the MQTT 5 client of the AWS IoT Device SDK sees. */
export interface Seen {
  readonly connect: { readonly reasonCode?: number; readonly maximumQos?: number; readonly subscriptionIdentifiersAvailable?: boolean };
  readonly suback: readonly number[];
  readonly puback?: number;
  readonly message: { readonly payload: string; readonly contentType?: string; readonly userProperties?: readonly { readonly name: string; readonly value: string }[] };
  readonly foreignClientId?: number;
  readonly deniedSubscription: readonly number[];
  readonly deniedPublish: { readonly reasonCode?: number; readonly reasonString?: string };
}

// A process of its own: the client keeps it alive long after it was closed.
// https://github.com/awslabs/aws-crt-nodejs/issues/600
const kit = JSON.parse(process.argv[2]!) as ConnectionKit;

function clientAs(clientId: string): mqtt5.Mqtt5Client {
  const client = new mqtt5.Mqtt5Client(iot.AwsIotMqtt5ClientConfigBuilder
    .newDirectMqttBuilderWithMtlsFromMemory(kit.endpoint, kit.certificatePem, kit.privateKeyPem)
    .withCertificateAuthority(kit.rootCaPem)
    .withPort(kit.mqttPort)
    .withConnectProperties({ clientId, keepAliveIntervalSeconds: 60 })
    .build());
  client.on('error', () => undefined);
  return client;
}

/** Start, and say how the first attempt ended. */
async function start(client: mqtt5.Mqtt5Client): Promise<{ connack?: mqtt5.ConnackPacket }> {
  const ended = new Promise<{ connack?: mqtt5.ConnackPacket }>((resolve) => {
    client.once('connectionSuccess', resolve);
    client.once('connectionFailure', resolve);
  });
  client.start();
  return within('the end of the first attempt', ended);
}

async function look(): Promise<Seen> {
  const foreign = clientAs('other');
  const { connack: refusal } = await start(foreign);
  foreign.stop();

  const client = clientAs(kit.clientId);
  const { connack } = await start(client);
  const received = once(client, 'messageReceived') as Promise<[mqtt5.MessageReceivedEvent]>;
  const suback = await within('SUBACK', client.subscribe({ subscriptions: [{ topicFilter: `dt/${kit.thingName}/#`, qos: mqtt5.QoS.AtLeastOnce }] }));
  const puback = await within('PUBACK', client.publish({
    topicName: `dt/${kit.thingName}/a`, payload: 'hello', qos: mqtt5.QoS.AtLeastOnce, contentType: 'text/plain', userProperties: [{ name: 'a', value: 'b' }],
  }));
  const [{ message }] = await within('message', received);
  const denied = await within('SUBACK', client.subscribe({ subscriptions: [{ topicFilter: 'cmd/#', qos: mqtt5.QoS.AtMostOnce }] }));
  const ended = once(client, 'disconnection') as Promise<[mqtt5.DisconnectionEvent]>;
  client.publish({ topicName: 'cmd/x', payload: 'x', qos: mqtt5.QoS.AtMostOnce }).catch(() => undefined);
  const [{ disconnect }] = await within('DISCONNECT', ended);
  return {
    connect: {
      reasonCode: connack?.reasonCode, maximumQos: connack?.maximumQos, subscriptionIdentifiersAvailable: connack?.subscriptionIdentifiersAvailable,
    },
    suback: suback.reasonCodes,
    puback: puback?.reasonCode,
    message: { payload: Buffer.from(message.payload as ArrayBuffer).toString(), contentType: message.contentType, userProperties: message.userProperties },
    foreignClientId: refusal?.reasonCode,
    deniedSubscription: denied.reasonCodes,
    deniedPublish: { reasonCode: disconnect?.reasonCode, reasonString: disconnect?.reasonString },
  };
}

look().then((seen) => {
  process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
}, (error: unknown) => {
  process.stderr.write(`${String(error)}\n`, () => process.exit(1));
});

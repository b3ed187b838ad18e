import { once } from 'node:events';
import { auth, iot, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import { within } from './within';

/** How a client of the AWS IoT Device SDK comes in, and what it tries. */
export interface Plan {
  readonly endpoint: string;
  readonly port: number;
  readonly rootCaPem: string;
  readonly clientId: string;

  /** With AWS credentials over a WebSocket, or with a custom authorizer. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string };
  readonly custom?: iot.MqttConnectCustomAuthConfig & { readonly overWebSocket: boolean };
  readonly version: 4 | 5;

  /** A topic to subscribe and publish to. */
  readonly topic: string;

  /** Whether to subscribe alone. */
  readonly listensOnly?: true;
}

/** What came of it. */
export interface Outcome {
  readonly connected: boolean;
  readonly message?: string;
  readonly error?: string;
}

const REGION = 'us-east-1';
// A process of its own: the client keeps it alive long after it was closed.
const plan = JSON.parse(process.argv[2]!) as Plan;

function builder5(): iot.AwsIotMqtt5ClientConfigBuilder {
  const { AwsIotMqtt5ClientConfigBuilder: Builder } = iot;
  if (plan.custom === undefined) {
    const { accessKeyId, secretAccessKey, sessionToken } = plan.credentials!;
    return Builder.newWebsocketMqttBuilderWithSigv4Auth(plan.endpoint, { region: REGION, credentialsProvider: auth.AwsCredentialsProvider.newStatic(accessKeyId, secretAccessKey, sessionToken) });
  }
  return plan.custom.overWebSocket ? Builder.newWebsocketMqttBuilderWithCustomAuth(plan.endpoint, plan.custom) : Builder.newDirectMqttBuilderWithCustomAuth(plan.endpoint, plan.custom);
}

async function look5(): Promise<Outcome> {
  const client = new mqtt5.Mqtt5Client(builder5().withCertificateAuthority(plan.rootCaPem).withPort(plan.port).withConnectProperties({ clientId: plan.clientId, keepAliveIntervalSeconds: 60 }).build());
  client.on('error', () => undefined);
  const ended = new Promise<mqtt5.ConnectionFailureEvent | undefined>((resolve) => {
    client.once('connectionSuccess', () => resolve(undefined));
    client.once('connectionFailure', resolve);
  });
  client.start();
  const failure = await within('the end of the first attempt', ended);
  if (failure !== undefined) {
    return { connected: false, error: `${failure.connack?.reasonCode ?? failure.error.toString()}` };
  }
  const received = once(client, 'messageReceived') as Promise<[mqtt5.MessageReceivedEvent]>;
  const { reasonCodes: [code] } = await within('SUBACK', client.subscribe({ subscriptions: [{ topicFilter: plan.topic, qos: mqtt5.QoS.AtLeastOnce }] }));
  if (code !== 1) {
    return { connected: true, error: `SUBACK ${code}` };
  }
  if (plan.listensOnly === true) {
    return { connected: true };
  }
  await within('PUBACK', client.publish({ topicName: plan.topic, payload: 'hello', qos: mqtt5.QoS.AtLeastOnce }));
  const [{ message }] = await within('message', received);
  return { connected: true, message: Buffer.from(message.payload as ArrayBuffer).toString() };
}

async function look4(): Promise<Outcome> {
  const { AwsIotMqttConnectionConfigBuilder: Builder } = iot;
  let builder: iot.AwsIotMqttConnectionConfigBuilder;
  if (plan.custom === undefined) {
    const { accessKeyId, secretAccessKey, sessionToken } = plan.credentials!;
    builder = Builder.new_with_websockets({ region: REGION, credentials_provider: auth.AwsCredentialsProvider.newStatic(accessKeyId, secretAccessKey, sessionToken) });
  } else {
    const { username = '', authorizerName = '', tokenSignature = '', password = '', tokenKeyName, tokenValue } = plan.custom;
    builder = (plan.custom.overWebSocket ? Builder.new_builder_for_websocket() : Builder.new_default_builder())
      .with_custom_authorizer(username, authorizerName, tokenSignature, Buffer.from(password as string).toString(), tokenKeyName, tokenValue);
  }
  const connection = new mqtt.MqttClient().new_connection(
    builder.with_certificate_authority(plan.rootCaPem).with_endpoint(plan.endpoint).with_port(plan.port).with_client_id(plan.clientId).with_clean_session(true).build(),
  );
  connection.on('error', () => undefined);
  try {
    await within('connect', connection.connect());
  } catch (error) {
    return { connected: false, error: String(error) };
  }
  let receive: (payload: string) => void;
  const received = new Promise<string>((resolve) => {
    receive = resolve;
  });
  const { qos } = await within('SUBACK', connection.subscribe(plan.topic, mqtt.QoS.AtLeastOnce, (_, payload) => receive(Buffer.from(payload).toString())));
  if (qos !== 1) {
    return { connected: true, error: `SUBACK ${qos}` };
  }
  if (plan.listensOnly === true) {
    return { connected: true };
  }
  await within('PUBACK', connection.publish(plan.topic, 'hello', mqtt.QoS.AtLeastOnce));
  return { connected: true, message: await within('message', received) };
}

(plan.version === 5 ? look5() : look4()).then((outcome) => {
  process.stdout.write(`\n${JSON.stringify(outcome)}\n`, () => process.exit(0));
}, (error: unknown) => {
  process.stderr.write(`${String(error)}\n`, () => process.exit(1));
});

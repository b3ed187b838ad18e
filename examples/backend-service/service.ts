/**
 * A service that hears the telemetry of all sensors over MQTT, and tells those that are too hot to cool down.
 *
 * It signs its WebSocket with the AWS credentials that it finds where the AWS SDKs look for them: the environment, a
 * profile, or the role of the function, task or instance that it runs on.
 */
import { randomUUID } from 'node:crypto';
import { auth, iot, type mqtt5 } from 'aws-iot-device-sdk-v2';
import { command, runCommand, say } from '../device/command';
import { Connection, finishClient } from '../device/connection';
import { endpointOption, readEndpoint, type Endpoint } from '../device/endpoint';

interface Options {
  readonly endpoint: string;
  readonly region: string;
  readonly clientId: string;
  readonly limit: number;
  readonly answers: number;
  readonly attempts: number;
}

const TELEMETRY = 'dt/sensors/+/telemetry';

runCommand(command('service', 'Hear all sensors, and tell those that are too hot to cool down.')
  .addOption(endpointOption())
  .option('--region <name>', 'Region of the stack', process.env.AWS_REGION ?? 'us-east-1')
  // Another connection with the same client id would end this one.
  .option('--client-id <id>', 'client id, which must begin with cooling-', `cooling-${randomUUID().slice(0, 8)}`)
  .option('--limit <celsius>', 'how hot is too hot', Number, 30)
  .option('--answers <n>', 'how many sensors to answer before it ends', Number, Infinity)
  .option('--attempts <n>', 'how often to try to connect', Number, 5)
  .action(async ({ endpoint, region, clientId, limit, answers, attempts }: Options) => {
    const address = readEndpoint(endpoint);
    const client = makeClient(address, region, clientId);
    const connection = await Connection.start(client, `${address.host}:${address.port} as ${clientId}`, { attempts, onFailure: (reason) => say(`not connected: ${reason}`) });
    say(`connected as ${clientId}`);
    const done = answerHotSensors(connection, limit, answers);
    await connection.subscribe(TELEMETRY);
    say(`subscribed to ${TELEMETRY}`);
    await done;
    await connection.close();
  }));

function makeClient({ host, port, rootCaPem }: Endpoint, region: string, clientId: string): mqtt5.Mqtt5Client {
  const builder = iot.AwsIotMqtt5ClientConfigBuilder
    .newWebsocketMqttBuilderWithSigv4Auth(host, { region, credentialsProvider: auth.AwsCredentialsProvider.newDefault() })
    .withPort(port);
  return finishClient(rootCaPem === undefined ? builder : builder.withCertificateAuthority(rootCaPem), clientId);
}

/** Answers each hot reading, until that many have been. */
function answerHotSensors(connection: Connection, limit: number, answers: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    connection.client.on('messageReceived', ({ message }) => {
      const thing = message.topicName.split('/')[2]!;
      const celsius = readingIn(message);
      say(celsius === undefined ? `${thing} sent what is no reading` : `${thing} has ${celsius} °C`);
      if (celsius === undefined || celsius <= limit) {
        return;
      }
      connection.publish(`cmd/sensors/${thing}/cool`, { celsius: limit }).then(() => {
        say(`told ${thing} to cool down`);
        answered += 1;
        if (answered >= answers) {
          resolve();
        }
      }, reject);
    });
  });
}

/** What a sensor says is not to be trusted: a sensor that somebody has opened sends what they like. */
function readingIn({ payload }: mqtt5.PublishPacket): number | undefined {
  try {
    const { celsius } = JSON.parse(Buffer.from(payload as ArrayBuffer).toString()) as { readonly celsius?: unknown };
    return typeof celsius === 'number' ? celsius : undefined;
  } catch {
    return undefined;
  }
}

/**
 * An app of a user who has logged in: it tells a sensor to report, and prints what that says.
 *
 * The token is the password of MQTT. The client id begins with the hash of the user, as the authorizer grants no other.
 */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { iot, type mqtt5 } from 'aws-iot-device-sdk-v2';
import { clientIdOf } from '../../lib/authorizer-kit';
import { endpointOption, readEndpoint } from '../device/endpoint';
import { command, runCommand, say } from '../device/command';
import { Connection, finishClient } from '../device/connection';
import { DeviceError } from '../device/errors';

interface Options {
  readonly endpoint: string;
  readonly authorizer: string;
  readonly tokenFile: string;
  readonly sensor: string;
  readonly websocket?: boolean;
  readonly messages: number;
}

runCommand(command('client', 'Connect with a token, tell a sensor to report, and print what it says.')
  .addOption(endpointOption())
  .requiredOption('--authorizer <name>', 'authorizer: the output Authorizer of the stack')
  .requiredOption('--token-file <file>', 'file with the token of the user')
  .option('--sensor <name>', 'the sensor', 'sensor-1')
  .option('--websocket', 'over WebSocket, in place of MQTT with ALPN')
  .option('--messages <n>', 'how many messages to print before it ends', Number, Infinity)
  .action(async ({ endpoint, authorizer, tokenFile, sensor, websocket, messages }: Options) => {
    const token = readToken(tokenFile);
    const { host, port, rootCaPem } = readEndpoint(endpoint);
    const clientId = clientIdOf(userOf(token), 'app');
    const login = { authorizerName: encodeURIComponent(authorizer), username: 'app', password: Buffer.from(token) };
    const builder = (websocket === true
      ? iot.AwsIotMqtt5ClientConfigBuilder.newWebsocketMqttBuilderWithCustomAuth(host, login)
      : iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithCustomAuth(host, login)).withPort(port);
    if (rootCaPem !== undefined) {
      builder.withCertificateAuthority(rootCaPem);
    }
    const connection = await Connection.start(finishClient(builder, clientId), `${host}:${port}`, { onFailure: (reason) => say(`not connected: ${reason}`) });
    say(`connected as ${clientId}`);

    const telemetry = `dt/sensors/${sensor}/telemetry`;
    await connection.subscribe(telemetry);
    say(`subscribed to ${telemetry}`);
    await connection.publish(`cmd/sensors/${sensor}/report`, {});
    say(`told ${sensor} to report`);
    for (let count = 0; count < messages; count++) {
      const [{ message }] = await once(connection.client, 'messageReceived') as [mqtt5.MessageReceivedEvent];
      say(`${message.topicName} ${Buffer.from(message.payload as ArrayBuffer).toString()}`);
    }
    await connection.close();
  }));

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new DeviceError(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'}); it must hold the token`);
  }
}

/** Who the token is of: the client does not verify it, the authorizer does. */
function userOf(token: string): string {
  try {
    const { iss, sub } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { readonly iss: string; readonly sub: string };
    return `${iss} ${sub}`;
  } catch {
    throw new DeviceError('the token must be a JSON Web Token');
  }
}

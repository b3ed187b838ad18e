import { once } from 'node:events';
import { iot, mqtt5, type CrtError } from 'aws-iot-device-sdk-v2';
import { DeviceError } from './errors';
import type { Kit } from './kit';

/** The delays between attempts are random up to a limit, which doubles from the one to the other. */
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;

const KEEP_ALIVE_S = 60;
const DEFAULT_ATTEMPTS = 5;

/** How to connect. */
export interface OpenOptions {
  /** @default - that of the kit, or the name of its thing */
  readonly clientId?: string;

  /**
   * How often to try.
   *
   * @default 5
   */
  readonly attempts?: number;

  /** Told of each attempt that fails. */
  readonly onFailure?: (reason: string) => void;
}

/** A connection to AWS IoT Core, or to the twin. */
export class Connection {
  /** Connects, with longer and longer delays between attempts. */
  public static async open(kit: Kit, options: OpenOptions = {}): Promise<Connection> {
    const clientId = options.clientId ?? kit.clientId ?? kit.thingName;
    if (clientId === undefined) {
      throw new DeviceError("the connection kit has neither 'clientId' nor 'thingName', so that the device cannot connect");
    }
    return Connection.start(makeClient(kit, clientId), `${kit.endpoint}:${kit.mqttPort} as ${clientId}`, options);
  }

  /** Connects with a client that is ready to; `where` is what an error calls it. */
  public static async start(client: mqtt5.Mqtt5Client, where: string, options: OpenOptions = {}): Promise<Connection> {
    try {
      await untilConnected(client, options);
      return new Connection(client);
    } catch (error) {
      client.stop();
      client.close();
      throw new DeviceError(`cannot connect to ${where}: ${(error as Error).message}`);
    }
  }

  private constructor(public readonly client: mqtt5.Mqtt5Client) {}

  /** Publishes JSON, and waits until AWS IoT has it. */
  public async publish(topic: string, message: object): Promise<void> {
    try {
      await this.client.publish({ topicName: topic, payload: JSON.stringify(message), qos: mqtt5.QoS.AtLeastOnce });
    } catch (error) {
      // AWS IoT closes the connection of a device that may not publish there.
      throw new DeviceError(`cannot publish to ${topic}: ${reasonOf(error)}`);
    }
  }

  /** Subscribes, and fails where that is not allowed: AWS IoT says so in its answer, and lets the connection be. */
  public async subscribe(topicFilter: string): Promise<void> {
    const { reasonCodes } = await this.client.subscribe({ subscriptions: [{ topicFilter, qos: mqtt5.QoS.AtLeastOnce }] }).catch((error: unknown) => {
      throw new DeviceError(`cannot subscribe to ${topicFilter}: ${reasonOf(error)}`);
    });
    if (reasonCodes.some((code) => code >= mqtt5.SubackReasonCode.UnspecifiedError)) {
      throw new DeviceError(`may not subscribe to ${topicFilter}`);
    }
  }

  /**
   * Closes the socket, without a DISCONNECT: with one, the SDK waits for the keep alive to run out when it acknowledges a
   * message at the same moment. Nothing is lost by it, as there is no last will, and what was published has arrived.
   */
  public async close(): Promise<void> {
    const stopped = once(this.client, 'stopped');
    this.client.stop();
    await stopped;
    this.client.close();
  }
}

function makeClient(kit: Kit, clientId: string): mqtt5.Mqtt5Client {
  try {
    return finishClient(iot.AwsIotMqtt5ClientConfigBuilder
      .newDirectMqttBuilderWithMtlsFromMemory(kit.endpoint, kit.certificatePem, kit.privateKeyPem)
      .withCertificateAuthority(kit.rootCaPem)
      .withPort(kit.mqttPort), clientId);
  } catch (error) {
    throw new DeviceError(`the connection kit cannot be used: ${(error as Error).message}`);
  }
}

/** A client with the habits of a good one, whatever it authenticates with. */
export function finishClient(builder: iot.AwsIotMqtt5ClientConfigBuilder, clientId: string): mqtt5.Mqtt5Client {
  return new mqtt5.Mqtt5Client(builder
    .withConnectProperties({ clientId, keepAliveIntervalSeconds: KEEP_ALIVE_S })
    .withRetryJitterMode(mqtt5.RetryJitterType.Full)
    .withMinReconnectDelayMs(FIRST_DELAY_MS)
    .withMaxReconnectDelayMs(LONGEST_DELAY_MS)
    // A message that is not allowed ends the connection; sent again, it would end each that follows.
    .withOfflineQueueBehavior(mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect)
    .build());
}

/** The SDK says some of its errors as mere text. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function untilConnected(client: mqtt5.Mqtt5Client, { attempts = DEFAULT_ATTEMPTS, onFailure }: OpenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let failures = 0;
    client.on('connectionSuccess', () => resolve());
    client.on('connectionFailure', ({ error, connack }) => {
      const reason = connack === undefined ? (error as CrtError).message : `${mqtt5.ConnectReasonCode[connack.reasonCode]} ${connack.reasonString ?? ''}`.trim();
      onFailure?.(reason);
      failures += 1;
      if (failures === attempts) {
        reject(new Error(reason));
      }
    });
    // Without a listener the event would end the process.
    client.on('error', reject);
    client.start();
  });
}

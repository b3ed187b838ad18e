import mqtt, { type MqttClient } from 'mqtt';
import type { IotSession } from 'cdk-iot-warden/web';

/** How a connection is doing. */
export type State = 'connecting' | 'live' | 'offline' | 'refused';

/** Told of what comes. */
export interface Listener {
  readonly onState: (state: State) => void;
  readonly onCelsius: (celsius: number) => void;
}

/** A thermostat, over MQTT. */
export class Thermostat {
  /** Connects, and again whenever the connection is lost; each time with a URL that was signed for it. */
  public static async connect(session: IotSession, name: string, listener: Listener): Promise<Thermostat> {
    // Each tab has a client id of its own, or it would end the connection of the other.
    const options = await session.mqttOptions(crypto.randomUUID().slice(0, 8));
    const client = mqtt.connect(session.brokerUrl, { ...options, resubscribe: false });
    return new Thermostat(client, name, listener);
  }

  private constructor(private readonly client: MqttClient, private readonly name: string, { onState, onCelsius }: Listener) {
    client.on('connect', () => {
      client.subscribeAsync(`dt/thermostats/${name}/telemetry`, { qos: 1 }).then(() => onState('live'), () => onState(client.connected ? 'refused' : 'offline'));
    });
    client.on('reconnect', () => onState('connecting'));
    client.on('close', () => onState('offline'));
    // The attachment is so new that AWS IoT does not know it yet, or the network is gone: mqtt.js comes again.
    client.on('error', () => onState('offline'));
    client.on('message', (_, payload) => {
      const celsius = readingIn(payload);
      if (celsius !== undefined) {
        onCelsius(celsius);
      }
    });
  }

  public async tell(command: 'warmer' | 'cooler'): Promise<void> {
    await this.client.publishAsync(`cmd/thermostats/${this.name}/${command}`, '{}', { qos: 1 });
  }
}

/** What a device says is not to be trusted: one that somebody has opened sends what they like. */
function readingIn(payload: Uint8Array): number | undefined {
  try {
    const { celsius } = JSON.parse(new TextDecoder().decode(payload)) as { readonly celsius?: unknown };
    return typeof celsius === 'number' ? celsius : undefined;
  } catch {
    return undefined;
  }
}

import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import type { App } from 'aws-cdk-lib';
import type { ConnectionKit } from '../../lib/twin';
import type { ExampleTwin } from '../examples/support/example-twin';
import { MqttJs } from '../twin/support/mqttjs';

/** An app with one stack. */
export function stackOf(define: (stack: Stack) => void): (app: App) => void {
  return (app) => define(new Stack(app, 'Flow'));
}

/** What a device connects with that has its own key. */
export function kitOf({ twin }: ExampleTwin, clientId: string, privateKeyPem: string, certificatePem: string): ConnectionKit {
  return {
    thingName: clientId, clientId, endpoint: 'localhost', mqttPort: twin.mqttPort, httpsPort: twin.httpsPort,
    privateKeyPem, certificatePem, rootCaPem: readFileSync(twin.endpoints.rootCa, 'utf8'),
  };
}

/** Whether a device is let in at the moment. */
export async function isLetIn(kit: ConnectionKit): Promise<boolean> {
  try {
    await (await MqttJs.connect(kit)).end();
    return true;
  } catch {
    return false;
  }
}

/** Connects, and publishes what only the device itself may. */
export async function publishes(kit: ConnectionKit, topic: string): Promise<void> {
  const device = await MqttJs.connect(kit);
  await device.publish(topic, '{}');
  await device.end();
}

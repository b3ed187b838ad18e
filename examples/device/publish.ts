import { say } from './command';
import { Connection } from './connection';
import { readKit, thingNameOf } from './kit';

/** Connects as the thing of a kit, and publishes one reading. */
export async function publishReading(folder: string, attempts?: number): Promise<void> {
  const kit = readKit(folder);
  const thingName = thingNameOf(kit, folder);
  const connection = await Connection.open(kit, { attempts, onFailure: (reason) => say(`not connected: ${reason}`) });
  say(`connected as ${kit.clientId ?? thingName}`);
  const topic = `dt/sensors/${thingName}/telemetry`;
  await connection.publish(topic, { celsius: 21 });
  say(`published to ${topic}`);
  await connection.close();
}

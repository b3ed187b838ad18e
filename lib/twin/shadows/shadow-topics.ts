import type { Clock } from '../clock';
import type { Broker } from '../mqtt/broker';
import { subscribeInternally } from '../mqtt/internal-subscriber';
import type { Operation, ShadowService } from './shadow-service';

const OPERATIONS: readonly Operation[] = ['get', 'update', 'delete'];
const TOPIC = /^\$aws\/things\/([^/]*)\/shadow\/(?:name\/([^/]*)\/)?(get|update|delete)$/;

/**
 * Serve requests that are published: by clients, over HTTPS, by rules, but not by last wills.
 *
 * @returns what ends it
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
 */
export function serveShadowTopics(service: ShadowService, broker: Broker, clock: Clock): () => void {
  const filters = ['$aws/things/+/shadow/', '$aws/things/+/shadow/name/+/'].flatMap((prefix) => OPERATIONS.map((operation) => prefix + operation));
  const ends = filters.map((filter) => subscribeInternally(broker, clock, `$shadows/${filter}`, filter, ({ topic, payload, publisher, lineage, isWill }) => {
    const [, thingName, shadowName, operation] = TOPIC.exec(topic)!;
    // https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-comms-app.html
    if (isWill !== true) {
      service.answer({ operation: operation as Operation, target: { thingName: thingName!, shadowName }, payload, asker: publisher === undefined ? {} : { clientId: publisher }, lineage });
    }
  }));
  return () => ends.forEach((end) => end());
}

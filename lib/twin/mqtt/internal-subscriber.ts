import type { Clock } from '../clock';
import type { Broker } from './broker';
import type { Message } from './message';
import { Session } from './session';
import { parseFilter } from './topic-syntax';

/**
 * Hear what is published to topics, as the twin itself: no policy decides about it. A payload is good until the listener
 * returns.
 *
 * @param name no client has it, as client ids do not start with '$'
 * @returns what ends it
 */
export function subscribeInternally(broker: Broker, clock: Clock, name: `$${string}`, filter: string, listener: (message: Message) => void): () => void {
  const session = new Session(name, clock);
  session.attach({
    receiveMaximum: 1,
    mayReceive: () => true,
    publish: ({ message }) => {
      listener(message);
      return true;
    },
    overflow: () => undefined,
  });
  broker.subscribe({ session, requested: filter, ...parseFilter(filter), qos: 0, noLocal: false, retainAsPublished: false });
  return () => void broker.unsubscribe(session, filter);
}

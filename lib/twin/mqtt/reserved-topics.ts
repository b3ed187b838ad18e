import type { Objection } from './topic-syntax';

/**
 * Topics on which AWS IoT alone publishes, and what among them clients may publish to. "Unsupported publish or subscribe
 * operations to reserved topics can result in a terminated connection."
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html
 */
const RESERVED: readonly { readonly prefix: string; readonly requests?: RegExp }[] = [
  { prefix: '$aws/events/' },
  { prefix: '$aws/certificates/', requests: /^\$aws\/certificates\/create(-from-csr)?\/(json|cbor)$/ },
  { prefix: '$aws/provisioning-templates/', requests: /^\$aws\/provisioning-templates\/[^/]+\/provision\/(json|cbor)$/ },
];

/** Whether a topic is one on which AWS IoT publishes, or answers MQTT clients. */
export function isReservedTopic(topic: string): boolean {
  return find(topic) !== undefined;
}

/** Why no client may publish to a topic, whatever its policies say. */
export function objectToReservedTopic(topic: string): Objection {
  const reserved = find(topic);
  return reserved === undefined || reserved.requests?.test(topic) === true ? undefined : 'AWS IoT alone publishes to this reserved topic';
}

function find(topic: string): (typeof RESERVED)[number] | undefined {
  return topic.startsWith('$') ? RESERVED.find(({ prefix }) => topic.startsWith(prefix)) : undefined;
}

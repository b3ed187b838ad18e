import type { Objection } from './topic-syntax';

interface Reserved {
  readonly topics: RegExp;

  /** What among them clients may publish to. */
  readonly requests?: RegExp;

  /** Whether such requests may come over HTTPS and from rules too: what answers does not hang on who asked. */
  readonly fromAnywhere?: true;
}

/**
 * Topics on which AWS IoT alone publishes, and what among them clients may publish to. "Unsupported publish or subscribe
 * operations to reserved topics can result in a terminated connection."
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html
 */
const RESERVED: readonly Reserved[] = [
  { topics: /^\$aws\/events\// },
  { topics: /^\$aws\/certificates\//, requests: /^\$aws\/certificates\/create(-from-csr)?\/(json|cbor)$/ },
  { topics: /^\$aws\/provisioning-templates\//, requests: /^\$aws\/provisioning-templates\/[^/]+\/provision\/(json|cbor)$/ },
  { topics: /^\$aws\/things\/[^/]+\/shadow\//, requests: /^\$aws\/things\/[^/]+\/shadow\/(name\/[^/]+\/)?(get|update|delete)$/, fromAnywhere: true },
  { topics: /^\$aws\/things\/[^/]+\/jobs\//, requests: /^\$aws\/things\/[^/]+\/jobs\/(get|start-next|[^/]+\/(get|update))$/ },
  { topics: /^\$aws\/things\/[^/]+\/defender\//, requests: /^\$aws\/things\/[^/]+\/defender\/metrics\/(json|cbor)$/ },
  { topics: /^\$aws\/things\/[^/]+\/streams\//, requests: /^\$aws\/things\/[^/]+\/streams\/[^/]+\/(get|describe)\/(json|cbor)$/ },
  { topics: /^\$aws\/things\/[^/]+\/tunnels\// },
];

/**
 * Why nobody may publish to a topic, whatever the policies say.
 *
 * @param isMqtt whether an MQTT client publishes, which alone can be answered
 */
export function objectToReservedTopic(topic: string, isMqtt = true): Objection {
  const reserved = topic.startsWith('$') ? RESERVED.find(({ topics }) => topics.test(topic)) : undefined;
  if (reserved === undefined || (reserved.requests?.test(topic) === true && (isMqtt || reserved.fromAnywhere === true))) {
    return undefined;
  }
  return isMqtt || reserved.requests?.test(topic) !== true ? 'AWS IoT alone publishes to this reserved topic' : 'what is asked on this reserved topic is answered over MQTT alone';
}

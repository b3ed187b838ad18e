import type { Clock } from '../clock';
import type { Journal } from '../journal';
import type { Functions } from '../lambda';
import type { Broker } from '../mqtt/broker';
import { subscribeInternally } from '../mqtt/internal-subscriber';
import type { Message } from '../mqtt/message';
import type { RunnableRule } from './read-rules';

/** How often a function is tried, and how long to wait before the second and third time. */
const RETRY_AFTER_MS = [1000, 5000];

/** AWS invokes functions of rules asynchronously, which lets them run to the end of their own timeout. */
const TIMEOUT_MS = 900_000;

/** Messages of a rule that are being passed on; more than these are dropped, and the journal says so. */
const MAX_AT_ONCE = 1000;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

export interface RuleProps {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly functions: Functions;
  readonly journal: Journal;
}

/**
 * Pass messages on to functions, as rules of AWS IoT do.
 *
 * @returns what ends it
 */
export function runRules(rules: readonly RunnableRule[], props: RuleProps): () => void {
  const ends = rules.map(({ name, topicFilter, functionArns }) => {
    let atWork = 0;
    return subscribeInternally(props.broker, props.clock, `$rule/${name}`, topicFilter, (message) => {
      const event = readEvent(message);
      for (const functionArn of functionArns) {
        if (event === undefined || atWork >= MAX_AT_ONCE) {
          props.journal.note({}, 'refused', `rule ${name}: the message to '${message.topic}' is dropped: ${event === undefined ? 'it is no JSON' : `${MAX_AT_ONCE} others are being passed on`}`);
          return;
        }
        atWork += 1;
        void invoke(name, functionArn, event, props).finally(() => {
          atWork -= 1;
        });
      }
    });
  });
  return () => ends.forEach((end) => end());
}

async function invoke(rule: string, functionArn: string, { value }: { readonly value: unknown }, { clock, functions, journal }: RuleProps): Promise<void> {
  for (const [attempt, wait] of [...RETRY_AFTER_MS, undefined].entries()) {
    try {
      await functions.invoke(functionArn, value, { timeoutMs: TIMEOUT_MS });
      journal.note({}, 'invoked', `rule ${rule}: ${functionArn} was invoked`);
      return;
    } catch (error) {
      journal.note({}, 'refused', `rule ${rule}: ${functionArn} failed (attempt ${attempt + 1}): ${(error as Error).message}`);
    }
    if (wait !== undefined) {
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
  }
}

function readEvent({ payload }: Message): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(UTF8.decode(payload)) as unknown };
  } catch {
    return undefined;
  }
}

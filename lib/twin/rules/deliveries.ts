/** What became of one message at one action of a rule. */
export interface RuleDelivery {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly rule: string;

  /** The topic of the message. */
  readonly topic: string;

  /** The action as CloudFormation calls it, such as `Kinesis`. */
  readonly action: string;

  /** Present for the error action of the rule. */
  readonly isErrorAction?: true;

  /** The fields of the action as CloudFormation calls them, filled in for the message; what only AWS knows is `<unknown: …>`. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly roleArn?: string;

  /** What the statement made of the message: text, or base64 for what is none. */
  readonly payload: string;
  readonly encoding: 'text' | 'base64';

  /** `sent` is what AWS IoT would have sent, too, where the twin has nothing to send it to. */
  readonly outcome: 'sent' | 'failed';

  /** Whether it is done: a function has run, an object is in a bucket of the twin. Otherwise it is only shown. */
  readonly performed: boolean;

  /** Why it failed. */
  readonly reason?: string;

  /** What the twin cannot tell, such as whether something exists that the assembly does not declare. */
  readonly notes: readonly string[];
}

export type DeliveryListener = (delivery: RuleDelivery) => void;

/** The newest are kept, as many as there is room for. */
const MAX_DELIVERIES = 1000;
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** Characters of fields and payload in a line for a person. */
const SHOWN_CHARACTERS = 300;

/** What the actions of rules did, or would have done on AWS. */
export class RuleDeliveries {
  private readonly kept: { readonly delivery: RuleDelivery; readonly weight: number }[] = [];
  private weight = 0;
  private readonly listeners = new Set<DeliveryListener>();

  /** The last thousand or 16 MB, the newest last. */
  public all(): readonly RuleDelivery[] {
    return this.kept.map(({ delivery }) => delivery);
  }

  /** Learn of those to come. The function returned stops it. */
  public listen(listener: DeliveryListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** @internal */
  public add(delivery: RuleDelivery, fieldCharacters: number): void {
    const weight = delivery.payload.length + fieldCharacters + delivery.topic.length;
    this.kept.push({ delivery, weight });
    this.weight += weight;
    while (this.kept.length > MAX_DELIVERIES || (this.weight > MAX_CHARACTERS && this.kept.length > 1)) {
      this.weight -= this.kept.shift()!.weight;
    }
    this.listeners.forEach((listener) => listener(delivery));
  }
}

/** One line for a person. */
export function describeDelivery({ rule, action, isErrorAction, fields, roleArn, payload, encoding, outcome, performed, reason, notes }: RuleDelivery, fieldText = JSON.stringify(fields)): string {
  const what = `rule ${rule}: ${isErrorAction ? 'error action ' : ''}${action} ${cut(fieldText)}`;
  const role = roleArn === undefined ? '' : ` with the role ${roleArn}`;
  const but = notes.length === 0 ? '' : ` (${cut(notes.join('; '))})`;
  return outcome === 'failed'
    ? `${what} failed: ${cut(reason ?? '')}`
    : `${what} ${performed ? 'gets' : 'would get'} ${encoding === 'base64' ? 'base64 ' : ''}${cut(payload)}${role}${but}`;
}

/** The beginning of a text. It is a copy, as a part of a text keeps the whole of it in memory. */
export function cut(text: string, most = SHOWN_CHARACTERS): string {
  return text.length > most ? `${Buffer.from(text.slice(0, most)).toString()}…` : text;
}

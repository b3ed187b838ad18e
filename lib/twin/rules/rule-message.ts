import { randomUUID } from 'node:crypto';
import type { RuleMessage } from '../../sql';
import type { Lineage, Message } from '../mqtt/message';

/** A message, and how the statements of rules see it. */
export interface Heard {
  readonly original: Message;
  readonly message: RuleMessage;

  /** Shared by all that rules make of it. */
  readonly lineage: Lineage;
}

/** Messages as rules hear them. A payload is good until the listener returns, so that it is copied: once, however many rules hear it. */
export class RuleMessages {
  private last: { readonly original: Message; readonly heard: Heard } | undefined;

  constructor(private readonly accountId: string) {}

  public of(original: Message): Heard {
    if (this.last?.original !== original) {
      const kept = { ...original, payload: Buffer.from(original.payload) };
      this.last = { original, heard: { original: kept, message: ruleMessage(kept, this.accountId), lineage: original.lineage ?? { rules: [], passedOn: { count: 0 } } } };
    }
    return this.last.heard;
  }
}

function ruleMessage({ topic, payload, publisher, sender, properties }: Message, accountId: string): RuleMessage {
  return {
    topic,
    payload,
    accountId,
    ...(publisher === undefined ? {} : { clientId: publisher, traceId: randomUUID() }),
    ...sender,
    ...(properties && { properties: mqttProperties(properties) }),
  };
}

function mqttProperties({ contentType, payloadFormatIndicator, responseTopic, correlationData, userProperties }: NonNullable<Message['properties']>): NonNullable<RuleMessage['properties']> {
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(payloadFormatIndicator === undefined ? {} : { payloadIsText: payloadFormatIndicator }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData }),
    userProperties: Object.entries(userProperties ?? {}).flatMap(([key, values]) => [values].flat().map((value) => ({ key, value }))),
  };
}

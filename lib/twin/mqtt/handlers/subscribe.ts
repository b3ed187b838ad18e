import type { ISubscribePacket, ISubscription } from 'mqtt-packet';
import { LIMITS } from '../../limits';
import type { Connection } from '../connection';
import type { QoS } from '../message';
import { ReasonCode, SUBACK_FAILURE } from '../reason-codes';
import type { Subscription } from '../session';
import { objectToFilter, parseFilter } from '../topic-syntax';

/** When a retained message is sent on SUBSCRIBE. */
const RetainHandling = { ALWAYS: 0, IF_NEW: 1, NEVER: 2 } as const;

/** SUBSCRIBE: each filter is decided by itself, so that a refused one does not cost the others. */
export function handleSubscribe(connection: Connection, packet: ISubscribePacket): void {
  const { subscriptions, properties, messageId } = packet;
  if (properties?.subscriptionIdentifier !== undefined) {
    connection.refuse(ReasonCode.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED, 'AWS IoT has no subscription identifiers');
    return;
  }
  if (subscriptions.length > LIMITS.filtersPerSubscribe) {
    connection.refuse(ReasonCode.QUOTA_EXCEEDED, `more than ${LIMITS.filtersPerSubscribe} filters in one SUBSCRIBE`);
    return;
  }
  // AWS IoT answers no SUBSCRIBE that asks for QoS 2.
  if (subscriptions.some(({ qos }) => qos > 1)) {
    connection.refuse(ReasonCode.QOS_NOT_SUPPORTED, 'AWS IoT has no QoS 2');
    return;
  }
  // [MQTT-3.8.3-4]
  if (subscriptions.some(({ topic, nl }) => nl === true && parseFilter(topic).share !== undefined)) {
    connection.refuse(ReasonCode.PROTOCOL_ERROR, 'SUBSCRIBE: No Local is not for shared subscriptions');
    return;
  }
  const results = subscriptions.map((requested) => subscribe(connection, requested));
  connection.send({
    cmd: 'suback',
    messageId: messageId!,
    granted: results.map(({ code }) => (connection.isMqtt5 || code <= 1 ? code : SUBACK_FAILURE)),
  });
  const subscribed = results.flatMap(({ subscription }) => subscription?.requested ?? []);
  if (subscribed.length > 0) {
    connection.around.watcher?.subscribed(connection, subscribed);
  }
  for (const { subscription, sendRetained } of results) {
    if (subscription !== undefined && sendRetained) {
      deliverRetained(connection, subscription);
    }
  }
}

interface Result {
  readonly code: number;
  readonly subscription?: Subscription;
  readonly sendRetained: boolean;
}

function subscribe(connection: Connection, { topic: requested, qos, nl, rap, rh }: ISubscription): Result {
  const { broker, journal } = connection.around;
  const { session } = connection.established!;
  const parsed = parseFilter(requested);
  const refused = (code: ReasonCode, reason: string): Result => {
    journal.note(connection.asker, 'refused', `subscribe to '${requested}': ${reason}`);
    return { code, sendRetained: false };
  };
  const objection = objectToFilter(parsed);
  if (objection !== undefined) {
    return refused(ReasonCode.TOPIC_FILTER_INVALID, objection);
  }
  const known = session.subscriptions.has(requested);
  if (!known && session.subscriptions.size >= LIMITS.subscriptionsPerConnection) {
    return refused(ReasonCode.QUOTA_EXCEEDED, `more than ${LIMITS.subscriptionsPerConnection} subscriptions`);
  }
  // The filter is checked as requested: `$share/…` is a filter of its own.
  if (!connection.may({ action: 'iot:Subscribe', resource: requested })) {
    return { code: ReasonCode.NOT_AUTHORIZED, sendRetained: false };
  }
  const subscription: Subscription = {
    session,
    requested,
    ...parsed,
    qos: qos as QoS,
    noLocal: nl === true,
    retainAsPublished: rap === true,
  };
  broker.subscribe(subscription);
  // [MQTT-3.8.4-4] Shared subscriptions get no retained messages.
  const wanted = rh === RetainHandling.NEVER || (rh === RetainHandling.IF_NEW && known) ? false : parsed.share === undefined;
  return { code: qos, subscription, sendRetained: wanted };
}

function deliverRetained(connection: Connection, { session, filter, qos }: Subscription): void {
  const message = connection.around.broker.retainedFor(filter);
  if (message !== undefined) {
    session.deliver({ message, qos: message.qos === 1 ? qos : 0, retain: true });
  }
}
